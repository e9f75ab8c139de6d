--[[
  Raises fences to committed counters. None is lowered. Values as in raise-fence.lua.

  KEYS[1] the identity
  KEYS[2] and on, the fences
  ARGV[1] generation that the identity must have
  ARGV[2] lowered: how often a fence was lowered when the counters were read
  ARGV[3] and on, the counters in the order of the fences, 19 digits, zero-padded

  Returns one text per fence: '' where it now stands at the counter, or the fence where it stands above; or only '?'
  where the identity is another one, or a fence was lowered meanwhile.
]]
local identity = redis.call('HMGET', KEYS[1], 'generation', 'lowered')
if identity[1] ~= ARGV[1] or (identity[2] or '0') ~= ARGV[2] then
  return {'?'}
end
local answers = {}
for index = 2, #KEYS do
  local counter = ARGV[index + 1]
  local current = redis.call('GET', KEYS[index])
  local stands = current and string.sub(current, 1, 19) or ''
  local committed = current and string.sub(current, 21) or ''
  if stands > counter then
    answers[index - 1] = current
  else
    answers[index - 1] = ''
    stands = counter
  end
  if counter > committed then
    redis.call('SET', KEYS[index], stands .. ' ' .. counter)
  end
end
return answers

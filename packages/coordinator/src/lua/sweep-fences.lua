--[[
  Raises fences to committed counters. None is lowered. Values as in raise-fence.lua. What is no fence is left alone.

  KEYS[1] the identity
  KEYS[2] and on, the fences
  ARGV[1] generation that the identity must have
  ARGV[2] sweep: the number that the identity must have
  ARGV[3] lowered: how often a fence was lowered when the counters were read
  ARGV[4] and on, for each fence its counter and the end of the highest range in the ledger, 19 digits, zero-padded

  Returns one text per fence: '' where it now stands at the counter, or what it was where it stands above or is none;
  or only '?' where the identity is another one, went back to an old file, or a fence was lowered meanwhile.
]]
local identity = redis.call('HMGET', KEYS[1], 'generation', 'sweep', 'lowered')
if identity[1] ~= ARGV[1] or identity[2] ~= ARGV[2] or identity[3] ~= ARGV[3] then
  return {'?'}
end
local answers = {}
for index = 2, #KEYS do
  local counter = ARGV[index * 2]
  local granted = ARGV[index * 2 + 1]
  local current = redis.call('GET', KEYS[index])
  local answer = ''
  local stands = counter
  local committed = counter
  if current then
    if string.sub(current, 1, 19) > counter then
      answer = current
      stands = string.sub(current, 1, 19)
    end
    if string.sub(current, 21, 39) > committed then
      committed = string.sub(current, 21, 39)
    end
    if string.sub(current, 41) > granted then
      granted = string.sub(current, 41)
    end
  end
  if current and not string.match(current, '^%d+ %d+ %d+$') then
    answers[index - 1] = current
  else
    answers[index - 1] = answer
    local raised = stands .. ' ' .. committed .. ' ' .. granted
    if raised ~= current then
      redis.call('SET', KEYS[index], raised)
    end
  end
end
return answers

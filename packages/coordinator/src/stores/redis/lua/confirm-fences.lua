--[[
  Notes that counters are committed. A fence that was lowered or lost meanwhile is left alone. Values as in
  raise-fences.lua.

  KEYS[1] the identity
  KEYS[2] and on, the fences
  ARGV[1] generation that the identity must have
  ARGV[2] and on, for each fence its committed counter, 19 digits, zero-padded

  Returns how many were noted.
]]
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return 0
end
local noted = 0
for index = 2, #KEYS do
  local current = redis.pcall('GET', KEYS[index])
  local counter = ARGV[index]
  local isText = type(current) == 'string'
  if isText and string.sub(current, 1, 19) >= counter and string.sub(current, 21, 39) < counter then
    redis.call('SET', KEYS[index], string.sub(current, 1, 20) .. counter .. string.sub(current, 40))
    noted = noted + 1
  end
end
return noted

--[[
  Begins a later era of a counter. A command that arrives late finds another fence and changes nothing. Values as in
  raise-fences.lua.

  KEYS[1] the fence of one counter
  KEYS[2] the identity
  KEYS[3] counters, as in raise-fences.lua
  ARGV[1] before: the fence as it must be, whatever it says is committed; '' for none
  ARGV[2] after: the fence as it is to be
  ARGV[3] generation that the identity must have
  ARGV[4] name of the counter in KEYS[3]

  Returns '' if it began; '?' if the identity is another one; '!' if the fence is not as it must be.
]]
local identity = redis.call('HMGET', KEYS[2], 'generation', 'sweep')
if identity[1] ~= ARGV[3] then
  return '?'
end
-- Without the committed counter: a coordinator may note that at any time, without the counter's lock.
local function moves(fence)
  return string.sub(fence, 1, 19) .. string.sub(fence, 40)
end
if moves(redis.call('GET', KEYS[1]) or '') ~= moves(ARGV[1]) then
  return '!'
end
-- This makes the sweep of an earlier release give up if it read the counters before.
redis.call('HINCRBY', KEYS[2], 'lowered', 1)
redis.call('ZADD', KEYS[3], identity[2], ARGV[4])
redis.call('SET', KEYS[1], ARGV[2])
return ''

--[[
  Sets a counter's fence down, and makes every sweep give up that read the counters before. A command that arrives
  late finds another fence and changes nothing. Values as in raise-fence.lua.

  KEYS[1] the fence of one counter
  KEYS[2] the identity
  KEYS[3] zones of tags, as in raise-fence.lua
  ARGV[1] before: the fence as it must be, whatever it says is committed; '' for none
  ARGV[2] value, 19 digits, zero-padded
  ARGV[3] generation that the identity must have
  ARGV[4] name of the counter in KEYS[3]
  ARGV[5] new zones that it has from now on, four values

  Returns '' where the fence stands at value; '?' where the identity is another one; '!' where the fence is not as it
  must be.
]]
if redis.call('HGET', KEYS[2], 'generation') ~= ARGV[3] then
  return '?'
end
-- Without what is committed: a coordinator may say that at any time, without the counter's lock.
local function moves(fence)
  return string.sub(fence, 1, 19) .. string.sub(fence, 40)
end
if moves(redis.call('GET', KEYS[1]) or '') ~= moves(ARGV[1]) then
  return '!'
end
-- In this order: where Redis stops taking writes in between, the zone above is remembered although nothing was lowered.
redis.call('HINCRBY', KEYS[2], 'lowered', 1)
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[2] .. ' ' .. ARGV[2])
return ''

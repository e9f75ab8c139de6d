--[[
  Sets a counter's fence down, and makes every sweep give up that read the counters before. Values as in
  raise-fence.lua.

  KEYS[1] the fence of one counter
  KEYS[2] the identity
  ARGV[1] value, 19 digits, zero-padded
  ARGV[2] generation that the identity must have

  Returns 1 where the fence stands at value, 0 where the identity is another one.
]]
if redis.call('HGET', KEYS[2], 'generation') ~= ARGV[2] then
  return 0
end
redis.call('HINCRBY', KEYS[2], 'lowered', 1)
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[1])
return 1

--[[
  Notes the number of a finished sweep.

  KEYS[1] the identity
  ARGV[1] generation that the identity must have
  ARGV[2] number of the sweep

  Returns 1 where it is noted, 0 where the identity is another one.
]]
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'sweep', ARGV[2])
return 1

--[[
  Notes the number of a finished sweep, and that of the one before.

  KEYS[1] the identity
  ARGV[1] generation that the identity must have
  ARGV[2] before: the number that the identity must have
  ARGV[3] number of the sweep

  Returns 1 where it is noted, 0 where the identity is another one, or went back to an old file.
]]
local identity = redis.call('HMGET', KEYS[1], 'generation', 'sweep')
if identity[1] ~= ARGV[1] or identity[2] ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'sweep', ARGV[3], 'sweepBefore', ARGV[2])
return 1

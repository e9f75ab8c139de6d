--[[
  Gives an identity to a Redis that has none. An identity that is there already stays.

  KEYS[1] the identity
  ARGV[1] deployment id
  ARGV[2] layout
  ARGV[3] key schema
  ARGV[4] generation

  Returns 1 if the identity is the given one now, 0 if there was one.
]]
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
-- This count of lowered fences is for earlier releases: their sweeps compare it.
redis.call(
  'HSET', KEYS[1],
  'deploymentId', ARGV[1], 'layout', ARGV[2], 'keySchema', ARGV[3], 'generation', ARGV[4],
  'sweep', '0', 'lowered', '0'
)
return 1

--[[
  Renews an instance's lease on a machine id, or enters it where none stands.

  KEYS[1] the lease of one machine id
  ARGV[1] instance id, 36 characters
  ARGV[2] agent id
  ARGV[3] time to live, milliseconds

  Returns 1 where the lease is this instance's, 0 where another instance stands there.
]]
local current = redis.call('GET', KEYS[1])
if current and string.sub(current, 1, 36) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1

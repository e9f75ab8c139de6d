--[[
  Ends an instance's lease on a machine id. Another instance's lease stays.

  KEYS[1] the lease of one machine id
  ARGV[1] instance id, 36 characters

  Returns 1 if the lease was this instance's and is gone, else 0.
]]
local current = redis.call('GET', KEYS[1])
if current and string.sub(current, 1, 36) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0

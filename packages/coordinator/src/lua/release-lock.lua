--[[
  Releases a lock where it is still ours. One that expired and was taken by another stays.

  KEYS[1] the lock
  ARGV[1] token that the lock was taken with

  Returns 1 where the lock was ours and is released, else 0.
]]
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0

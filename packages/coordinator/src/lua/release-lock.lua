--[[
  Releases a lock where it is still ours, and tells those who wait for it. One that expired and was taken by another
  stays.

  KEYS[1] the lock
  ARGV[1] token that the lock was taken with
  ARGV[2] channel that is told the lock's key

  Returns 1 where the lock was ours and is released, else 0.
]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
-- A user who may not publish releases all the same.
redis.pcall('PUBLISH', ARGV[2], KEYS[1])
return 1

--[[
  Hands a lock to the first in its queue that hears of it, or gives up a place in the queue. A lock that expired and was
  taken by another stays. Values as in take-lock.lua.

  KEYS[1] the lock
  ARGV[1] ticket

  Returns 1 if the lock was the ticket's, else 0.
]]
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then
  redis.call('LREM', KEYS[1], 1, ARGV[1])
  return 0
end
redis.call('LPOP', KEYS[1])
local heir = redis.call('LINDEX', KEYS[1], 0)
while heir do
  local channel, ttlMs = string.match(heir, '^(.+) %d+ (%d+)$')
  -- If this user may not publish, this is an error; the heir finds that it has the lock when it asks again.
  if redis.pcall('PUBLISH', channel, heir) ~= 0 then
    redis.call('PEXPIRE', KEYS[1], ttlMs)
    return 1
  end
  redis.call('LPOP', KEYS[1])
  heir = redis.call('LINDEX', KEYS[1], 0)
end
return 1

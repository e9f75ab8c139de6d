--[[
  Hands each lock to the first in its queue that hears of it, or gives up a place in the queue. A lock that expired and was
  taken by another stays. Values as in take-locks.lua.

  KEYS[1] and on, the locks
  ARGV[1] and on, a ticket for each

  Returns for each lock "1" if it was the ticket's, else "0".
]]
local function release(index)
  local ticket = ARGV[index]
  local first = redis.pcall('LINDEX', KEYS[index], 0)
  if type(first) == 'table' then
    return '0'
  end
  if first ~= ticket then
    redis.call('LREM', KEYS[index], 1, ticket)
    return '0'
  end
  redis.call('LPOP', KEYS[index])
  local heir = redis.call('LINDEX', KEYS[index], 0)
  while heir do
    local channel, ttlMs = string.match(heir, '^(.+) %d+ (%d+)$')
    -- If this user may not publish, this is an error; the heir finds that it has the lock when it asks again.
    if redis.pcall('PUBLISH', channel, heir) ~= 0 then
      redis.call('PEXPIRE', KEYS[index], ttlMs)
      return '1'
    end
    redis.call('LPOP', KEYS[index])
    heir = redis.call('LINDEX', KEYS[index], 0)
  end
  return '1'
end

local answers = {}
for index = 1, #KEYS do
  answers[index] = release(index)
end
return answers

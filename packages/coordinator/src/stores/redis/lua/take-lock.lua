--[[
  Takes a lock, or a place in its queue. A lock is a list of tickets: first its holder's, then those that wait for
  it, in order of arrival. It ends as a whole when its holder's time is up; waiters ask again.

  KEYS[1] the lock
  ARGV[1] ticket: channel that its owner listens to, number, time to live, separated by spaces
  ARGV[2] time to live, milliseconds

  Returns 1 if the lock is the ticket's, 0 if the ticket stands in the queue.
]]
local tickets = redis.call('LRANGE', KEYS[1], 0, -1)
for index, ticket in ipairs(tickets) do
  if ticket == ARGV[1] then
    return index == 1 and 1 or 0
  end
end
redis.call('RPUSH', KEYS[1], ARGV[1])
if #tickets > 0 then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1

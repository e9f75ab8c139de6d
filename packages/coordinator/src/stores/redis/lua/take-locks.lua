--[[
  Takes locks, or places in their queues. A lock is a list of tickets: first its holder's, then those that wait for
  it, in order of arrival. It ends as a whole when its holder's time is up; waiters ask again.

  KEYS[1] and on, the locks
  ARGV[1] and on, a ticket for each: channel that its owner listens to, number, time to live in milliseconds, separated by
    spaces

  Returns for each lock "1" if it is the ticket's, "0" if the ticket stands in the queue, "" if it can't be had: its key
  holds something else, or Redis takes no writes.
]]
local answers = {}
for index = 1, #KEYS do
  local own = ARGV[index]
  local tickets = redis.pcall('LRANGE', KEYS[index], 0, -1)
  local answer = tickets.err and ''
  for place, ticket in ipairs(tickets) do
    if ticket == own then
      answer = place == 1 and '1' or '0'
    end
  end
  if not answer then
    local length = redis.pcall('RPUSH', KEYS[index], own)
    if type(length) == 'table' then
      answer = ''
    elseif #tickets > 0 then
      answer = '0'
    else
      redis.call('PEXPIRE', KEYS[index], string.match(own, '%d+$'))
      answer = '1'
    end
  end
  answers[index] = answer
end
return answers

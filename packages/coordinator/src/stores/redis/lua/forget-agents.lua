--[[
  Takes agents off the roster.

  KEYS[1] records: instance id to JSON
  KEYS[2] seen: instance ids by when they were seen
  KEYS[3] bytes that all entries take
  ARGV[1] entry bytes: what an entry takes besides its record
  ARGV[2] instance ids, separated by spaces

  Returns how many stay.
]]
for id in string.gmatch(ARGV[2], '%S+') do
  local length = redis.call('HSTRLEN', KEYS[1], id)
  if length > 0 then
    redis.call('DECRBY', KEYS[3], length + ARGV[1])
    redis.call('HDEL', KEYS[1], id)
  end
  redis.call('ZREM', KEYS[2], id)
end
local left = redis.call('HLEN', KEYS[1])
-- Entries that somebody deleted by hand were never subtracted from the sum.
if left == 0 then
  redis.call('DEL', KEYS[3])
end
return left

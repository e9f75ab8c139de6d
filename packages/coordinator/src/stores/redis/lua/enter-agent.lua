--[[
  Enters what an agent reported, if there is room for it.

  KEYS[1] records: instance id to JSON
  KEYS[2] seen: instance ids by when they were seen
  KEYS[3] bytes that all entries take
  ARGV[1] instance id
  ARGV[2] record, JSON
  ARGV[3] seen at ms: when it was seen, unix milliseconds
  ARGV[4] max bytes that all entries may take
  ARGV[5] entry bytes: what an entry takes besides its record

  Returns 1 if it was entered, 0 if there was no room and nothing changed.
]]
local before = redis.call('HSTRLEN', KEYS[1], ARGV[1])
local grows = #ARGV[2] - before
if before == 0 then
  grows = grows + ARGV[5]
end
if grows > 0 and (redis.call('GET', KEYS[3]) or 0) + grows > tonumber(ARGV[4]) then
  return 0
end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('INCRBY', KEYS[3], grows)
return 1

--[[
  Raises a counter's fence from at most `start` to `end`. Numbers are compared as 19-digit strings, because Lua's
  numbers are doubles and lose digits above 2^53.

  KEYS[1] the fence of one counter
  ARGV[1] start, 19 digits, zero-padded
  ARGV[2] end, 19 digits, zero-padded, above start

  Returns '' where the fence now stands at end; the value it stands at where that is above start, unchanged; or '!'
  where it stands at most at start and Redis takes no writes (read-only, out of memory, disk error).
]]
local current = redis.call('GET', KEYS[1])
if current and current > ARGV[1] then
  return current
end
local set = redis.pcall('SET', KEYS[1], ARGV[2])
if set.err then
  return '!'
end
return ''

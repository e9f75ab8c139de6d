--[[
  Raises a counter's fence from at most `start` to `end`. Numbers are compared as 19-digit strings, because Lua's
  numbers are doubles and lose digits above 2^53.

  KEYS[1] the fence of one counter
  ARGV[1] start, 19 digits, zero-padded
  ARGV[2] end, 19 digits, zero-padded, above start

  Returns '' where the fence now stands at end; else the value it stands at, above start, unchanged.
]]
local current = redis.call('GET', KEYS[1])
if current and current > ARGV[1] then
  return current
end
redis.call('SET', KEYS[1], ARGV[2])
return ''

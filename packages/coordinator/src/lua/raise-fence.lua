--[[
  Raises a counter's fence from at most `start` to `end`. Numbers are compared as 19-digit strings, because Lua's
  numbers are doubles and lose digits above 2^53. A fence is two of them: where it stands, and the highest counter
  that it was told is committed.

  KEYS[1] the fence of one counter
  KEYS[2] the identity
  ARGV[1] start, 19 digits, zero-padded
  ARGV[2] end, 19 digits, zero-padded, above start
  ARGV[3] counter as it is committed, 19 digits, zero-padded, at most start
  ARGV[4] generation that the identity must have

  Returns '' where the fence now stands at end; the fence where it stands above start, unchanged; '?' where the
  identity has another generation or is not there; or '!' where the fence stands at most at start and Redis takes no
  writes (read-only, out of memory, disk error).
]]
if redis.call('HGET', KEYS[2], 'generation') ~= ARGV[4] then
  return '?'
end
local current = redis.call('GET', KEYS[1])
local committed = ARGV[3]
if current then
  if string.sub(current, 1, 19) > ARGV[1] then
    return current
  end
  local known = string.sub(current, 21)
  if known > committed then
    committed = known
  end
end
local set = redis.pcall('SET', KEYS[1], ARGV[2] .. ' ' .. committed)
if set.err then
  return '!'
end
return ''

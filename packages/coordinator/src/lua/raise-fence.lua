--[[
  Raises a counter's fence from at most `start` to `end`. Numbers are compared as 19-digit strings, because Lua's
  numbers are doubles and lose digits above 2^53. A fence is three of them: where it stands, the highest counter that
  it was told is committed, and the end of the highest range that it knows was granted. The zones of a tag are four:
  the last numbers that its counter skipped, [1] to [2], and what was handed out above a lowered counter, [3] to [4].

  KEYS[1] the fence of one counter
  KEYS[2] the identity
  KEYS[3] counters: all that have a fence, each with the number of the last sweep that had ended when it rose
  KEYS[4] zones of tags
  ARGV[1] start, 19 digits, zero-padded
  ARGV[2] end, 19 digits, zero-padded, above start
  ARGV[3] counter as it is committed, 19 digits, zero-padded, at most start
  ARGV[4] generation that the identity must have
  ARGV[5] name of the counter in KEYS[3] and KEYS[4]
  ARGV[6] '1' for a tag, whose skipped numbers are noted; '' for a machine id, which skips time whenever it is free
  ARGV[7] ledger end: the end of the highest range that the ledger has below start, 19 digits, zero-padded, 0 for none
  ARGV[8] '1' where it may pass what was handed out above a lowered counter, else ''

  Returns '' where the fence now stands at end; the fence where it stands above start, unchanged, or where it would
  have to stand because the range touches what was handed out above; 'lowered' where it would pass that and must not;
  '?' where the identity has another generation or
  is not there; or '!' where nothing is remembered against the range and Redis takes no writes (read-only, out of
  memory, disk error).
]]
local NONE = '0000000000000000000'
local identity = redis.call('HMGET', KEYS[2], 'generation', 'sweep')
if identity[1] ~= ARGV[4] then
  return '?'
end
local current = redis.call('GET', KEYS[1])
local committed = ARGV[3]
local granted = NONE
if current then
  if string.sub(current, 1, 19) > ARGV[1] then
    return current
  end
  if string.sub(current, 21, 39) > committed then
    committed = string.sub(current, 21, 39)
  end
  granted = string.sub(current, 41)
end
local zones = ''
if ARGV[6] == '1' then
  zones = redis.call('HGET', KEYS[4], ARGV[5]) or ''
end
local taken = string.sub(zones, 41)
local passes = false
if taken ~= '' then
  local from, to = string.sub(taken, 1, 19), string.sub(taken, 21)
  if ARGV[1] < to and ARGV[2] > from then
    return to .. ' ' .. to .. ' ' .. to
  end
  passes = to > NONE and ARGV[1] >= to
  if passes and ARGV[8] ~= '1' then
    return 'lowered'
  end
  if passes then
    granted = to
  end
end
local noted = redis.pcall('ZADD', KEYS[3], identity[2], ARGV[5])
if type(noted) == 'table' then
  return '!'
end
local set = redis.pcall('SET', KEYS[1], ARGV[2] .. ' ' .. committed .. ' ' .. ARGV[2])
if set.err then
  return '!'
end
-- A fence that missed grants, while Redis was away, does not know where the gap begins; the ledger does.
if granted > NONE and ARGV[7] > granted then
  granted = ARGV[7]
end
if ARGV[6] == '1' and (passes or granted > NONE and ARGV[1] > granted) then
  if passes or taken == '' then
    taken = NONE .. ' ' .. NONE
  end
  -- Last: if Redis takes no more writes, an older zone stands there, and that one is still true.
  redis.pcall('HSET', KEYS[4], ARGV[5], granted .. ' ' .. ARGV[1] .. ' ' .. taken)
end
return ''

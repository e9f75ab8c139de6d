--[[
  Raises a counter's fence from at most `start` to `end`. Numbers are compared as 19-digit strings, because Lua's
  numbers are doubles and lose digits above 2^53. A fence is three of them: where it stands, the highest counter that
  it was told is committed, and the end of the highest range that it knows was granted. From a tag's second era on,
  three more: the era's number, and what was handed out above when it began, from and to, 0 for nothing.

  KEYS[1] the fence of one counter
  KEYS[2] the identity
  KEYS[3] counters: all that have a fence, each with the number of the last sweep that had ended when it rose
  ARGV[1] start, 19 digits, zero-padded
  ARGV[2] end, 19 digits, zero-padded, above start
  ARGV[3] counter as it is committed, 19 digits, zero-padded, at most start
  ARGV[4] generation that the identity must have
  ARGV[5] name of the counter in KEYS[3]
  ARGV[6] era that the counter has in the database, its number; '' for the first
  ARGV[7] top: end of the highest range in the ledger, 19 digits, zero-padded, 0 for none
  ARGV[8] then: era that it has with the range, all three numbers; '' for the first

  Returns '' if the fence now stands at end, or 'was ' and what it remembered before, if that knew of more than the
  ledger. It returns the fence, unchanged, if that stands above start; 'forgotten' if it knows of a later era; '?' if
  the identity has another generation, 'empty' if there is none; or '!' and Redis' words if nothing is remembered
  against the range and Redis takes no writes (read-only, out of memory, disk error).
]]
local identity = redis.call('HMGET', KEYS[2], 'generation', 'sweep')
if not identity[1] then
  return 'empty'
end
if identity[1] ~= ARGV[4] then
  return '?'
end
local current = redis.call('GET', KEYS[1])
local committed, era = ARGV[3], ARGV[8]
if current then
  local known = string.sub(current, 61, 79)
  if known > ARGV[6] then
    return 'forgotten'
  end
  -- What a fence remembers of an earlier era says nothing about this one.
  if known == ARGV[6] then
    if string.sub(current, 1, 19) > ARGV[1] then
      return current
    end
    if string.sub(current, 21, 39) > committed then
      committed = string.sub(current, 21, 39)
    end
  end
end
local noted = redis.pcall('ZADD', KEYS[3], identity[2], ARGV[5])
if type(noted) == 'table' then
  return '!' .. noted.err
end
local raised = ARGV[2] .. ' ' .. committed .. ' ' .. ARGV[2]
local set = redis.pcall('SET', KEYS[1], era == '' and raised or raised .. ' ' .. era)
if set.err then
  return '!' .. set.err
end
if current and string.sub(current, 41, 59) > ARGV[7] then
  return 'was ' .. current
end
return ''

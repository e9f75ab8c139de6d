--[[
  Raises the fences of one transaction, each from at most its `start` to its `end`: all of them, or none if one must not
  rise. Numbers are compared as 19-digit strings, because Lua's numbers are doubles and lose digits above 2^53. A fence
  is three of them: where it stands, the highest counter that it was told is committed, and the end of the highest range
  that it knows was granted. From a tag's second era on, three more: the era's number, and what was handed out above when
  it began, from and to, 0 for nothing.

  KEYS[1] the identity
  KEYS[2] counters: all that have a fence, each with the number of the last sweep that had ended when it rose
  KEYS[3] and on, the fences
  ARGV[1] generation that the identity must have
  ARGV[2] and on, for each fence its name in KEYS[2]; start; end, above start; its counter as it is committed, at most
    start; the end of the highest range in the ledger, 0 for none (each 19 digits, zero-padded); the era that it has in the
    database, its number, '' for the first; and the era that it has with the range, all three numbers, '' for the first

  Returns one text per fence: '' if it may stand at its end; 'was ' and what it remembered, if it may and that knew of
  more than the ledger; 'is ' and what stands there if that is above its start or is no fence; 'forgotten' if it knows of a
  later era. All of them rose if none of them is of the last two kinds. Or it returns one text, and none rose: '?' if the
  identity has another generation, or 'empty' if there is none, and then as a second text Redis' words if it takes no
  writes (read-only, out of memory, disk error); or '!' and these words if nothing is remembered against the ranges.
]]
local PER_FENCE = 7
local NUMBER = string.rep('%d', 19)
local FENCE = '^' .. NUMBER .. ' ' .. NUMBER .. ' ' .. NUMBER

local identity = redis.call('HMGET', KEYS[1], 'generation', 'sweep')
if not identity[1] then
  -- Changes nothing: no counter has an empty name.
  local asked = redis.pcall('ZADD', KEYS[2], 'XX', 0, '')
  return {'empty', type(asked) == 'table' and asked.err or nil}
end
if identity[1] ~= ARGV[1] then
  return {'?'}
end

local answers, raised, isRefused = {}, {}, false
for index = 3, #KEYS do
  local at = 2 + (index - 3) * PER_FENCE
  local start, stop, committed, top = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local era, becomes = ARGV[at + 5], ARGV[at + 6]
  local current = redis.pcall('GET', KEYS[index])
  -- A key of another type, which concerns this counter alone.
  if type(current) == 'table' then
    current = current.err
  end
  local answer = ''
  if current and not string.match(current, FENCE) then
    answer, isRefused = 'is ' .. current, true
  elseif current then
    local known = string.sub(current, 61, 79)
    -- What a fence remembers of an earlier era says nothing about this one.
    if known > era then
      answer, isRefused = 'forgotten', true
    elseif known == era and string.sub(current, 1, 19) > start then
      answer, isRefused = 'is ' .. current, true
    elseif string.sub(current, 41, 59) > top then
      answer = 'was ' .. current
    end
    if known == era and string.sub(current, 21, 39) > committed then
      committed = string.sub(current, 21, 39)
    end
  end
  answers[index - 2] = answer
  raised[index] = stop .. ' ' .. committed .. ' ' .. stop .. (becomes == '' and '' or ' ' .. becomes)
end
if isRefused then
  return answers
end

for index = 3, #KEYS do
  local noted = redis.pcall('ZADD', KEYS[2], identity[2], ARGV[2 + (index - 3) * PER_FENCE])
  if type(noted) == 'table' then
    return {'!' .. noted.err}
  end
  local set = redis.pcall('SET', KEYS[index], raised[index])
  if set.err then
    return {'!' .. set.err}
  end
end
return answers

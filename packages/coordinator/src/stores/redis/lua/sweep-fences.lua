--[[
  Raises fences to committed counters. One is lowered only for a later era. Values as in raise-fences.lua. A value
  that is not a fence is left alone.

  KEYS[1] the identity
  KEYS[2] counters, as in raise-fences.lua
  KEYS[3] and on, the fences
  ARGV[1] generation that the identity must have
  ARGV[2] sweep: the number that the identity must have
  ARGV[3] and on, for each fence its name in KEYS[2], its counter, the end of the highest range that the ledger has of
    its era, 0 for none, and its era; values as in raise-fences.lua

  Returns one text per fence: '' if both sides know the same; its value if it stands above the counter, knows of more
  than the ledger or of a later era, or is not a fence; or only '?' if the identity is another one, or went back to an
  old file.
]]
local PER_FENCE = 4

local identity = redis.call('HMGET', KEYS[1], 'generation', 'sweep')
if identity[1] ~= ARGV[1] or identity[2] ~= ARGV[2] then
  return {'?'}
end

local function greater(a, b)
  return a > b and a or b
end

local NUMBERS = '^%d+ %d+ %d+'
local answers = {}
for index = 3, #KEYS do
  local at = 3 + (index - 3) * PER_FENCE
  local name, counter, inLedger, era = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local current = redis.pcall('GET', KEYS[index])
  -- A key of another type, which concerns this counter alone.
  if type(current) == 'table' then
    current = current.err
  end
  local known, told = string.sub(current or '', 61, 79), string.sub(era, 1, 19)
  local isFence = not current or string.match(current, NUMBERS .. '$')
    or string.match(current, NUMBERS .. ' %d+ %d+ %d+$')
  if not isFence then
    answers[index - 2] = current
  elseif known > told then
    redis.call('ZADD', KEYS[2], 'NX', identity[2], name)
    answers[index - 2] = current
  else
    local stands, committed, granted = counter, counter, inLedger
    local isSame = current and known == told
    if isSame then
      stands = greater(string.sub(current, 1, 19), counter)
      committed = greater(string.sub(current, 21, 39), counter)
      granted = greater(string.sub(current, 41, 59), inLedger)
    end
    local raised = stands .. ' ' .. committed .. ' ' .. granted
    if era ~= '' then
      raised = raised .. ' ' .. era
    end
    if raised ~= current then
      redis.call('SET', KEYS[index], raised)
      redis.call('ZADD', KEYS[2], identity[2], name)
    else
      redis.call('ZADD', KEYS[2], 'NX', identity[2], name)
    end
    -- The ledger must have what the fence knows was granted, even if the counter was set above it by hand.
    local isLost = isSame and string.sub(name, 1, 4) == 'tag:' and granted > inLedger
    answers[index - 2] = (isLost or stands > counter) and raised or ''
  end
end
return answers

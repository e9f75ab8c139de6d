--[[
  Raises fences to committed counters. None is lowered. Values as in raise-fence.lua. What is no fence is left alone.

  KEYS[1] the identity
  KEYS[2] counters, as in raise-fence.lua
  KEYS[3] zones of tags, as in raise-fence.lua
  KEYS[4] and on, the fences
  ARGV[1] generation that the identity must have
  ARGV[2] sweep: the number that the identity must have
  ARGV[3] lowered: how often a fence was lowered when the counters were read
  ARGV[4] and on, for each fence its name in KEYS[2], its counter, the end of the highest range in the ledger, and what
    the database says was handed out above a lowered counter, from and to; 19 digits, zero-padded, 0 for none

  Returns one text per fence: '' where both sides know the same; what the fence is where it stands above the counter, where
  it knows of more than the ledger, or where it is none; what was handed out above a lowered counter behind it; or only
  '?' where the identity is another one, went back to an old file, or a fence was lowered meanwhile. A fence whose
  counter was raised again to what was taken above is left as it is: first the database must learn what it forgot.
]]
local NONE = '0000000000000000000'
local PER_FENCE = 5

local identity = redis.call('HMGET', KEYS[1], 'generation', 'sweep', 'lowered')
if identity[1] ~= ARGV[1] or identity[2] ~= ARGV[2] or identity[3] ~= ARGV[3] then
  return {'?'}
end

local function greater(a, b)
  return a > b and a or b
end

-- What was handed out above a lowered counter, as far as Redis or the database knows: either may have forgotten the
-- last time that it was lowered. And the numbers skipped last, unless the ledger says that the fence missed grants.
local function zonesOf(name, counter, missed, from, to)
  local zones = redis.call('HGET', KEYS[3], name) or ''
  local skipped = NONE .. ' ' .. NONE
  local knownFrom, knownTo = string.sub(zones, 41, 59), string.sub(zones, 61)
  if zones == '' then
    knownFrom, knownTo = NONE, NONE
  elseif not missed then
    skipped = string.sub(zones, 1, 39)
  end
  if to > NONE and counter < to then
    if knownTo == NONE then
      -- Redis forgot the lowering; what it says was skipped may be where the counter went since.
      skipped = NONE .. ' ' .. NONE
    end
    knownFrom = knownTo == NONE and from or (from < knownFrom and from or knownFrom)
    knownTo = greater(to, knownTo)
  end
  local now = skipped .. ' ' .. knownFrom .. ' ' .. knownTo
  if now ~= zones and (zones ~= '' or knownTo > NONE) then
    redis.call('HSET', KEYS[3], name, now)
  end
  return knownFrom, knownTo
end

-- A Redis that went back to before its counter was lowered stands in what was taken above, and knows of no zone there. One
-- that went on above has noted that it skipped from there.
local function isBeforeLowering(name, current, counter, from, to)
  if not current or to == NONE or counter >= from then
    return false
  end
  local stands = string.sub(current, 1, 19)
  local zones = redis.call('HGET', KEYS[3], name) or ''
  local isUnknown = zones == '' or string.sub(zones, 61) == NONE
  return isUnknown and stands > from and stands <= to and string.sub(zones, 1, 19) ~= to
end

local answers = {}
for index = 4, #KEYS do
  local at = 4 + (index - 4) * PER_FENCE
  local name, counter, inLedger = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local current = redis.call('GET', KEYS[index])
  if current and not string.match(current, '^%d+ %d+ %d+$') then
    answers[index - 3] = current
  else
    local stands, committed, granted = counter, counter, inLedger
    if current then
      stands = greater(string.sub(current, 1, 19), counter)
      committed = greater(string.sub(current, 21, 39), counter)
      granted = greater(string.sub(current, 41), inLedger)
    end
    local missed = current and inLedger > string.sub(current, 41)
    local stale = isBeforeLowering(name, current, counter, ARGV[at + 3], ARGV[at + 4])
    if stale then
      stands, committed, granted = counter, counter, counter
    end
    local from, to = zonesOf(name, counter, missed, ARGV[at + 3], ARGV[at + 4])
    -- The database forgot the lowering, unless it stands right below what it knows was taken: then the gap is used up.
    local knows = from == ARGV[at + 3] and to == ARGV[at + 4] and counter == from
    local forgot = to > NONE and counter >= from and not knows
    local raised = stands .. ' ' .. committed .. ' ' .. granted
    if forgot then
      raised = current or raised
    end
    if raised ~= current then
      redis.call('SET', KEYS[index], raised)
      redis.call('ZADD', KEYS[2], identity[2], name)
    else
      redis.call('ZADD', KEYS[2], 'NX', identity[2], name)
    end
    -- What the fence knows was granted must be in the ledger, too, also where the counter was set above it by hand. What is
    -- known of a tag that was lowered is compared under its lock.
    local isLost = current and string.sub(name, 1, 4) == 'tag:' and not stale and string.sub(current, 41) > inLedger
    if to > NONE then
      answers[index - 3] = raised .. ' ' .. from .. ' ' .. to
    else
      answers[index - 3] = (isLost or stands > counter) and raised or ''
    end
  end
end
return answers

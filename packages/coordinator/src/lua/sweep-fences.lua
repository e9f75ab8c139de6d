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

  Returns one text per fence: '' where it now stands at the counter, or what it is where it stands above or is none;
  or only '?' where the identity is another one, went back to an old file, or a fence was lowered meanwhile.
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
-- last time that it was lowered.
local function takenAbove(name, counter, from, to)
  local zones = redis.call('HGET', KEYS[3], name) or ''
  local knownFrom, knownTo = string.sub(zones, 41, 59), string.sub(zones, 61)
  local isKnown = knownTo > NONE
  if to == NONE or counter >= to then
    if isKnown then
      return knownFrom, knownTo
    end
    return NONE, NONE
  end
  if isKnown then
    from = from < knownFrom and from or knownFrom
    to = greater(to, knownTo)
  end
  if from ~= knownFrom or to ~= knownTo then
    local skipped = zones == '' and NONE .. ' ' .. NONE or string.sub(zones, 1, 39)
    redis.call('HSET', KEYS[3], name, skipped .. ' ' .. from .. ' ' .. to)
  end
  return from, to
end

local answers = {}
for index = 4, #KEYS do
  local at = 4 + (index - 4) * PER_FENCE
  local name, counter, granted = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local current = redis.call('GET', KEYS[index])
  if current and not string.match(current, '^%d+ %d+ %d+$') then
    answers[index - 3] = current
  else
    local stands, committed = counter, counter
    if current then
      stands = greater(string.sub(current, 1, 19), counter)
      committed = greater(string.sub(current, 21, 39), counter)
      granted = greater(string.sub(current, 41), granted)
    end
    local from, to = takenAbove(name, counter, ARGV[at + 3], ARGV[at + 4])
    if counter >= from and counter < to then
      -- The database forgot that the counter was lowered: it goes on above.
      stands = greater(stands, to)
      committed = greater(committed, to)
      granted = greater(granted, to)
    end
    local raised = stands .. ' ' .. committed .. ' ' .. granted
    if raised ~= current then
      redis.call('SET', KEYS[index], raised)
      redis.call('ZADD', KEYS[2], identity[2], name)
    else
      redis.call('ZADD', KEYS[2], 'NX', identity[2], name)
    end
    answers[index - 3] = stands > counter and raised or ''
  end
end
return answers

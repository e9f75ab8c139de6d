--[[
  Enters what becomes of some agents: what they reported, that they are silent, or that they are forgotten; and what that
  changes in the sums over those alive. The caller worked that out from what it had read of them. If one of them is
  something else by now, nothing changes, and the caller reads again.

  A record is text, of which this knows only how long it is. A sum is
  `agents rate waiting failing error runs-out-at-ms who-runs-out`, "-" for what there is not.

  KEYS[1] records: instance id to record
  KEYS[2] due: instance ids of agents alive, by when they count as silent
  KEYS[3] silent: instance ids of silent agents, by when they were seen
  KEYS[4] troubled: instance ids of agents alive whose clock or lease is in trouble, by when they were seen
  KEYS[5] places: place and instance id of every agent, in order
  KEYS[6] sums: tag to sum
  KEYS[7] bytes that all this takes
  ARGV[1] max bytes that it may take
  ARGV[2] entry bytes: what an entry takes besides its record
  ARGV[3] tag bytes: what a sum takes besides its tag
  ARGV[4] how many agents; then the agents and tags. Of each agent: instance id, record that it had or "", 1 if it was alive, record or "" to
    forget it, place, place that it had or "", seen at ms, due at ms or "" if it is silent, 1 if in trouble. Of each tag
    whose sum changes: tag, by how much its agents, rate, waiting and failing rise, error or "", runs out at ms or ""
    and who does, of those that came in, and of whom lines went out

  Returns "entered"; or "changed" if one of them is not as it was, or another process of its agent is; or "full" if there
  is no room. Then nothing changed.
]]
local max, entry_bytes, tag_bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local AGENT, TAG = 9, 9
local first_tag = 5 + tonumber(ARGV[4]) * AGENT

local ids, is_changing = {}, {}
for at = 5, first_tag - 1, AGENT do
  ids[#ids + 1] = ARGV[at]
  is_changing[ARGV[at]] = true
end
if #ids == 0 then
  return 'entered'
end
local texts = redis.call('HMGET', KEYS[1], unpack(ids))
local scores = redis.call('ZMSCORE', KEYS[2], unpack(ids))

-- Whether another process of the agent, of which nothing was read, is alive (wanted true) or silent.
local function is_another(place, wanted)
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[5], '[' .. place .. ' ', '(' .. place .. '!', 'LIMIT', 0, 100)) do
    local other = string.sub(member, #place + 2)
    if not is_changing[other] and (redis.call('ZSCORE', KEYS[2], other) and true or false) == wanted then
      return true
    end
  end
  return false
end

local had = tonumber(redis.call('GET', KEYS[7]) or 0)
local used = had
local puts = { records = {}, due = {}, silent = {}, troubled = {}, places = {} }
local takes = { records = {}, due = {}, silent = {}, troubled = {}, places = {} }

local function put(where, field, value)
  local list = puts[where]
  list[#list + 1] = field
  list[#list + 1] = value
end

local function take(where, member)
  local list = takes[where]
  list[#list + 1] = member
end

for n, id in ipairs(ids) do
  local at = 5 + (n - 1) * AGENT
  local was, was_alive, is, place = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local place_before, seen_at, due_at, in_trouble = ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], ARGV[at + 8]
  if (texts[n] or '') ~= was or (scores[n] and '1' or '0') ~= was_alive then
    return 'changed'
  end
  if was ~= '' then
    used = used - #was - entry_bytes
  end
  if is == '' then
    take('records', id)
  else
    used = used + #is + entry_bytes
    if is ~= was then
      put('records', id, is)
    end
  end
  if due_at ~= '' then
    put('due', due_at, id)
  else
    take('due', id)
  end
  if is ~= '' and due_at == '' then
    if is_another(place, true) then
      return 'changed'
    end
    put('silent', seen_at, id)
  elseif was_alive == '0' then
    take('silent', id)
  end
  if in_trouble == '1' then
    put('troubled', seen_at, id)
  else
    take('troubled', id)
  end
  if place ~= place_before then
    if place_before ~= '' then
      take('places', place_before .. ' ' .. id)
    end
    if place ~= '' then
      if is_another(place, false) then
        return 'changed'
      end
      put('places', 0, place .. ' ' .. id)
    end
  end
end

-- The new sums, "" for a tag that nobody has any more.
local written, empty = {}, {}

local function add(at, text)
  local tag = ARGV[at]
  local agents, rate, waiting, failing, code, out, who = 0, 0, 0, 0, '-', '-', '-'
  if text then
    agents, rate, waiting, failing, code, out, who =
      string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
    used = used - #tag - tag_bytes
  end
  agents = agents + ARGV[at + 1]
  if agents <= 0 then
    empty[#empty + 1] = tag
    return
  end
  used = used + #tag + tag_bytes
  failing = failing + ARGV[at + 4]
  if ARGV[at + 5] ~= '' then
    code = ARGV[at + 5]
  end
  if string.find(ARGV[at + 8], who, 1, true) then
    out, who = '-', '-'
  end
  if ARGV[at + 6] ~= '' and (who == '-' or tonumber(ARGV[at + 6]) < tonumber(out)) then
    out, who = ARGV[at + 6], ARGV[at + 7]
  end
  written[#written + 1] = tag
  written[#written + 1] = string.format(
    '%.0f %.0f %.0f %.0f %s %s %s',
    agents, rate + ARGV[at + 2], waiting + ARGV[at + 3], failing, failing > 0 and code or '-', out, who
  )
end

-- Lua takes some thousand arguments at most.
local MOST = 1000
for from = first_tag, #ARGV, TAG * MOST do
  local tags = {}
  for at = from, math.min(#ARGV, from + TAG * MOST - 1), TAG do
    tags[#tags + 1] = ARGV[at]
  end
  for n, text in ipairs(redis.call('HMGET', KEYS[6], unpack(tags))) do
    add(from + (n - 1) * TAG, text)
  end
end
if used > had and used > max then
  return 'full'
end

local function call(command, key, list)
  for from = 1, #list, MOST do
    redis.call(command, key, unpack(list, from, math.min(#list, from + MOST - 1)))
  end
end
call('HDEL', KEYS[1], takes.records)
call('ZREM', KEYS[2], takes.due)
call('ZREM', KEYS[3], takes.silent)
call('ZREM', KEYS[4], takes.troubled)
call('ZREM', KEYS[5], takes.places)
call('HSET', KEYS[1], puts.records)
call('ZADD', KEYS[2], puts.due)
call('ZADD', KEYS[3], puts.silent)
call('ZADD', KEYS[4], puts.troubled)
call('ZADD', KEYS[5], puts.places)
call('HSET', KEYS[6], written)
call('HDEL', KEYS[6], empty)
-- Entries that somebody deleted by hand were never subtracted.
if redis.call('HLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[6], KEYS[7])
else
  redis.call('SET', KEYS[7], used)
end
return 'entered'

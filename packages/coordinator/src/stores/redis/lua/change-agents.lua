--[[
  Changes the roster: takes agents off, counts as silent those whose report is overdue, and enters what agents report.
  It keeps up the sums over the agents that are not silent. A silent process of an agent that has another one alive was
  restarted and is not missed.

  A record is `revision, seen at ms, place, rest` and a line `tag, rate, waiting, error, runway, …` for each tag, with
  tabs between. A sum is `agents rate waiting failing error runs-out-at-ms who-runs-out`, "-" for what there is not.

  KEYS[1] records: instance id to record
  KEYS[2] due: instance ids of agents alive, by when they count as silent
  KEYS[3] silent: instance ids of silent agents, by when they were seen
  KEYS[4] troubled: instance ids of agents alive whose clock or lease is in trouble, by when they were seen
  KEYS[5] places: place and instance id of every agent, in order
  KEYS[6] sums: tag to sum
  KEYS[7] bytes that all this takes
  ARGV[1] max bytes that it may take
  ARGV[2] limits: what an entry takes besides its record, a sum besides its name, most bytes and most tags of a record
  ARGV[3] gone: instance ids to take off, separated by spaces
  ARGV[4] overdue at ms: who was due before is silent, unix milliseconds
  ARGV[5] most that may become silent now
  ARGV[6] reports, separated by character 30; the fields of each by character 31: instance id, place, seen at ms, due
    at ms, 1 if in trouble, revision it tells changes since or "", revision, rest, lines of tags, tags no longer shown

  Returns how many became silent, then for each report "entered", "full" (there was no room, and nothing changed) or
  "unknown" (it tells changes since another revision, and nothing changed).
]]
local entry_bytes, tag_bytes, most_bytes, most_tags = string.match(ARGV[2], '(%d+) (%d+) (%d+) (%d+)')
entry_bytes, tag_bytes, most_bytes, most_tags =
  tonumber(entry_bytes), tonumber(tag_bytes), tonumber(most_bytes), tonumber(most_tags)
local used = tonumber(redis.call('GET', KEYS[7]) or 0)

-- Sums that were read, by tag. They are written at the end.
local touched = {}

local function parsed(text)
  if not text then
    return { agents = 0, rate = 0, waiting = 0, failing = 0, code = '-', out = '-', who = '-' }
  end
  local agents, rate, waiting, failing, code, out, who =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  return {
    agents = tonumber(agents), rate = tonumber(rate), waiting = tonumber(waiting), failing = tonumber(failing),
    code = code, out = out, who = who,
  }
end

-- Reads the sums of the tags of some lines, at most those of one record, as far as they were not read yet.
local function read_sums(lines)
  local missing, asked = {}, {}
  for _, line in ipairs(lines) do
    local tag = string.match(line, '^[^\t]*')
    if not touched[tag] and not asked[tag] then
      missing[#missing + 1] = tag
      asked[tag] = true
    end
  end
  if #missing > 0 then
    local texts = redis.call('HMGET', KEYS[6], unpack(missing))
    for index, tag in ipairs(missing) do
      touched[tag] = parsed(texts[index])
    end
  end
end

-- Adds a line of an agent to the sum of its tag (sign 1), or takes it out (sign -1).
local function count(line, id, at, sign)
  local tag, rate, waiting, code, runway = string.match(line, '^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)')
  local sum = touched[tag]
  if sign == 1 and sum.agents == 0 then
    used = used + #tag + tag_bytes
  end
  sum.agents = sum.agents + sign
  sum.rate = sum.rate + sign * rate
  sum.waiting = sum.waiting + sign * waiting
  if code ~= '' then
    sum.failing = sum.failing + sign
    if sign == 1 then
      sum.code = code
    end
  end
  if sign == -1 then
    if sum.who == id then
      sum.who, sum.out = '-', '-'
    end
    if sum.agents == 0 then
      used = used - #tag - tag_bytes
    end
  elseif runway ~= '' then
    local out = at + runway * 1000
    if sum.who == '-' or out < tonumber(sum.out) then
      sum.who, sum.out = id, string.format('%.0f', out)
    end
  end
end

local function lines_of(record)
  local lines = {}
  for line in string.gmatch(record, '\n([^\n]+)') do
    lines[#lines + 1] = line
  end
  return lines
end

local function is_counted(id)
  return redis.call('ZSCORE', KEYS[2], id)
end

local function uncount(id, record)
  local lines = lines_of(record)
  read_sums(lines)
  for _, line in ipairs(lines) do
    count(line, id, 0, -1)
  end
end

local function forget(id)
  local record = redis.call('HGET', KEYS[1], id)
  if record then
    if is_counted(id) then
      uncount(id, record)
    end
    used = used - #record - entry_bytes
    redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[5], string.match(record, '^%d+\t%d+\t([^\t]*)') .. ' ' .. id)
  end
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('ZREM', KEYS[4], id)
end

-- Other processes of the agent that are alive (wanted true) or silent.
local function others(place, id, wanted)
  local found = {}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[5], '[' .. place .. ' ', '(' .. place .. '!', 'LIMIT', 0, 100)) do
    local other = string.sub(member, #place + 2)
    if other ~= id and (is_counted(other) and true or false) == wanted then
      found[#found + 1] = other
    end
  end
  return found
end

local function silence(id)
  local record = redis.call('HGET', KEYS[1], id)
  if record and #others(string.match(record, '^%d+\t%d+\t([^\t]*)'), id, true) > 0 then
    return forget(id)
  end
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[4], id)
  if record then
    uncount(id, record)
    redis.call('ZADD', KEYS[3], string.match(record, '^%d+\t(%d+)'), id)
  end
end

-- The lines of a record after what changed; nil if they are too many.
local function changed(lines, rows, without)
  local passed_over, merged = {}, {}
  for tag in string.gmatch(without, '[^\t]+') do
    passed_over[tag] = true
  end
  for line in string.gmatch(rows, '[^\n]+') do
    passed_over[string.match(line, '^[^\t]*')] = true
  end
  for _, line in ipairs(lines) do
    if not passed_over[string.match(line, '^[^\t]*')] then
      merged[#merged + 1] = line
    end
  end
  for line in string.gmatch(rows, '[^\n]+') do
    merged[#merged + 1] = line
  end
  return #merged <= most_tags and merged or nil
end

-- What of `lines` is new beside `old`, and what of `old` is over.
local function compared(old, lines)
  local times, added, over = {}, {}, {}
  for _, line in ipairs(old) do
    times[line] = (times[line] or 0) + 1
  end
  for _, line in ipairs(lines) do
    if (times[line] or 0) > 0 then
      times[line] = times[line] - 1
    else
      added[#added + 1] = line
    end
  end
  for line, left in pairs(times) do
    for _ = 1, left do
      over[#over + 1] = line
    end
  end
  return added, over
end

-- The room that sums of tags take that nobody had.
local function room_of_new(lines)
  local room, seen = 0, {}
  for _, line in ipairs(lines) do
    local tag = string.match(line, '^[^\t]*')
    if not seen[tag] and touched[tag].agents == 0 then
      room = room + #tag + tag_bytes
    end
    seen[tag] = true
  end
  return room
end

local function enter(id, place, at, due, trouble, since, revision, rest, rows, without)
  local old = redis.call('HGET', KEYS[1], id)
  local before = old and lines_of(old) or {}
  local lines = {}
  if since == '' then
    lines = lines_of('\n' .. rows)
  else
    local has = old and string.match(old, '^%d+')
    if has == revision and has ~= '0' then
      return 'entered'
    end
    lines = has == since and changed(before, rows, without) or nil
  end
  if not lines then
    return 'unknown'
  end
  local record = table.concat({ revision, at, place, rest }, '\t')
  if #lines > 0 then
    record = record .. '\n' .. table.concat(lines, '\n')
  end
  if since ~= '' and #record > most_bytes then
    return 'unknown'
  end
  local added, over = compared(old and is_counted(id) and before or {}, lines)
  read_sums(added)
  read_sums(over)
  local grows = #record + (old and -#old or entry_bytes) + room_of_new(added)
  if grows > 0 and used + grows > tonumber(ARGV[1]) then
    return 'full'
  end
  for _, line in ipairs(over) do
    count(line, id, at, -1)
  end
  for _, line in ipairs(added) do
    count(line, id, at, 1)
  end
  used = used + #record + (old and -#old or entry_bytes)
  redis.call('HSET', KEYS[1], id, record)
  redis.call('ZADD', KEYS[2], due, id)
  redis.call('ZREM', KEYS[3], id)
  if trouble == '1' then
    redis.call('ZADD', KEYS[4], at, id)
  else
    redis.call('ZREM', KEYS[4], id)
  end
  local place_before = old and string.match(old, '^%d+\t%d+\t([^\t]*)')
  if place_before ~= place then
    if place_before then
      redis.call('ZREM', KEYS[5], place_before .. ' ' .. id)
    end
    redis.call('ZADD', KEYS[5], 0, place .. ' ' .. id)
    for _, other in ipairs(others(place, id, false)) do
      forget(other)
    end
  end
  return 'entered'
end

for id in string.gmatch(ARGV[3], '%S+') do
  forget(id)
end
local overdue = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[4], 'LIMIT', 0, ARGV[5])
for _, id in ipairs(overdue) do
  silence(id)
end
local answer = { tostring(#overdue) }
for report in string.gmatch(ARGV[6], '[^\30]+') do
  local fields = {}
  for field in string.gmatch(report .. '\31', '([^\31]*)\31') do
    fields[#fields + 1] = field
  end
  answer[#answer + 1] = enter(unpack(fields))
end

local fields, empty = {}, {}
local function write_sums(most)
  if #fields > most then
    redis.call('HSET', KEYS[6], unpack(fields))
    fields = {}
  end
  if #empty > most then
    redis.call('HDEL', KEYS[6], unpack(empty))
    empty = {}
  end
end
for tag, sum in pairs(touched) do
  if sum.agents <= 0 then
    empty[#empty + 1] = tag
  else
    fields[#fields + 1] = tag
    fields[#fields + 1] = string.format(
      '%.0f %.0f %.0f %.0f %s %s %s',
      sum.agents, sum.rate, sum.waiting, sum.failing, sum.failing > 0 and sum.code or '-', sum.out, sum.who
    )
  end
  write_sums(1000)
end
write_sums(0)
-- Entries that somebody deleted by hand were never subtracted.
if redis.call('HLEN', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[6], KEYS[7])
else
  redis.call('SET', KEYS[7], used)
end
return answer

-- Arguments: a pause in milliseconds before each request, or 0; and whose requests to send, or none for wrk's own.
local sent = 0

-- Requests made beforehand, as many for each sender: what a generator does itself shows in the server's figures, because
-- a server that is given less at a time wakes up more often.
local function each(make)
  local made, at = {}, 0
  for n = 1, 4096 do made[n] = make(n) end
  return function()
    at = at % #made + 1
    return made[at]
  end
end

-- What real clients and proxies send; `plain` is wrk's own request.
local senders = {
  plain = function(plain)
    return each(function() return plain end)
  end,
  jdk = function(plain)
    local fields = {
      ["Connection"] = "Upgrade, HTTP2-Settings", ["Content-Length"] = "0", ["Upgrade"] = "h2c",
      ["HTTP2-Settings"] = "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
      ["User-Agent"] = "Java-http-client/17.0.15",
    }
    local text = wrk.format("GET", nil, fields)
    return each(function() return text end)
  end,
  proxy = function(plain)
    return each(function(n)
      local fields = {
        ["X-Request-Id"] = string.format("%032x", n),
        ["traceparent"] = string.format("00-%032x-%016x-01", n * 7919, n),
      }
      return wrk.format("GET", nil, fields)
    end)
  end,
  -- The first request of each connection is another one.
  once_odd = function(plain)
    local odd = wrk.format("GET", "/livez")
    local next = each(function() return plain end)
    return function()
      sent = sent + 1
      return sent <= tonumber(CONNECTIONS) and odd or next()
    end
  end,
  sometimes_two = function(plain)
    local two = wrk.format("GET", wrk.path .. "?count=2")
    return function()
      sent = sent + 1
      return sent % 200 == 0 and two or plain
    end
  end,
}

init = function(args)
  local pause = tonumber(args[1] or "0")
  if pause > 0 then delay = function() return pause end end
  CONNECTIONS = args[3]
  local sender = senders[args[2]]
  if sender then request = sender(wrk.format("GET")) end
end

-- What wrk measured, as one line of JSON: times in microseconds.
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"failed":%d,"p50":%d,"p99":%d,"p999":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end

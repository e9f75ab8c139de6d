-- An argument is a pause in milliseconds before each request.
init = function(args)
  local pause = tonumber(args[1])
  if pause then delay = function() return pause end end
end

-- What wrk measured, as one line of JSON: times in microseconds.
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"failed":%d,"p50":%d,"p99":%d,"p999":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end

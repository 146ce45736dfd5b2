-- Sends whole requests out of a file with wrk: wrk -t1 -c64 -d5s -s replay.lua URL -- FILE [once]
-- The requests stand in FILE one after another, each followed by a zero byte. With `once` none is sent twice (buyers
-- must not repeat each other); the load ends with the last one. The last line of the output is for machines.
local requests = {}
local number = 0
local once = false

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local from = 1
  local text = file:read("*a")
  file:close()
  while true do
    local zero = text:find("\0", from, true)
    if zero == nil then break end
    requests[#requests + 1] = text:sub(from, zero - 1)
    from = zero + 1
  end
  once = args[2] == "once"
end

function request()
  number = number + 1
  if number > #requests then
    if once then
      wrk.thread:stop()
    end
    number = 1
  end
  return requests[number]
end

function done(summary, latency, _)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("replayed %d in %d us, bad %d, p50 %d us, p99 %d us\n", summary.requests, summary.duration,
    bad, latency:percentile(50), latency:percentile(99)))
end

--- What an nginx worker still does while 50 orders wait a second each for
-- the sandbox: how soon it answers others, over each of its transports.
-- lua-resty-http is the specs' stand-in, or that in
-- $CERTCENTRAL_TEST_RESTY_HTTP.

local curl = require "certcentral.curl"
local host_of = require "support.nginx_host"
local nginx = require "support.nginx"
local support = require "support.sandbox"

local COUNT, DELAY = 50, 1

local function percentile(list, part)
  table.sort(list)
  return list[math.ceil(#list * part)] * 1000
end

local function pings(host, handle, seconds)
  local list, total = {}, 0
  while total < seconds do
    list[#list + 1] = nginx.ping(host, handle)
    total = total + list[#list]
  end
  return list
end

local function measure(sandbox, host, transport)
  local handle, times, failed = assert(curl.new {}), {}, 0
  local alone = pings(host, handle, 0.5)
  support.reset(sandbox)
  support.fault(sandbox, { kind = "delay", seconds = DELAY, times = COUNT,
                           method = "POST" })
  local request = nginx.order_for(host, sandbox, transport)
  local answers = nginx.place_all(COUNT, request, function(done)
    if done < COUNT then
      times[#times + 1] = nginx.ping(host, handle)
    end
  end)
  for _, answer in ipairs(answers) do
    failed = failed + (answer.placed and 0 or 1)
  end
  handle:close()
  print(("a ping of a worker with %d orders under way, '%s': 99 %% within "
    .. "%.2f ms, longest %.2f ms (%d pings; without orders 99 %% within "
    .. "%.2f ms); %d orders failed"):format(COUNT, transport,
    percentile(times, 0.99), times[#times] * 1000, #times,
    percentile(alone, 0.99), failed))
end

local sandbox = support.start {}
local host = nginx.start { ca_file = sandbox.ca_file,
                           server = host_of.LOCATIONS }
for _, transport in ipairs { "resty", "thread" } do
  local ok, message = pcall(measure, sandbox, host, transport)
  if not ok then
    print(message)
  end
end
host.stop()
sandbox.stop()

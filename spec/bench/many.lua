--- Many orders at once, against a server that answers at once: the CPU time
-- over that of a bare curl_multi loop, and what an order leaves to the
-- collector. Against one that answers after 50 ms: the time
-- over the ideal one, ceil(count / concurrency) times 50 ms; what an order in
-- flight takes of memory; and the steps of a queue that may not wait, while
-- the server stalls and while a name server hangs. Server and client have a
-- core each.

local nginx = require "bench.nginx"
local row = require "bench.row"

local ROUNDS, COUNT, DELAY = 5, 1000, 0.05
local AT_ONCE = 3000 -- orders that the server answers without delay
local SELF = arg[-1]
local build = os.getenv("BUILD") or "build"

local CODE = [[ content_by_lua_block {
  ngx.req.read_body()
  ngx.sleep(%g)
  ngx.status = 201
  ngx.header["Content-Length"] = #ANSWER
  ngx.print(ANSWER)
} ]]
local LOCATIONS = "location / {" .. CODE:format(DELAY)
                  .. "} location /stall/ {" .. CODE:format(60)
                  .. "} location /now/ {" .. CODE:gsub("ngx.sleep.-\n", "")
                  .. "}"

local function figures(preload, ...)
  local text = nginx.shell("LD_PRELOAD=%s taskset -c 1 %s "
    .. "spec/bench/many_client.lua %s", preload, SELF,
    table.concat({ ... }, " "))
  local first, second = text:match("([%d.]+) ([%d.]+)")
  return assert(tonumber(first), text), tonumber(second)
end

local function over_ideal(what, server, count, concurrency)
  local ratios = {}
  for i = 1, ROUNDS do
    local ideal = math.ceil(count / concurrency) * DELAY
    ratios[i] = figures("", what, server.url, server.ca_file,
                        count, concurrency) / ideal
  end
  return ratios
end

-- Against a bare loop that posts the same bytes.
local function over_bare(server)
  local body, ratios = server.dir .. "/body", {}
  nginx.shell("%s spec/bench/client.lua body 0 x x %s", SELF, body)
  for i = 1, ROUNDS do
    local text = nginx.shell("taskset -c 1 %s/bench/base many %d 100 "
      .. "%s/now/order/certificate/x %s %s", build, AT_ONCE, server.url,
      server.ca_file, body)
    local _, ours = figures("", "time", server.url .. "/now", server.ca_file,
                            AT_ONCE, 100)
    ratios[i] = ours / tonumber(text:match(" ([%d.]+)"))
  end
  return ratios
end

local function measure_at_once(server)
  row.head "a bare curl_multi loop"
  row.print(("%d orders, 100 at once: client's CPU"):format(AT_ONCE),
            over_bare(server), { 2.1, 1.9 })
  row.print("garbage of a queued order, in kB",
            { figures("", "garbage", server.url .. "/now", server.ca_file,
                      COUNT, 100) / 1000 }, { 6, 6 })
end

local function measure(server, name)
  row.head "the time that the server takes"
  for _, concurrency in ipairs { 32, 100 } do
    row.print(("%d orders, %d at once, %s"):format(COUNT, concurrency, name),
              over_ideal("time", server, COUNT, concurrency),
              { 1.08, 1.08 })
  end
  row.print(("memory of an order in flight, in kB, %s"):format(name),
            { figures("", "memory", server.url .. "/stall", server.ca_file,
                      100) / 1000 }, name == "HTTP/2" and { 43, 38 } or nil)
  local longest, usual = figures("", "steps", server.url .. "/stall",
                                 server.ca_file, 100)
  print(("step(0), the server stalls, %s: 99 %% within %.2f ms, longest "
         .. "%.2f ms"):format(name, usual * 1000, longest * 1000))
end

for _, http2 in ipairs { false, true } do
  local server = nginx.start { http2 = http2, locations = LOCATIONS }
  local ok, message = http2 or pcall(measure_at_once, server)
  if ok then
    ok, message = pcall(measure, server, http2 and "HTTP/2" or "HTTP/1.1")
  end
  if ok and not http2 then
    local longest, usual = figures(build .. "/bench/hang.so", "steps",
      "https://name.invalid", server.ca_file, 100)
    print(("step(0), the name server hangs: 99 %% within %.2f ms, longest "
           .. "%.2f ms"):format(usual * 1000, longest * 1000))
  end
  server.stop()
  assert(ok, message)
end

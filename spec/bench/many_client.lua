--- What is measured of many orders at once.
--
--   many_client.lua time URL CA_FILE COUNT CONCURRENCY
--     wall time and CPU time of COUNT orders in seconds, connections open
--   many_client.lua garbage URL CA_FILE COUNT CONCURRENCY
--     bytes that each order leaves to the collector
--   many_client.lua memory URL CA_FILE COUNT
--     bytes of this process for each of COUNT orders in flight
--   many_client.lua steps URL CA_FILE COUNT
--     step(0) while COUNT orders are in flight: the longest in seconds, and
--     the longest of 99 of 100

local certcentral = require "certcentral"
local core = require "certcentral.core"
local memory = require "support.resident"
local orders = require "bench.orders"

local what, url, ca_file, count = arg[1], arg[2], arg[3], tonumber(arg[4])
local concurrency = tonumber(arg[5]) or count

local client = assert(certcentral.new {
  api_key = "0123456789abcdef", base_url = url, ca_file = ca_file,
  rate = false, connect_timeout = 60, timeout = 60,
})

-- Made first: the orders are the caller's memory.
local pool = orders.pool("typical", count, 8) -- CSRs that are known

-- A queue with `count` orders in flight; the time that each step took.
local function in_flight()
  local queue, steps = client:queue { concurrency = concurrency }, {}
  for _, order in ipairs(pool) do
    queue:add(order)
  end
  for i = 1, 1500 do
    local began = core.clock()
    assert(queue:step(0) == count)
    steps[i] = core.clock() - began
    core.sleep(0.001)
  end
  return queue, steps
end

local measures = {}

-- Places n orders; returns how long that took once they were added.
local function place(queue, n)
  local placed = 0
  for i = 1, n do
    queue:add(pool[i], function(outcome)
      placed = placed + (outcome.ok and 1 or 0)
    end)
  end
  local began = core.clock()
  repeat until queue:step(1) == 0
  assert(placed == n, "an order failed")
  return core.clock() - began
end

-- The connections are opened by a run of the same kind, in the same queue.
function measures.time()
  local queue = client:queue { concurrency = concurrency }
  place(queue, concurrency)
  local cpu = os.clock()
  return place(queue, count), os.clock() - cpu
end

function measures.garbage()
  local queue = client:queue { concurrency = concurrency }
  place(queue, count)
  collectgarbage()
  collectgarbage "stop"
  local before = collectgarbage "count"
  place(queue, count)
  return (collectgarbage "count" - before) * 1024 / count
end

-- One order first: what a connection or two need is not counted.
function measures.memory()
  local one = client:queue { concurrency = 1 }
  one:add(orders.typical(1))
  for _ = 1, 100 do
    one:step(0)
    core.sleep(0.001)
  end
  local before = memory()
  local queue = in_flight()
  local bytes = (memory() - before) / count
  queue:close()
  return bytes
end

function measures.steps()
  local queue, steps = in_flight()
  queue:close()
  table.sort(steps)
  return steps[#steps], steps[math.ceil(#steps * 0.99)]
end

local first, second = measures[what]()
io.write(("%.6f %.6f\n"):format(first, second or 0))
os.exit(0)

-- A soak: many orders through one client and one queue, 5 of 100 requests
-- with a fault. None is lost, none is placed twice, memory and file
-- descriptors stay as they are after the first thousand.
--
--   soak.lua [COUNT]

local certcentral = require "certcentral"
local orders = require "support.orders"
local resident = require "support.resident"
local support = require "support.sandbox"

local COUNT = tonumber(arg[1] or 2000)
local BATCH, FAULTS, CONCURRENCY = 1000, 50, 8
local GROWTH = 4 * 1024 * 1024 -- bytes that the process may grow by: malloc()
                               -- takes and gives back megabytes at its leisure
local LUA_GROWTH = 64 * 1024 -- bytes that what Lua has in use may grow by
local SPAN = 10 -- batches, of whose sizes the median counts

local KINDS = { "lose", "close", "cut", "garbage", "refuse", "html" }

local function descriptors()
  local pipe = assert(io.popen("ls /proc/$PPID/fd | wc -l"))
  local count = pipe:read("*n")
  pipe:close()
  return count
end

local server = support.start()
local fds_before = descriptors()
local client = assert(certcentral.new {
  api_key = server.api_key, base_url = server.base_url,
  ca_file = server.ca_file, rate = false, timeout = 5, recover_for = 0.5,
  retry = { base = 0.01, cap = 0.05 } })
local queue = client:queue { concurrency = CONCURRENCY }

local failures = 0

local function expect(good, format, ...)
  if not good then
    failures = failures + 1
    print("failed: " .. format:format(...))
  end
end

-- Half of the faults hit the requests that place orders.
local function add_faults()
  for i = 1, FAULTS do
    support.fault(server, { kind = KINDS[i % #KINDS + 1],
                            method = i % 2 == 0 and "POST" or nil })
  end
end

local function run_batch(from, count)
  local outcomes = {}
  for i = from, from + count - 1 do
    local order = orders.minimal()
    order.alternative_order_id = ("soak-%d"):format(i)
    queue:add(order, { check_csr = i % 10 == 0 }, function(outcome, ticket)
      local name = ticket.name
      expect(not outcomes[name], "%s has two outcomes", name)
      outcomes[name] = outcome.ok and "placed" or outcome.err.outcome
    end)
  end
  repeat until queue:step(5) == 0
  return outcomes
end

local function check_batch(outcomes, tally)
  local stored = {}
  for _, order in ipairs(support.orders(server)) do
    local name = order.alternative_order_id
    stored[name] = (stored[name] or 0) + 1
  end
  for name, outcome in pairs(outcomes) do
    local count = stored[name] or 0
    tally[outcome] = (tally[outcome] or 0) + 1
    expect(count <= 1, "%s is placed %d times", name, count)
    expect(outcome ~= "placed" or count == 1, "%s is lost", name)
    expect(outcome ~= "not_placed" or count == 0, "%s is placed", name)
  end
end

local function median(list, from, to)
  local part = {}
  for i = from, to do
    part[#part + 1] = list[i]
  end
  table.sort(part)
  return part[math.floor((#part + 1) / 2)]
end

local sizes, lua_sizes, tally, done = {}, {}, {}, 0
while done < COUNT do
  local count = math.min(BATCH, COUNT - done)
  add_faults()
  check_batch(run_batch(done + 1, count), tally)
  support.reset(server)
  done = done + count
  sizes[#sizes + 1] = resident()
  if rawget(_G, "jit") then
    jit.flush() -- compiled code counts as Lua's memory
  end
  collectgarbage()
  collectgarbage()
  lua_sizes[#lua_sizes + 1] = collectgarbage("count") * 1024
  local fds = descriptors()
  -- At any moment a connection may be on its way out while another takes its
  -- place, and libcurl has a pair of sockets for each that is made: four for
  -- an order. What is not given back grows by the batch instead, in which
  -- there are more faults than this.
  expect(fds <= fds_before + 4 * CONCURRENCY,
         "%d file descriptors, %d at first", fds, fds_before)
end
queue:close()
client:close()
local fds_after = descriptors()
expect(fds_after <= fds_before, "%d file descriptors are left, %d before",
       fds_after, fds_before)
server.stop()

local span = math.min(SPAN, math.floor((#sizes + 1) / 2))
local function grown(list)
  return median(list, #list - span + 1, #list) - median(list, 1, span)
end
local growth, lua_growth = grown(sizes), math.floor(grown(lua_sizes))
expect(growth < GROWTH, "memory grew by %d bytes", growth)
expect(lua_growth < LUA_GROWTH, "Lua's memory grew by %d bytes", lua_growth)
print(("%d orders: %d placed, %d not placed, %d unknown; %d bytes more, "
  .. "%d of them Lua's"):format(done, tally.placed or 0, tally.not_placed or 0,
                                tally.unknown or 0, growth, lua_growth))
print(("%d passed, %d failed"):format(done + 3 - math.min(failures, done + 3),
                                      failures))
os.exit(failures == 0)

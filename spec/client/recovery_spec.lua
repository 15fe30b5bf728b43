-- Never twice, never lost: each fault at each point of the exchange, in
-- process under a clock of its own and over HTTPS, by place_order and by a
-- queue.

local certcentral = require "certcentral"
local cases = require "support.fault_cases"
local clocks = require "certcentral.sandbox.clock"
local recovery = require "support.recovery"
local sandbox = require "certcentral.sandbox"
local support = require "support.sandbox"

local function merged(...)
  local all = {}
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...)) or {}) do
      all[name] = value
    end
  end
  return all
end

-- Places that the cases are run at: start(case) gives a client's options,
-- and functions that tell what the service has seen.

local function in_process(case)
  local clock = clocks.new()
  local box = sandbox.new { clock = clock,
                            unique_alternative_order_ids = case.unique }
  for _, fault in ipairs(case.faults) do
    box:fault(fault)
  end
  return {
    options = { api_key = box.api_key, base_url = box.base_url,
                transport = { perform = box.transport, clock = clock,
                              time = clock, sleep = clock.sleep } },
    orders = function()
      clock:advance(1000) -- what is under way arrives
      return box:orders()
    end,
    requests = function() return box:requests() end,
  }
end

local servers = {}

local function over_https(case)
  local name = case.unique and "unique" or "usual"
  local server = servers[name] or support.start {
    unique_alternative_order_ids = case.unique }
  servers[name] = server
  support.reset(server)
  for _, fault in ipairs(case.faults) do
    support.fault(server, fault)
  end
  return {
    options = { api_key = server.api_key, base_url = server.base_url,
                ca_file = server.ca_file,
                recover_for = cases.UNIT,
                retry = { base = 0.01, cap = 0.02 } },
    orders = function() return support.orders(server) end,
    requests = function() return support.requests(server) end,
  }
end

local places = { ["in process"] = in_process, ["over HTTPS"] = over_https }

-- Ways to place an order: result, info; or nil, err.

local function by_place_order(client, order, options)
  return client:place_order(order, options)
end

local function by_queue(client, order, options)
  local queue = client:queue()
  local ticket = queue:add(order, options)
  while queue:step(1) > 0 do
    assert.is_nil(ticket:outcome())
  end
  local outcome = ticket:outcome()
  assert.are.equal(outcome.ok, outcome.err == nil)
  if outcome.ok then
    return outcome.result, outcome.info
  end
  return nil, outcome.err
end

local ways = { place_order = by_place_order, ["a queue"] = by_queue }

-- Places the case's order: result, info (or nil, err), what was stored, and
-- all requests.
local function play(case, place, way)
  local client = assert(certcentral.new(merged(place.options,
    { unique_ids = case.unique }, case.client)))
  local result, info = (way or by_place_order)(client, support.order(),
                                               case.options)
  client:close()
  return result, info, place.orders(), place.requests()
end

local function check(case, place, way)
  recovery.check(case, play(case, place, way))
end

for where, start in pairs(places) do
  for name, way in pairs(ways) do
    describe(("an order %s, by %s,"):format(where, name), function()
      for _, case in ipairs(cases) do
        if not case.only or case.only == where then
          it("that meets: " .. case.name, function()
            check(case, start(case), way)
          end)
        end
      end
    end)
  end
end

describe("all faults together", function()
  it("lose no order, place none twice and invent none", function()
    local sums = { twice = 0, lost = 0, invented = 0 }
    local function add(name, is_so)
      sums[name] = sums[name] + (is_so and 1 or 0)
    end
    for _, case in ipairs(cases) do
      local result, info, stored = play(case, in_process(case))
      add("twice", #stored > 1)
      add("lost", #stored > 0 and not result and
                  info.outcome == "not_placed")
      add("invented", #stored == 0 and result)
    end
    assert.are.same({ twice = 0, lost = 0, invented = 0 }, sums)
  end)
end)

for _, name in ipairs { "usual", "unique" } do
  teardown(function()
    if servers[name] then
      servers[name].stop()
    end
  end)
end

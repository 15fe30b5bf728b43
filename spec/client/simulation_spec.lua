-- Orders under everything that may happen to them, in a simulation. A longer
-- course of it is spec/attack.lua.

local judge = require "support.simulated_judge"
local journals = require "support.journal"
local simulation = require "support.simulation"

local SEED = 20261125
local COUNT = 3000

describe("orders over all ways, with every fault at random", function()
  local directory, sums, faults

  setup(function()
    directory = journals.directory()
    sums, faults = simulation.run(SEED, COUNT, directory)
    print(("simulation of seed %d: %s"):format(SEED, judge.line(sums)))
  end)
  teardown(function()
    journals.remove(directory)
  end)

  for _, name in ipairs(judge.FAULTS) do
    it("are never told or stored wrong: " .. name, function()
      local told = {}
      for _, fault in ipairs(faults) do
        if #told < 3 and fault:find("^" .. name) then
          told[#told + 1] = fault
        end
      end
      assert.are.equal(0, sums[name], table.concat(told, "\n"))
    end)
  end

  it("are placed for the most part, and meet what is simulated", function()
    assert.is_true(sums.placed > 0.75 * sums.orders, judge.line(sums))
    for _, name in ipairs { "not_placed", "unknown", "crashed" } do
      assert.is_true(sums[name] > 0, name)
    end
  end)
end)

-- A scenario that is written down: `calls` as simulation.lua keeps them, and
-- which of them the orders are of.
local function scenario(case)
  local process = { crashed = case.crashed, crashed_at = case.crashed_at }
  local self = { calls = {}, recovered = {}, seed = 1,
                 journal_kind = "memory" }
  local box = { orders = {}, posts = {}, faults = 0, lag = 0 }
  for i, told in ipairs(case.calls) do
    self.calls[i] = { way = case.way or "place", name = "a", account = "A",
      process = process, common_name = told.common_name or "a.example.com",
      began = 10 * i, ended = 10 * i + 5, host_began = 10 * i,
      host_ended = 10 * i + 5, told = told[1], id = told[2],
      cancelled = told.cancelled }
  end
  for id, of in pairs(case.stored or {}) do
    local call = self.calls[of]
    local post = { call = call, name = "a", account = "A",
                   at = call.began + 1 }
    local order = { id = id, account = "A", name = "a", post = post,
      status = "pending", common_name = "a.example.com",
      created = post.at, shown = post.at }
    post.order = order
    box.orders[id] = order
    table.insert(box.posts, post)
  end
  for id, order in pairs(case.old or {}) do
    order.id, order.name, order.account, order.old = id, "a", "A", true
    order.common_name, order.created, order.shown = "a.example.com", 0, 0
    box.orders[id] = order
  end
  function box.named()
    local list = {}
    for _, order in pairs(box.orders) do
      list[#list + 1] = order
    end
    return list
  end
  self.service = box
  if case.recovered then
    case.recovered.alternative_order_id = "a"
    case.recovered.common_name = "a.example.com"
    self.recovered[1] = { process = process, account = "A", at = 5000,
                          list = { case.recovered } }
  end
  judge.scenario(self)
  return self
end

describe("the judge of the simulation", function()
  local PLACED, OVER = { "placed", 7 }, { status = "expired" }
  local cases = { -- what it says, of which scenario
    { "nothing", { calls = { PLACED }, stored = { [7] = 1 } } },
    { "nothing", { calls = { { "not_placed" } } } },
    { "nothing", { calls = { { "unknown" } }, stored = { [7] = 1 } } },
    { "nothing", { calls = { {} }, crashed = true, stored = { [7] = 1 } } },
    { "silent", { calls = { {} } } },
    { "raised", { calls = { { "raised" } } } },
    { "lost", { calls = { { "not_placed" } }, stored = { [7] = 1 } } },
    { "lost", { calls = { { "unknown", cancelled = "no" } },
                stored = { [7] = 1 } } },
    { "phantom", { calls = { { "unknown", cancelled = "yes" } } } },
    { "phantom", { calls = { PLACED } } },
    { "phantom", { calls = { PLACED }, old = { [7] = OVER } } },
    { "wrong", { calls = { { "placed", 6 } }, old = { [6] = OVER },
                 stored = { [7] = 1 } } },
    { "wrong", { calls = { { "placed", 7, common_name = "b" } },
                 stored = { [7] = 1 } } },
    { "twice", { calls = { PLACED }, stored = { [7] = 1, [8] = 1 } } },
    { "nothing", { way = "ensure", calls = { PLACED, PLACED },
                   stored = { [7] = 2 } } },
    { "nothing", { way = "ensure", calls = { { "not_placed" }, PLACED },
                   stored = { [7] = 2 } } },
    { "lost", { way = "ensure", calls = { PLACED, { "not_placed" } },
                stored = { [7] = 1 } } },
    { "wrong", { way = "ensure", calls = { { "placed", 6 } },
                 old = { [6] = OVER } } },
    { "twice", { way = "renew", calls = { PLACED, { "placed", 8 } },
                 stored = { [7] = 1, [8] = 2 } } },
    { "twice", { way = "ensure", calls = { PLACED }, stored = { [7] = 1 },
                 old = { [6] = { status = "issued" } } } },
    { "nothing", { way = "ensure", calls = { PLACED }, stored = { [7] = 1 },
                   old = { [6] = OVER } } },
    { "twice", { way = "ensure", calls = { { "unknown" }, { "placed", 8 } },
                 stored = { [7] = 1, [8] = 2 } } },
    { "lost", { calls = { { "unknown" } }, stored = { [7] = 1 },
                recovered = { outcome = "not_placed", time = 12 } } },
    { "nothing", { calls = { { "unknown" } }, stored = { [7] = 1 },
                   recovered = { outcome = "placed", order_id = 7,
                                 time = 12 } } },
    { "phantom", { calls = { { "unknown" } }, recovered = {
        outcome = "placed", order_id = 9, time = 12 } } },
    { "wrong", { calls = { { "unknown" } }, old = { [6] = OVER },
                 recovered = { outcome = "placed", order_id = 6,
                               time = 12 } } },
  }
  for i, case in ipairs(cases) do
    it(("says %s of case %d"):format(case[1], i), function()
      local sums, said = scenario(case[2]).sums, {}
      for _, name in ipairs(judge.FAULTS) do
        if sums[name] > 0 then
          said[#said + 1] = name
        end
      end
      assert.are.equal(case[1], said[1] or "nothing")
      assert.is_nil(said[2])
    end)
  end
end)

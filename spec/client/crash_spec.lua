-- Processes that die while they place orders, and processes that share a
-- journal.

local journals = require "certcentral.journal"
local rate = require "support.rate"
local sandbox = require "support.sandbox"
local support = require "support.journal"

local KILLS = 200
local JOBS = 1e6 -- more than a process lives for
-- Where the processes begin to count their steps, and how many at most.
local PLACES = { { "ready", 40000 }, { "intent", 800 },
                 { "ready", 40000 }, { "start", 40000 } }

local directory, server, path

setup(function()
  directory = support.directory()
  server = sandbox.start()
end)
teardown(function()
  server.stop()
  support.remove(directory)
end)
before_each(function()
  path = directory .. "/journal"
  os.remove(path)
  sandbox.reset(server)
end)

local function placing(action, ...)
  return support.program("placing_process.lua", action, path,
                         server.base_url, server.ca_file, server.api_key,
                         ...)
end

-- What the journal has as placed: ids by their names, and the number of ids
-- that differ within a name.
local function read_journal()
  local names, ids, differing = {}, {}, 0
  local lines, skipped = assert(assert(journals.file(path)):read())
  for _, line in ipairs(lines) do
    if line.step == "intent" then
      names[line.entry] = line.alternative_order_id
    elseif line.outcome == "placed" then
      local name = names[line.entry]
      if ids[name] and ids[name] ~= line.order_id then
        differing = differing + 1
      end
      ids[name] = line.order_id
    end
  end
  return ids, differing, skipped, lines
end

-- The orders that the service has, by their names; raises for a second one.
local function stored_orders()
  local ids, count = {}, 0
  for _, order in ipairs(sandbox.orders(server)) do
    local name = order.alternative_order_id
    assert.is_nil(ids[name], "placed twice: " .. name)
    ids[name] = order.order_id
    count = count + 1
  end
  return ids, count
end

describe("a process that is killed while it places orders", function()
  it("loses none and places none twice", function()
    local random = rate.new_random(20261124)
    local sums = { open = 0, found = 0 }
    for i = 1, KILLS do
      local place = PLACES[i % #PLACES + 1]
      local output = support.run(placing("ensure", JOBS, place[1],
                                         math.floor(random() * place[2])))
      assert.is_nil(output:find("left", 1, true), "it was not killed")
      local open, found = output:match("^(%d+) (%d+)\n")
      sums.open = sums.open + (tonumber(open) or 0)
      sums.found = sums.found + (tonumber(found) or 0)
    end
    local _, last = stored_orders()
    assert.is_truthy(support.sure(placing("ensure", last + 2))
      :find("\nleft 0$"))

    local stored, count = stored_orders()
    local known, differing, skipped = read_journal()
    assert.are.same(stored, known)
    assert.are.equal(0, differing)
    assert.are.equal(0, skipped)
    assert.are.equal(last + 2, count)
    -- the processes died where it matters: not all before their first order
    assert.is_true(sums.open >= 1, "open: " .. sums.open)
    assert.is_true(sums.found >= 1, "found: " .. sums.found)
    assert.is_true(count >= 1, "orders: " .. count)
  end)
end)

describe("clients in several processes that share a journal", function()
  it("lose nothing and tear nothing", function()
    local PROCESSES, COUNT = 6, 30
    local command = "(" .. placing("place", COUNT) .. ") &\n"
    local output = support.sure(command:rep(PROCESSES) .. "wait")
    local printed = {}
    for id in output:gmatch("%d+") do
      printed[tonumber(id)] = true
    end

    local stored, count = stored_orders()
    local known, _, skipped, lines = read_journal()
    assert.are.equal(PROCESSES * COUNT, count)
    assert.are.same(stored, known)
    assert.are.equal(0, skipped)
    assert.are.equal(2 * PROCESSES * COUNT, #lines)
    for _, id in pairs(stored) do
      assert.is_true(printed[id])
    end
  end)
end)

--- Who of a queue may go on, and when.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local orders = require "support.orders"
local random = require "support.random"
local support = require "support.client"
local waiting = require "certcentral.many.waiting"

-- Takes all that can go on until a time, by their names.
local function taken(list, now)
  local names = {}
  local ticket = list:take(now)
  while ticket do
    names[#names + 1] = ticket.name
    ticket = list:take(now)
  end
  return table.concat(names, " ")
end

local function ticket_of(name)
  return { name = name }
end

describe("those that wait", function()
  it("go on by their time, none before it", function()
    local list = waiting.new()
    assert.are.equal(math.huge, list:time())
    for name, time in pairs { a = 3, b = 1, c = 2, d = 5 } do
      list:add(ticket_of(name), time)
    end
    assert.are.equal(1, list:time())
    assert.are.equal("", taken(list, 0.99))
    assert.are.equal("b c", taken(list, 2))
    assert.are.equal(3, list:time())
    assert.are.equal("a d", taken(list, 5))
    assert.are.equal(math.huge, list:time())
    assert.are.same({}, list.set)
  end)

  it("are in the order of their time, whatever was added and forgotten",
     function()
    local chance = random.new(20261201)
    for _ = 1, 300 do
      local list, times, now = waiting.new(), {}, 0
      for i = 1, chance(40) do
        local ticket = ticket_of(i)
        times[ticket] = chance(20)
        list:add(ticket, times[ticket])
        if chance(4) == 1 then
          list:remove(ticket)
          times[ticket] = nil
        elseif chance(50) == 1 then
          list:rebuild()
        end
      end
      while next(times) do
        local least = math.huge
        for _, time in pairs(times) do
          least = math.min(least, time)
        end
        assert.are.equal(least, list:time())
        assert.is_true(least >= now)
        now = least
        assert.is_nil(list:take(least - 0.5))
        local ticket = list:take(least)
        assert.are.equal(least, times[ticket])
        times[ticket] = nil
      end
      assert.is_nil(list:take(math.huge))
    end
  end)

  it("stand in a line for the budget, of which the first alone asks",
     function()
    local list, first, second, third = waiting.new(), ticket_of "first",
      ticket_of "second", ticket_of "third"
    list:line_up(first, 5)
    list:line_up(second, 1)
    list:line_up(third, 1)
    assert.are.equal(5, list:time())
    assert.is_nil(list:take(4))
    assert.are.equal(first, list:take(5))
    list:line_up(first, 9) -- there was no room
    assert.are.equal(9, list:time())
    assert.are.equal(first, list:take(9)) -- now there is
    assert.are.equal(second, list:take(0))
    list:line_up(second, 20)
    assert.are.equal(20, list:time())
    list:remove(second)
    assert.are.equal(-math.huge, list:time())
    assert.are.equal(third, list:take(0))
    assert.are.equal(math.huge, list:time())
    list:line_up(first, 30) -- the line is empty
    assert.are.equal(30, list:time())
  end)

  it("pass over those in the line that were forgotten", function()
    local list, all = waiting.new(), {}
    for i = 1, 4 do
      all[i] = ticket_of(i)
      list:line_up(all[i], 1)
    end
    list:remove(all[2])
    list:remove(all[3])
    assert.are.equal("1 4", taken(list, 1))
  end)

  it("all ask once where the line was lost", function()
    local list = waiting.new()
    for i = 1, 3 do
      list:line_up(ticket_of(i), 7)
    end
    list:rebuild()
    assert.are.equal(3, select(2, taken(list, 0):gsub("%d", "")) +
                        select(2, taken(list, 7):gsub("%d", "")))
  end)
end)

-- Places so many orders of which the budget lets one go each second; how
-- often it was asked.
local function times_asked(count)
  local clock, asked, free_at = clocks.new(), 0, 0
  local client = assert(certcentral.new { api_key = support.KEY,
    transport = { clock = clock, time = clock, sleep = clock.sleep,
      perform = function()
        return { status = 201, headers = {},
                 body = ('{"id":%d}'):format(asked) }
      end },
    budget = {
      take = function()
        asked = asked + 1
        local wait = free_at - clock()
        free_at = wait <= 0 and clock() + 1 or free_at
        return math.max(wait, 0)
      end,
      done = function() end,
    } })
  local queue = client:queue { concurrency = count }
  for _ = 1, count do
    queue:add(orders.minimal(), orders.options())
  end
  local began, left = clock(), count
  while left > 0 do
    left = queue:step(1e5)
  end
  assert.are.equal(count - 1, math.floor(clock() - began + 0.5))
  queue:close()
  return asked
end

describe("a queue", function()
  it("asks the budget as often for an order of many as of a few", function()
    local few, many = times_asked(10) / 10, times_asked(200) / 200
    assert.is_true(many <= few + 1, ("%g, %g"):format(few, many))
  end)
end)

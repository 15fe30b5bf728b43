-- Ctrl-C and hooks: what raises wherever the script is. It stops the script
-- with the order's name, and leaves queues in order.

local orders = require "support.orders"
local service = require "support.service"
local stores = require "certcentral.store"
local support = require "support.client"

local PLACED = service.PLACED

local function client_of(box, more)
  return support.over(box.world, { store = stores.memory() }, more)
end

local function order_of(name)
  return orders.with { alternative_order_id = name }
end

-- As lua.c's signal handler raises it.
local function interrupt()
  error("somewhere.lua:17: interrupted!", 0)
end

local function always() return true end

describe("an interruption", function()
  -- where it comes, options of a client, how often the order went out
  local places = {
    { "in the journal, before", { journal = {
      read = function() return {}, 0 end, write = interrupt } }, 0 },
    { "in the journal, after", function()
      local count = 0
      return { journal = { read = function() return {}, 0 end,
        write = function()
          count = count + 1
          return count == 1 or interrupt()
        end } }
    end, 1 },
    { "in on_event, of the attempt", { on_event = function(event)
      if event.event == "attempt" then interrupt() end
    end }, 1 },
    { "in on_event, of the outcome", { on_event = function(event)
      if event.event == "outcome" then interrupt() end
    end }, 1 },
    { "in a budget", { budget = { take = interrupt, done = always } }, 0 },
    { "in a budget, as it is told", { budget = {
      take = function() return 0 end, done = interrupt } }, 1 },
    { "in a transport", { }, 1, function(box)
      local perform = box.world.perform
      box.world.perform = function(request)
        perform(request)
        interrupt()
      end
    end },
  }
  for _, case in ipairs(places) do
    it(case[1] .. " stops the script and names the order", function()
      local box = service.new { post = { PLACED }, lookup = { 404 } }
      if case[4] then
        case[4](box)
      end
      local more = case[2]
      local client = client_of(box, type(more) == "function" and more() or
                                    more)
      local ok, message = pcall(client.place_order, client,
                                order_of "stop-1", orders.options())
      assert.is_false(ok)
      assert.are.equal("somewhere.lua:17: interrupted! (the order 'stop-1' "
        .. (case[3] == 1 and "may have been placed)" or "was not sent)"),
        message)
      local posts = 0
      for _, request in ipairs(box.requests) do
        posts = posts + (request.method == "POST" and 1 or 0)
      end
      assert.are.equal(case[3], posts)
      assert.are.same({}, client.under_way)
    end)
  end

  it("of a store stops ensure_order, which gives its claim back", function()
    for _, method in ipairs { "lock", "keep", "set", "get" } do
      local store = stores.memory()
      local client = client_of(service.new { post = { PLACED },
        lookup = { 404 } }, { store = store })
      store[method] = interrupt
      local ok, message = pcall(client.ensure_order, client,
                                order_of "stop-2", orders.options())
      assert.is_false(ok)
      assert.is_truthy(tostring(message):find("interrupted!", 1, true))
      assert.are.same({}, store.locks)
    end
  end)

  it("of a journal stops recover", function()
    local client = client_of(service.new {}, { journal = {
      read = interrupt, write = always } })
    assert.is_false((pcall(client.recover, client)))
  end)

  it("is none where the function merely failed", function()
    local box = service.new { post = { PLACED } }
    local result, info = client_of(box, { on_event = function()
      error("interrupted! by nobody", 0)
    end }):place_order(order_of "stop-3", orders.options())
    assert.are.equal(542772, result.id)
    assert.are.equal("interrupted! by nobody", info.event_error)
  end)
end)

-- Runs f with a hook that raises at the n-th line that it sees outside of this
-- file; returns false where there are not so many.
local function interrupted_at(n, f)
  local count, raised = 0, false
  local here = debug.getinfo(1, "S").source
  local function hook()
    if debug.getinfo(2, "S").source == here then
      return
    end
    count = count + 1
    if count == n then
      raised = true
      debug.sethook()
      interrupt()
    end
  end
  local ok, message = pcall(function()
    debug.sethook(hook, "l")
    f()
    debug.sethook()
  end)
  if not ok and not raised then
    error(message, 0)
  end
  return raised
end

describe("a queue whose step was interrupted", function()
  local jit = rawget(_G, "jit") -- luacheck: ignore
  if jit then
    setup(function() jit.off() end)
    teardown(function() jit.on() end)
  end

  -- Places four orders, one of which is refused for good, with an interruption
  -- at the n-th line of a step.
  local function play(n, journal)
    local box = service.new { post = { PLACED, 400, PLACED },
                              lookup = { 404 } }
    local client = client_of(box, { recover_for = 0, journal = journal,
                                    retry = { attempts = 1 } })
    local queue, outcomes, told = client:queue { concurrency = 2 }, {}, 0
    local tickets = {}
    for i = 1, 4 do
      tickets[i] = queue:add(order_of("queue-" .. i),
        { check_csr = false, now = orders.options().now },
        function(outcome)
          told = told + 1
          assert(not outcomes[i], "told twice")
          outcomes[i] = outcome
        end)
    end
    local hit = interrupted_at(n, function() queue:step(0) end)
    local steps = 0
    repeat
      steps = steps + 1
      local ok, left = pcall(queue.step, queue, 0)
      if not ok and not tostring(left):find("interrupted!", 1, true) then
        error(left, 0)
      end
    until ok and left == 0 or steps > 200
    return hit, steps, tickets, box, queue
  end

  -- The orders of a journal by their names: "intent", or the outcome.
  local function noted(journal)
    local names, steps = {}, {}
    for _, entry in ipairs(journal and journal:read() or {}) do
      names[entry.entry] = names[entry.entry] or entry.alternative_order_id
      steps[names[entry.entry]] = entry.outcome or steps[names[entry.entry]]
                                  or "intent"
    end
    return steps
  end

  local function check_all(new_journal)
    local n, hit = 0, true
    while hit do
      n = n + 1
      local steps, tickets, box, queue
      local journal = new_journal and new_journal()
      hit, steps, tickets, box, queue = play(n, journal)
      assert.is_true(steps <= 200, "still not done, line " .. n)
      assert.are.equal(0, queue.left)
      assert.are.equal(0, queue.running)
      local posts = {}
      for _, request in ipairs(box.requests) do
        if request.method == "POST" then
          local name = request.body:match('"(queue%-%d)"')
          posts[name] = (posts[name] or 0) + 1
        end
      end
      for i, ticket in ipairs(tickets) do
        local outcome, sent = ticket:outcome(), posts["queue-" .. i] or 0
        assert.is_table(outcome, "no outcome, line " .. n)
        assert.is_true(sent <= 1, "sent twice, line " .. n)
        local line = noted(journal)["queue-" .. i]
        assert.is_true(not journal or sent == 0 or line ~= nil,
                       "sent without a line, line " .. n)
        assert.is_true(line ~= "placed" or sent == 1)
        if sent == 1 and not outcome.ok then
          assert.is_true(outcome.err.outcome == "unknown" or
                         outcome.err.kind == "refused", "line " .. n)
        end
      end
      queue:close()
    end
    assert.is_true(n > 100)
  end

  it("goes on, wherever that was, and every order has one outcome", function()
    check_all()
  end)

  it("does so with a journal", function()
    check_all(require("certcentral.journal").memory)
  end)

  it("is not told of a step within a step", function()
    local box = service.new { post = { PLACED } }
    local queue = client_of(box):queue()
    queue.stepping = coroutine.create(function() end) -- left behind
    assert.are.equal(0, queue:step(0))
    local ok, message
    queue:add(order_of "queue-1", orders.options(), function()
      ok, message = pcall(queue.step, queue, 0)
    end)
    queue:step(0)
    assert.is_false(ok)
    assert.is_truthy(message:find("'step' within a step", 1, true))
  end)
end)

describe("what gives up orders of a queue, interrupted,", function()
  local jit = rawget(_G, "jit") -- luacheck: ignore
  if jit then
    setup(function() jit.off() end)
    teardown(function() jit.on() end)
  end

  -- Three orders, the first of which waits to be looked up.
  local function new_queue()
    local box = service.new { post = { 500, PLACED }, lookup = { 404 } }
    local client = client_of(box)
    local queue, told, tickets = client:queue { concurrency = 1 }, {}, {}
    local options = { check_csr = false, now = orders.options().now }
    for i = 1, 3 do
      tickets[i] = queue:add(order_of("up-" .. i), options, function(outcome)
        told[i] = (told[i] or 0) + 1
        told.order = told.order or outcome
      end)
    end
    queue:step(0)
    return box, queue, tickets, told
  end

  local function go_on(queue, tickets)
    local steps = 0
    repeat
      steps = steps + 1
      assert.is_true(steps < 200)
      local left = queue:step(100)
    until left == 0
    assert.are.equal(0, queue.running)
    return tickets
  end

  local ways = {
    { "cancel of an order that has not begun", function(queue, tickets)
      queue:cancel(tickets[2])
    end, 2 },
    { "cancel of one under way", function(queue, tickets)
      queue:cancel(tickets[1])
    end, 1 },
    { "add of an order with problems", function(queue, tickets, told)
      tickets[4] = queue:add({}, nil, function() told[4] = 1 end)
    end, 4 },
    { "close", function(queue) queue:close() end, "all" },
  }
  for _, way in ipairs(ways) do
    it(way[1] .. " is done later, and no order has a wrong outcome", function()
      local n, hit = 0, true
      while hit do
        n = n + 1
        local box, queue, tickets, told = new_queue()
        hit = interrupted_at(n, function() way[2](queue, tickets, told) end)
        if way[3] == "all" then
          queue:close()
        else
          go_on(queue, tickets)
        end
        local posts = {}
        for _, request in ipairs(box.requests) do
          local name = request.method == "POST" and
                       request.body:match('"(up%-%d)"')
          if name then
            posts[name] = (posts[name] or 0) + 1
          end
        end
        for i, ticket in ipairs(tickets) do
          local outcome, sent = ticket:outcome(), posts["up-" .. i] or 0
          local where = ("order %d, line %d"):format(i, n)
          assert.is_table(outcome, where)
          assert.are.equal("done", ticket:status(), where)
          assert.is_true((told[i] or 0) <= 1, where)
          assert.is_true(sent <= 1, where)
          if not outcome.ok then
            assert.are.equal(sent == 1 and "unknown" or "not_placed",
                             outcome.err.outcome, where)
          end
        end
        queue:close()
      end
      assert.is_true(n > 10)
    end)
  end
end)

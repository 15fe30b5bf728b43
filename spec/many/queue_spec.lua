-- Queues: many orders at once, in process under a clock of its own. The fault
-- cases are in recovery_spec, what needs a server in queue_https_spec.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local core = require "certcentral.core"
local journal = require "certcentral.journal"
local orders = require "support.orders"
local sandbox = require "certcentral.sandbox"
local support = require "support.sandbox"
local client_support = require "support.client"

local recorder = client_support.recorder

-- A client of a sandbox in process; the clock, which shows who slept.
local function start(more, box_options)
  local clock = clocks.new()
  local options = { clock = clock }
  for name, value in pairs(box_options or {}) do
    options[name] = value
  end
  local box = sandbox.new(options)
  local slept = { count = 0 }
  local client_options = {
    api_key = box.api_key, base_url = box.base_url,
    transport = { perform = box.transport, clock = clock, time = clock,
                  sleep = function(seconds)
                    slept.count = slept.count + 1
                    clock.sleep(seconds)
                  end },
  }
  for name, value in pairs(more or {}) do
    client_options[name] = value
  end
  return assert(certcentral.new(client_options)), box, clock, slept
end

local function raises(message, f, ...)
  local ok, got = pcall(f, ...)
  assert.is_false(ok)
  assert.is_truthy(tostring(got):find(message, 1, true), tostring(got))
end

local function order(name)
  return support.order { alternative_order_id = name }
end

describe("a queue", function()
  it("places what is added, and tells so", function()
    local client, box = start()
    local queue = client:queue()
    local told = {}
    local tickets = {}
    for i = 1, 20 do
      tickets[i] = queue:add(order("order-" .. i), nil,
        function(outcome, ticket)
          assert.are.equal("done", ticket:status())
          told[ticket] = outcome
        end)
      assert.are.equal("queued", tickets[i]:status())
      assert.is_nil(tickets[i]:outcome())
    end
    repeat until queue:step(1) == 0
    for i = 1, 20 do
      local outcome = tickets[i]:outcome()
      assert.is_true(outcome.ok)
      assert.are.equal(outcome, told[tickets[i]])
      assert.are.equal("order-" .. i, outcome.info.alternative_order_id)
      assert.are.equal(201, outcome.info.status)
      assert.is_truthy(tostring(tickets[i]):find("order-" .. i, 1, true))
    end
    assert.are.equal(20, #box:orders())
    assert.are.equal(0, queue:step(0))
    assert.is_nil(queue:next_timeout())
    assert.are.same({}, queue:fds())
  end)

  it("writes an order when it is added", function()
    local client, box = start()
    local queue = client:queue()
    local mine = order("before")
    local ticket = queue:add(mine)
    mine.alternative_order_id = "after"
    queue:step(1)
    assert.is_true(ticket:outcome().ok)
    assert.are.equal("before", box:orders()[1].alternative_order_id)
  end)

  it("tells of an order with problems at once", function()
    local client = start()
    local queue, told = client:queue(), nil
    local ticket = queue:add({}, function(outcome) told = outcome end)
    assert.are.equal("done", ticket:status())
    assert.are.equal("invalid", told.err.kind)
    assert.is_false(told.ok)
    assert.are.equal(0, queue:step(1))
  end)

  it("takes the options of an order", function()
    local transport, requests = recorder()
    local queue = client_support.new(transport):queue()
    local ticket = queue:add(orders.minimal(),
      orders.options { product = "ssl_basic", once = false })
    queue:step(1)
    assert.is_nil(ticket:outcome().info.alternative_order_id)
    assert.is_truthy(requests[1].url:find("/ssl_basic$"))
  end)

  local function most_under_way(options)
    local client, box = start { retry = { attempts = 20 } }
    for i = 1, 10 do
      box:fault { kind = "status", status = 429, method = "POST",
                  path = "order/certificate", times = 1,
                  headers = { ["Retry-After"] = tostring(i) } }
    end
    local queue = client:queue(options)
    local tickets = {}
    for i = 1, 10 do
      tickets[i] = queue:add(order("order-" .. i))
    end
    local left, most = 10, 0
    while left > 0 do
      left = queue:step(0.5)
      local under_way = 0
      for _, ticket in ipairs(tickets) do
        local state = ticket:status()
        under_way = under_way + (state ~= "queued" and state ~= "done"
                                 and 1 or 0)
      end
      most = math.max(most, under_way)
    end
    assert.are.equal(10, #box:orders())
    return most
  end

  it("has no more orders under way than it may", function()
    assert.are.equal(3, most_under_way { concurrency = 3 })
    assert.are.equal(1, most_under_way { concurrency = 1 })
    assert.are.equal(8, most_under_way())
  end)

  it("refuses a name that another order has now", function()
    local client, box = start()
    local queue = client:queue()
    queue:add(order("same"))
    local second = queue:add(order("same")):outcome()
    assert.are.equal("invalid", second.err.kind)
    assert.are.equal("conflict", second.err.problems[1].code)
    assert.is_truthy(second.err.message:find("'same'", 1, true) or
                     second.err.message:find("same", 1, true))
    queue:step(1)
    assert.is_nil(queue:add(order("same")):outcome())
    queue:step(1)
    assert.are.equal(2, #box:orders())
  end)

  describe("that may not wait", function()
    it("lets a back-off pass", function()
      local client, box, clock, slept = start()
      box:fault { kind = "status", status = 429, method = "POST",
                  headers = { ["Retry-After"] = "7" } }
      local queue = client:queue()
      local ticket = queue:add(order("late"))
      assert.are.equal(0, queue:next_timeout())
      for _ = 1, 5 do
        assert.are.equal(1, queue:step(0))
      end
      assert.are.equal("waiting", ticket:status())
      assert.are.equal(0, slept.count)
      local seconds = queue:next_timeout()
      assert.are.equal(7, seconds)
      clock:advance(seconds)
      assert.are.equal(0, queue:next_timeout())
      assert.are.equal(0, queue:step(0))
      assert.are.equal(2, ticket:outcome().info.attempts)
      assert.are.equal(0, slept.count)
    end)

    it("lets the rate budget have its time", function()
      local client, box, clock, slept = start({
        rate = { { requests = 2, seconds = 10 } } })
      local queue = client:queue()
      local tickets = {}
      for i = 1, 5 do
        tickets[i] = queue:add(order("order-" .. i))
      end
      for _ = 1, 5 do
        queue:step(0)
      end
      assert.are.equal(2, #box:orders())
      assert.are.equal("rate", tickets[5]:status())
      assert.are.equal(0, slept.count)
      while queue:step(0) > 0 do
        clock:advance(queue:next_timeout())
      end
      assert.are.equal(5, #box:orders())
    end)

    it("comes back within its time", function()
      local client, box, clock = start()
      box:fault { kind = "status", status = 429, method = "POST",
                  headers = { ["Retry-After"] = "7" } }
      local queue, began = client:queue(), clock()
      queue:add(order("late"))
      assert.are.equal(1, queue:step(3))
      assert.are.equal(3, clock() - began)
      assert.are.equal(0, queue:step(100))
      assert.are.equal(7, clock() - began)
    end)
  end)

  it("keeps the rate budget: none is refused", function()
    local client, box = start(nil, { rate_limits = true })
    local queue = client:queue { concurrency = 50 }
    for i = 1, 250 do
      queue:add(order("order-" .. i))
    end
    repeat until queue:step(60) == 0
    assert.are.equal(250, #box:orders())
    assert.are.equal(250, #box:requests())
  end)

  it("lets no order's deadline come while it waits for its turn", function()
    local client, box = start { rate = { { requests = 2, seconds = 500 } } }
    local queue, tickets = client:queue(), {}
    for i = 1, 8 do
      tickets[i] = queue:add(order("order-" .. i))
    end
    repeat until queue:step(1000) == 0
    for _, ticket in ipairs(tickets) do
      assert.is_true(ticket:outcome().ok)
    end
    assert.are.equal(8, #box:orders())
  end)

  it("loses none, places none twice, whatever happens", function()
    local client, box, clock = start({ deadline = 5, recover_for = 2,
                                       timeout = 1 })
    for i = 1, 40 do
      for _, kind in ipairs { "lose", "close", "cut", "garbage" } do
        box:fault { kind = kind, method = "POST", path = "certificate" }
      end
      box:fault { kind = "refuse" }
      box:fault { kind = "status", status = 500, store = i % 2 == 0 }
      box:fault { kind = "delay", seconds = 2 }
      box:fault { kind = "status", status = 400, method = "POST" }
    end
    local queue, tickets = client:queue { concurrency = 16 }, {}
    for i = 1, 200 do
      tickets[i] = queue:add(order("order-" .. i))
    end
    repeat until queue:step(1) == 0
    clock:advance(100)
    local stored = {}
    for _, one in ipairs(box:orders()) do
      local name = one.alternative_order_id
      assert.is_nil(stored[name])
      stored[name] = one.order_id
    end
    local told = { placed = 0, not_placed = 0, unknown = 0 }
    for i, ticket in ipairs(tickets) do
      local outcome = ticket:outcome()
      local what = outcome.ok and "placed" or outcome.err.outcome
      told[what] = told[what] + 1
      local id = stored["order-" .. i]
      assert.is_true(what ~= "placed" or id == outcome.result.id)
      assert.is_true(what ~= "not_placed" or id == nil)
    end
    assert.is_true(told.placed > 20 and told.not_placed > 10 and
                   told.unknown > 20)
  end)
end)

describe("a queue with a journal in a file", function()
  local path, append
  before_each(function()
    path, append = os.tmpname(), core.append
  end)
  after_each(function()
    core.append = append
    os.remove(path)
  end)

  it("has all lines of a step on the disk at once", function()
    local appended = 0
    core.append = function(...)
      appended = appended + 1
      return append(...)
    end
    local entries = assert(journal.file(path))
    local client, box = start { journal = entries }
    local queue = client:queue { concurrency = 50 }
    for i = 1, 50 do
      queue:add(order("name-" .. i))
    end
    appended = 0
    repeat until queue:step(1) == 0
    assert.are.equal(50, #box:orders())
    assert.are.equal(100, #entries:read())
    assert.are.same({}, entries:open_orders())
    assert.is_true(appended <= 4, tostring(appended))
  end)

  it("sends nothing while another one writes there", function()
    local client, box = start { journal = assert(journal.file(path)) }
    local lock = assert(core.lock(path))
    local queue = client:queue()
    queue:add(order "name-1")
    queue:add(order "name-2")
    for _ = 1, 3 do
      assert.are.equal(2, queue:step(0))
    end
    assert.are.equal(0, #box:orders())
    lock:release()
    repeat until queue:step(1) == 0
    assert.are.equal(2, #box:orders())
  end)

  it("and places none where that cannot be written", function()
    local entries = assert(journal.file(path))
    local client, box = start { journal = entries }
    local queue = client:queue()
    local ticket = queue:add(order "name-1")
    core.append = function()
      return nil, "the disk is full"
    end
    repeat until queue:step(1) == 0
    assert.are.equal("config", ticket:outcome().err.kind)
    assert.is_truthy(ticket:outcome().err.message:find("disk is full", 1,
                                                       true))
    assert.are.equal(0, #box:orders())
  end)
end)

describe("a callback", function()
  it("that raises costs no order, and is heard of", function()
    local client, box = start()
    local queue = client:queue()
    for i = 1, 3 do
      queue:add(order("order-" .. i), function() error("boom " .. i, 0) end)
    end
    for i = 1, 3 do
      local ok, message = pcall(queue.step, queue, 1)
      assert.is_false(ok)
      assert.are.equal("boom " .. i, message)
    end
    assert.are.equal(0, queue:step(1))
    assert.are.equal(3, #box:orders())
  end)

  it("may add, cancel and close, but not step", function()
    local client, box = start()
    local queue = client:queue { concurrency = 1 }
    local second, third, message
    queue:add(order("first"), function()
      local ok
      ok, message = pcall(queue.step, queue, 0)
      assert(not ok)
      assert.are.equal("no", queue:cancel(second))
      third = queue:add(order("third"), function() queue:close() end)
    end)
    second = queue:add(order("second"))
    repeat until queue:step(1) == 0
    assert.is_truthy(message:find("'step' within a step", 1, true))
    assert.is_true(third:outcome().ok)
    assert.are.equal("not_placed", second:outcome().err.outcome)
    assert.are.equal(2, #box:orders())
    raises("closed queue", queue.step, queue, 0)
  end)

  it("is called for what a close gives up", function()
    local client = start()
    local queue, told = client:queue(), {}
    for i = 1, 3 do
      queue:add(order("order-" .. i), function(outcome)
        told[#told + 1] = outcome.err.outcome
      end)
    end
    queue:close()
    assert.are.same({ "not_placed", "not_placed", "not_placed" }, told)
  end)
end)

-- What an order is at when it is given up: faults that bring it there, and
-- what then is known of it.
local moments = {
  { name = "before it began", steps = 0, sure = "no", requests = 0 },
  { name = "in a back-off after nothing was sent",
    faults = { { kind = "refuse", times = 9 } }, sure = "no", attempts = 1 },
  { name = "in a back-off after a 429",
    faults = { { kind = "status", status = 429 } }, sure = "no" },
  { name = "waiting for the rate budget", rate = 1, sure = "no" },
  { name = "between look-ups, stored", sure = "maybe", stored = 1,
    faults = { { kind = "lose" }, { kind = "status", status = 404,
                 method = "GET", times = 99 } } },
  { name = "between look-ups, not stored", sure = "maybe",
    faults = { { kind = "close" } } },
  { name = "before it is sent again, by a unique name", sure = "maybe",
    client = { unique_ids = true }, unique = true,
    faults = { { kind = "close" }, { kind = "status", status = 404,
                 method = "GET", times = 99 } } },
  { name = "when it was placed", sure = "yes", stored = 1, done = true },
  { name = "when it was refused", sure = "no", done = true,
    faults = { { kind = "status", status = 400 } } },
  { name = "when nobody knew", sure = "maybe", done = true,
    client = { recover_for = 0 }, faults = { { kind = "close" } } },
}

for _, moment in ipairs(moments) do
  for _, way in ipairs { "cancel", "close", "close of the client" } do
    describe(("a %s %s"):format(way, moment.name), function()
      it("tells the truth, to the journal too", function()
        local entries = journal.memory()
        local options = { journal = entries }
        for name, value in pairs(moment.client or {}) do
          options[name] = value
        end
        if moment.rate then
          options.rate = { { requests = 1, seconds = 100 } }
        end
        local client, box, clock, slept = start(options,
          { unique_alternative_order_ids = moment.unique })
        local queue = client:queue()
        if moment.rate then
          queue:add(order("other"))
          queue:step(0)
        end
        for _, fault in ipairs(moment.faults or {}) do
          box:fault(fault)
        end
        local ticket = queue:add(order("mine"))
        for _ = 1, moment.steps or 2 do
          queue:step(0)
        end
        assert.are.equal(moment.done or false, ticket:status() == "done")
        local before = #box:requests()
        if way == "cancel" then
          assert.are.equal(moment.sure, queue:cancel(ticket))
          assert.are.equal(moment.sure, queue:cancel(ticket))
          assert.are.equal(0, queue:step(0))
        elseif way == "close" then
          queue:close()
          queue:close()
        else
          client:close()
        end
        assert.are.equal(before, #box:requests())
        assert.are.equal(0, slept.count)
        clock:advance(1000)
        local outcome = ticket:outcome()
        local told = outcome.ok and "yes" or
          outcome.err.outcome == "unknown" and "maybe" or "no"
        assert.are.equal(moment.sure, told)
        assert.are.equal((moment.stored or 0) + (moment.rate or 0),
                         #box:orders())
        if not outcome.ok and not moment.done then
          assert.is_truthy(outcome.err.message:find("abandoned", 1, true))
          assert.are.equal("mine", outcome.err.alternative_order_id)
        end
        local lines = entries:read()
        local last = lines[#lines]
        if moment.steps == 0 then
          assert.are.same({}, lines)
        else
          assert.are.equal("outcome", last.step)
          assert.are.equal(({ yes = "placed", no = "not_placed",
                              maybe = "unknown" })[moment.sure],
                           last.outcome)
        end
      end)
    end)
  end
end

describe("cancel", function()
  it("from an event of the order itself says maybe, and ends it", function()
    local queue, ticket, said
    local client, box = start({ on_event = function(event)
      if event.event == "wait" then
        said = queue:cancel(ticket)
      end
    end })
    box:fault { kind = "status", status = 429, times = 9 }
    queue = client:queue()
    ticket = queue:add(order("mine"))
    assert.are.equal(0, queue:step(0))
    assert.are.equal("maybe", said)
    assert.are.equal("not_placed", ticket:outcome().err.outcome)
    assert.are.equal("no", queue:cancel(ticket))
  end)
end)

describe("a policy that breaks off", function()
  it("leaves an outcome that nobody knows", function()
    local world = client_support.world((recorder(429)))
    world.random = function() error("no number", 0) end
    local queue = client_support.new(nil, { transport = world }):queue()
    local ticket = queue:add(orders.minimal(), orders.options())
    assert.are.equal(0, queue:step(0))
    local err = ticket:outcome().err
    assert.are.equal("unknown", err.outcome)
    assert.is_truthy(err.message:find("no number", 1, true))
  end)
end)

describe("await", function()
  it("places orders from coroutines, as place_order", function()
    local client, box = start()
    box:fault { kind = "status", status = 429, method = "POST" }
    local queue, got, ended = client:queue(), {}, 0
    for i = 1, 3 do
      coroutine.wrap(function()
        local result, info = queue:await(order("first-" .. i))
        got[i] = { result.id, info.status }
        local none, err = queue:await({})
        assert(none == nil and err.kind == "invalid")
        assert(queue:await(order("second-" .. i)))
        ended = ended + 1
      end)()
    end
    repeat until queue:step(10) == 0
    assert.are.equal(3, ended)
    assert.are.equal(6, #box:orders())
    for i = 1, 3 do
      assert.are.equal(201, got[i][2])
    end
  end)

  it("is not disturbed by who resumes it too early", function()
    local client = start()
    local queue, result = client:queue(), nil
    local thread = coroutine.create(function()
      result = queue:await(order("mine"))
    end)
    for _ = 1, 3 do
      local ok, ticket = coroutine.resume(thread)
      assert.is_true(ok)
      assert.are.equal("queued", ticket:status())
    end
    queue:step(1)
    assert.is_truthy(result.id)
    assert.are.equal("dead", coroutine.status(thread))
  end)

  it("lets step raise what the coroutine raises", function()
    local client = start()
    local queue = client:queue()
    coroutine.wrap(function()
      queue:await(order("mine"))
      error("boom", 0)
    end)()
    raises("boom", queue.step, queue, 1)
  end)

  it("returns when the queue closes", function()
    local client = start()
    local queue, err = client:queue(), nil
    coroutine.wrap(function()
      local _
      _, err = queue:await(order("mine"))
    end)()
    queue:close()
    assert.are.equal("not_placed", err.outcome)
  end)
end)

describe("misuse of a queue raises:", function()
  local client = start()
  local queue = client:queue()
  local closed = client:queue()
  closed:close()
  local other = client:queue():add(order("other"))
  local cases = {
    { "(non-negative number of seconds expected, got no value)", "step" },
    { "(non-negative number of seconds expected, got -1)", "step", -1 },
    { "(non-negative number of seconds expected, got string)", "step", "1" },
    { "order table expected", "add" },
    { "unknown option 'prodcut' to 'add'", "add", {}, { prodcut = "" } },
    { "bad argument 'callback' to 'add' (function expected, got number)",
      "add", {}, {}, 1 },
    { "ticket of this queue expected", "cancel" },
    { "ticket of this queue expected", "cancel", {} },
    { "ticket of this queue expected", "cancel", other },
    { "'await' outside a coroutine", "await", order("mine") },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      if case[2] == "await" and coroutine.running() and
         not select(2, coroutine.running()) then
        return -- the runner has a coroutine of its own
      end
      raises(case[1], queue[case[2]], queue, case[3], case[4], case[5])
    end)
  end

  for name, argument in pairs { step = 0, add = {}, fds = 0,
                                next_timeout = 0, cancel = {} } do
    it(name .. " on a closed queue", function()
      raises(("'%s' on a closed queue: make another"):format(name),
             closed[name], closed, argument)
    end)
  end

  it("options", function()
    raises("unknown option 'concurency' to 'queue'", client.queue, client,
           { concurency = 8 })
    for _, value in ipairs { 0, 1.5, 1001, "8" } do
      raises("bad option 'concurrency' to 'queue' (integer from 1 to 1000",
             client.queue, client, { concurrency = value })
    end
  end)

  it("a closed client", function()
    local gone = start()
    gone:close()
    raises("this client is closed", gone.queue, gone)
  end)
end)

it("a queue prints what it is", function()
  local client = start()
  local queue = client:queue()
  queue:add(order("mine"))
  assert.are.equal("certcentral queue (1 left)", tostring(queue))
  queue:close()
  assert.are.equal("certcentral queue (closed)", tostring(queue))
end)

-- Claims: however many ask for one name at once, one order is placed. Here
-- "processes" are coroutines of one, each with a client of its own; they take
-- turns where one waits or exchanges.

local clocks = require "certcentral.sandbox.clock"
local files = require "support.files"
local journal_support = require "support.journal"
local journals = require "certcentral.journal"
local json = require "certcentral.sandbox.json"
local orders = require "support.orders"
local pcall = require "certcentral.pcall"
local processes = require "support.processes"
local stores = require "certcentral.store"
local support = require "support.client"

-- ---- a service and processes ------------------------------------------------

-- A service that stores an order `stored` seconds after its POST has come,
-- shows it in look-ups `lag` seconds later, and answers the POST after
-- `takes` seconds, or never (`lost`).
local function new_service(how)
  how = how or {}
  local self = { clock = clocks.new(1764000000), list = {}, posts = 0 }

  local function wait(seconds)
    coroutine.yield(seconds or 0)
  end

  local function find(id)
    for _, order in ipairs(self.list) do
      if order.id == id then
        return { status = 200, headers = {}, body = json.encode {
          id = id, status = order.status, alternative_order_id = order.name,
          certificate = { common_name = order.common_name } } }
      end
    end
    return how.details or self.NONE
  end

  self.NONE = { status = 404, headers = {},
                body = '{"errors":[{"code":"not_found|order"}]}' }

  local function look_up(name)
    local found = {}
    for _, order in ipairs(self.list) do
      if order.name == name and
         self.clock() >= order.at + (how.lag or 0) then
        found[#found + 1] = { order_id = order.id, status = order.status }
      end
    end
    return #found == 0 and self.NONE or
           { status = 200, headers = {},
             body = json.encode { orders = json.array(found) } }
  end

  local function place(body)
    local order = json.decode(body)
    self.posts = self.posts + 1
    wait(how.takes)
    local id = 1000 + #self.list + 1
    self.list[#self.list + 1] = { id = id, status = "pending",
      name = order.alternative_order_id, at = self.clock() +
      (how.stored or 0), common_name = order.certificate.common_name }
    if how.lost then
      return nil, { sent = "maybe", message = "the answer was lost" }
    end
    return { status = 201, headers = {}, body = ('{"id":%d}'):format(id) }
  end

  function self.perform(request)
    local path = request.url:match("/services/v2(.*)$")
    wait(how.travels)
    if request.method == "POST" then
      return place(request.body)
    elseif path:find("^/order/alternate/") then
      return look_up(path:match("([^/]*)$"))
    end
    return find(tonumber(path:match("(%d+)$")))
  end

  self.world = { perform = self.perform, clock = self.clock,
                 time = self.clock, sleep = wait,
                 random = function() return 0.5 end }
  return self
end

local function run(service, functions)
  processes.run(service.clock, functions)
end

local function client_of(service, more)
  return support.over(service.world, more)
end

local function order_of(name)
  return orders.with { alternative_order_id = name }
end

-- Ways to ask for one order of a name: what f(client) returns.
local function ensure(client)
  return client:ensure_order(order_of "claim-1", orders.options())
end

local function renew(client)
  return client:renew(77, nil, orders.options())
end

local OLD = json.encode { id = 77, status = "issued", certificate = {
  common_name = "example.com", csr = orders.csr, signature_hash = "sha256",
  organization = { id = 1 }, valid_from = "2025-01-01",
  valid_till = "2025-12-01" }, organization = { id = 1 },
  product = { name_id = "ssl_securesite_flex" }, validity_years = 1 }

-- The old order is there, and is none of those that are placed.
local function with_old(service)
  local perform = service.world.perform
  service.world.perform = function(request)
    if request.url:find("/order/certificate/77$") then
      coroutine.yield(0.01)
      return { status = 200, headers = {}, body = OLD }
    end
    return perform(request)
  end
  return service
end

local directory
before_each(function() directory = journal_support.directory() end)
after_each(function() journal_support.remove(directory) end)

-- Has `count` processes ask; returns their outcomes {result, info}.
local function ask(service, count, f, options)
  local outcomes, functions = {}, {}
  for i = 1, count do
    functions[i] = function()
      local client = client_of(service, options and options(i))
      outcomes[i] = { f(client) }
      client:close()
    end
  end
  run(service, functions)
  return outcomes
end

local kinds = {
  { "files", function() return stores.file(directory .. "/state") end },
  { "memory", function()
    local store = stores.memory()
    return function() return store end
  end },
}

local function makers(kind)
  if kind[1] == "memory" then
    return kind[2]()
  end
  return kind[2]
end

describe("one name, asked for at once", function()
  local ways = { { "ensure_order", ensure }, { "renew", renew } }
  local services = {
    { "answers at once", {} }, { "takes a second", { takes = 1 } },
    { "is far away", { travels = 0.3, takes = 2 } },
    { "shows what it has 30 s later", { lag = 30, takes = 1 } },
  }
  for _, way in ipairs(ways) do
    for _, case in ipairs(services) do
      for _, kind in ipairs(kinds) do
        it(("by %s, of a service that %s, with a store in %s"):format(way[1],
           case[1], kind[1]), function()
          local service, store = with_old(new_service(case[2])), makers(kind)
          local outcomes = ask(service, 7, way[2], function()
            return { store = store() }
          end)
          assert.are.equal(1, service.posts)
          assert.are.equal(1, #service.list)
          local existed = 0
          for i = 1, 7 do
            assert.are.equal(1001, outcomes[i][1] and outcomes[i][1].id,
                             tostring(outcomes[i][2]))
            existed = existed + (outcomes[i][2].existed and 1 or 0)
          end
          assert.are.equal(6, existed)
        end)
      end
    end
  end

  it("needs no option", function()
    local service = new_service { takes = 1 }
    local outcomes = support.with_env({ CERTCENTRAL_STATE = directory },
      function() return ask(service, 4, ensure) end)
    assert.are.equal(1, service.posts)
    assert.are.equal(1001, outcomes[4][1].id)
  end)

  it("is nobody's business with another key or at another service",
     function()
    local service = new_service { takes = 1 }
    local store = stores.memory()
    local more = { { api_key = "one" }, { api_key = "two" },
                   { api_key = "one",
                     base_url = "https://x.example/services/v2" } }
    local waited = 0
    ask(service, 3, ensure, function(i)
      more[i].store = store
      more[i].on_event = function(event)
        waited = waited + (event.reason == "claim" and 1 or 0)
      end
      return more[i]
    end)
    assert.are.equal(0, waited)
  end)

  it("goes out twice without a store, as it is asked for", function()
    local service = new_service { takes = 1 }
    ask(service, 2, ensure, function() return { store = false } end)
    assert.are.equal(2, service.posts)
  end)

  it("is waited for within the deadline, and then unknown", function()
    local service, store = new_service { takes = 25 }, stores.memory()
    local outcomes = ask(service, 2, ensure, function(i)
      return { store = store, deadline = i == 2 and 5 or nil }
    end)
    assert.are.equal(1001, outcomes[1][1].id)
    local err = outcomes[2][2]
    assert.are.equal("unavailable", err.kind)
    assert.are.equal("unknown", err.outcome)
    assert.is_true(err.retryable)
    assert.are.equal("the order was not sent: this process has claimed "
      .. "'claim-1' and may be placing it", err.message)
    assert.are.equal(1, service.posts)
  end)

  it("is left to the next where the first one failed", function()
    local service, store = new_service { takes = 1 }, stores.memory()
    local outcomes = ask(service, 2, function(client)
      local ok, result, info = pcall(ensure, client)
      return ok and result, info
    end, function(i)
      return { store = store, on_event = i == 1 and function(event)
        if event.event == "lookup" then error("interrupted!", 0) end
      end or nil }
    end)
    assert.is_false(outcomes[1][1])
    assert.are.equal(1001, outcomes[2][1].id)
    assert.is_false(outcomes[2][2].existed)
  end)
end)

describe("the claim of a name", function()
  it("is given back whatever happens", function()
    for _, how in ipairs { {}, { lost = true } } do
      local service, store = new_service(how), stores.memory()
      ask(service, 1, ensure, function()
        return { store = store, recover_for = 0 }
      end)
      assert.are.same({}, store.locks)
    end
    local store = stores.memory()
    local service = new_service()
    service.world.perform = function() error("interrupted!", 0) end
    local client = client_of(service, { store = store })
    local ok, message = pcall(ensure, client)
    assert.is_false(ok)
    assert.is_truthy(message:find("interrupted!", 1, true))
    assert.are.same({}, store.locks)
    assert.are.same({}, store.values)
  end)

  it("cannot be had: the error says what to set, and nothing is sent",
     function()
    local service = new_service()
    local function failing(lock)
      return { lock = lock, keep = function() return true end,
               unlock = function() return true end,
               get = function() end, set = function() return true end }
    end
    for why, store in pairs {
      ["no disk"] = failing(function() return nil, "no disk" end),
      ["it raised"] = failing(function() error("it raised", 0) end),
      ["state directory '/dev/null/x' cannot be made: not a directory"] =
        stores.file("/dev/null/x"),
    } do
      for _, f in ipairs { ensure, renew } do
        local _, err = f(client_of(service, { store = store }))
        assert.are.equal("config", err.kind)
        assert.are.equal("not_placed", err.outcome)
        assert.are.equal("the order's name cannot be claimed: " .. why
          .. "; set CERTCENTRAL_STATE to a directory this user can write to, "
          .. "or give option 'store' (false: no claims)", err.message)
      end
    end
    assert.are.equal(0, service.posts)
  end)

  it("is no matter of place_order", function()
    local service = new_service()
    run(service, { function()
      assert(client_of(service, { store = stores.file("/dev/null/x") })
        :place_order(order_of "claim-1", orders.options()))
    end })
  end)

  it("that is lost keeps the order from being sent", function()
    local service, store = new_service(), stores.memory()
    store.keep = function() return false end
    local outcomes = ask(service, 1, ensure, function()
      return { store = store }
    end)
    assert.are.equal("unavailable", outcomes[1][2].kind)
    assert.are.equal(0, service.posts)
  end)

  it("whose holder was killed is taken over with care", function()
    local service = new_service { takes = 50, stored = 0 }
    local dead = coroutine.create(function()
      ensure(client_of(service, { store = stores.file(directory) }))
    end)
    repeat -- it dies once its request is out
      coroutine.resume(dead)
    until service.posts == 1
    dead = nil
    collectgarbage()
    collectgarbage()
    local outcomes = ask(service, 1, ensure, function()
      return { store = stores.file(directory), recover_for = 2 }
    end)
    assert.is_nil(dead)
    assert.are.equal(1, service.posts)
    local err = outcomes[1][2]
    assert.are.equal("unknown", err.kind)
    assert.is_truthy(err.message:find("it was sent %d seconds? ago and "
                                      .. "cannot be found"), err.message)
    service.list[1] = { id = 1001, name = "claim-1", status = "pending",
                        common_name = "example.com", at = 0 }
    outcomes = ask(service, 1, ensure, function()
      return { store = stores.file(directory) }
    end)
    assert.are.equal(1001, outcomes[1][1].id)
    assert.are.equal(1, service.posts)
    assert.are.same({}, files.names(directory))
  end)
end)

for _, keeper in ipairs(journal_support.KEEPERS) do
  describe(keeper[1] .. ", asked before anything is sent,", function()
    local function runs(service)
      local options = keeper[2]()
      return function() return ask(service, 1, ensure, options)[1] end
    end

    it("keeps an unclear order from going out again", function()
      local service = new_service { lost = true, stored = 140 }
      local again = runs(service)
      assert.are.equal("unknown", again()[2].outcome)
      service.clock:advance(30)
      local second = again()
      assert.are.equal("unknown", second[2].kind)
      assert.is_truthy(second[2].message:find("it was sent %d+ seconds ago "
        .. "and cannot be found"), second[2].message)
      assert.are.equal(1, service.posts)
      service.clock:advance(200)
      assert.are.equal(1001, again()[1].id)
      assert.are.equal(1, service.posts)
    end)

    it("lets it out again once it is settled", function()
      local service = new_service { lost = true, stored = 1e9 }
      local again = runs(service)
      again()
      service.clock:advance(3500)
      again()
      assert.are.equal(1, service.posts)
      service.clock:advance(101)
      again()
      assert.are.equal(2, service.posts)
    end)
  end)
end

describe("a note whose time cannot be true", function()
  for name, hours in pairs { ["of a clock that was behind"] = -2e5,
                             ["of a clock that was ahead"] = 48 } do
    it(name .. " settles an hour after it is seen", function()
      local service = new_service { lost = true, stored = 1e9 }
      local store, now, shift = stores.memory(), service.world.time, 0
      service.world.time = function() return now() + shift end
      local function again()
        return ask(service, 1, ensure, function()
          return { store = store }
        end)[1]
      end
      shift = hours * 3600
      again()
      shift = 0
      local err = again()[2]
      assert.are.equal("unknown", err.outcome)
      assert.is_truthy(err.message:find("at an unknown time", 1,
                                        true), err.message)
      service.clock:advance(3500)
      again()
      assert.are.equal(1, service.posts)
      service.clock:advance(101)
      again()
      assert.are.equal(2, service.posts)
    end)
  end
end)

describe("the journal, asked before anything is sent,", function()
  it("has the id that the look-up does not show yet", function()
    local service = new_service { lag = 30 }
    local journal = journals.memory()
    local ids = {}
    for i = 1, 2 do
      ids[i] = ask(service, 1, ensure, function()
        return { journal = journal, store = stores.memory() }
      end)[1]
    end
    assert.are.equal(1, service.posts)
    assert.are.equal(1001, ids[2][1].id)
    assert.is_true(ids[2][2].existed)
  end)

  it("has an id that cannot be read: unknown", function()
    for _, details in ipairs { { status = 500, headers = {}, body = "" },
        { status = 404, headers = {}, body =
          '{"errors":[{"code":"not_found|order"}]}' } } do
      local service = new_service { details = details }
      local journal = journals.memory()
      local function again()
        return ask(service, 1, ensure, function()
          return { journal = journal, store = stores.memory(),
                   retry = { attempts = 1 } }
        end)[1]
      end
      again()
      service.list = {}
      local second = again()
      assert.are.equal("unknown", second[2].kind)
      assert.is_truthy(second[2].message:find("it has been placed as order "
        .. "1001, which cannot be read", 1, true), second[2].message)
      assert.are.equal(1, service.posts)
    end
  end)

  it("has one that is over: the name is free", function()
    local service = new_service()
    local journal = journals.memory()
    for i = 1, 12 do
      local outcome = ask(service, 1, ensure, function()
        return { journal = journal, store = stores.memory() }
      end)[1]
      assert.are.equal(1000 + i, outcome[1].id)
      assert.is_false(outcome[2].existed)
      service.list[i].status = "canceled"
    end
  end)

  it("is another account's", function()
    local service = new_service()
    local journal = journals.memory()
    for i, key in ipairs { "key-one", "key-two" } do
      ask(service, 1, ensure, function()
        return { api_key = key, journal = journal, store = stores.memory() }
      end)
      service.list[i].name = key -- accounts do not see each other's
    end
    assert.are.equal(2, service.posts)
  end)

  it("cannot be read: nothing is sent", function()
    local service = new_service()
    local outcome = ask(service, 1, ensure, function()
      return { store = stores.memory(), journal = {
        read = function() return nil, "no disk" end,
        write = function() return true end } }
    end)[1]
    assert.are.equal("config", outcome[2].kind)
    assert.are.equal("unknown", outcome[2].outcome)
    assert.are.equal(0, service.posts)
  end)
end)

describe("a name that was used for another site", function()
  it("is refused with both names, and nothing is sent", function()
    local service = new_service()
    service.list[1] = { id = 5, name = "claim-1", at = 0, status = "issued",
                        common_name = "other.example.org" }
    local err = ask(service, 1, ensure, function()
      return { store = stores.memory() }
    end)[1][2]
    assert.are.equal("refused", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal("order 5 has the alternative_order_id 'claim-1', but its "
      .. "common name is 'other.example.org' and not 'example.com': nothing "
      .. "was sent", err.message)
    assert.are.equal(5, err.order_id)
    assert.are.equal(0, service.posts)
  end)

  it("is refused too where the journal has it", function()
    local service = new_service { lag = 1e9 }
    local journal = journals.memory()
    ask(service, 1, ensure, function()
      return { journal = journal, store = stores.memory() }
    end)
    service.list[1].common_name = "other.example.org"
    local err = ask(service, 1, ensure, function()
      return { journal = journal, store = stores.memory() }
    end)[1][2]
    assert.are.equal("refused", err.kind)
    assert.are.equal(1, service.posts)
  end)

  it("is ours where one of them is", function()
    local service = new_service()
    for id, name in ipairs { "other.example.org", "EXAMPLE.com" } do
      service.list[id] = { id = id, name = "claim-1", at = 0,
                           status = "issued", common_name = name }
    end
    local result = ask(service, 1, ensure, function()
      return { store = stores.memory() }
    end)[1][1]
    assert.are.equal(2, result.id)
  end)
end)

describe("one name twice in one client", function()
  it("is refused in two queues", function()
    local service = new_service { takes = 1 }
    local outcomes, functions = {}, {}
    local client = client_of(service)
    for i = 1, 2 do
      functions[i] = function()
        outcomes[i] = { client:place_order(order_of "twice-1",
                                           orders.options()) }
      end
    end
    run(service, functions)
    assert.are.equal(1, service.posts)
    assert.are.equal("invalid", outcomes[2][2].kind)
    assert.are.equal("conflict", outcomes[2][2].problems[1].code)
  end)

  it("is refused in one place_orders, whether checked first or not",
     function()
    for _, first in ipairs { true, false } do
      local transport, requests = support.recorder()
      local outcomes = support.new(transport):place_orders(
        { order_of "twice-2", order_of "twice-2" }, { concurrency = 1,
          validate_first = first, check_csr = false,
          now = orders.options().now })
      assert.are.equal(1, #requests)
      assert.is_true(outcomes[1].ok)
      assert.are.equal("conflict", outcomes[2].err.problems[1].code)
    end
  end)

  it("is free again once it is done, also where nobody saw its end",
     function()
    local service = new_service { takes = 1 }
    local client = client_of(service)
    local dead = coroutine.create(function()
      client:place_order(order_of "twice-3", orders.options())
    end)
    coroutine.resume(dead)
    dead = nil
    collectgarbage()
    collectgarbage()
    assert.is_nil(dead)
    run(service, { function()
      assert(client:place_order(order_of "twice-3", orders.options()))
      assert(client:place_order(order_of "twice-3", orders.options()))
    end })
  end)
end)

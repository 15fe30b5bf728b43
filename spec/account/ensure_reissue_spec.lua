-- One reissue for a key: however often, whatever is lost, whoever asks.

local box = require "support.box"
local certificate_requests = require "certcentral.csr"
local csr = require "support.csr"
local journal_support = require "support.journal"
local journals = require "certcentral.journal"
local pcall = require "certcentral.pcall"
local processes = require "support.processes"
local reissues = require "support.reissue_service"
local sandbox_support = require "support.sandbox"
local stores = require "certcentral.store"
local support = require "support.client"

local OURS, OTHER = csr.p256, csr.p384
local LOST, answer, new_service = reissues.LOST, reissues.answer, reissues.new

local function changes(pem, more)
  local certificate = { csr = pem or OURS, signature_hash = "sha256" }
  for name, value in pairs(more or {}) do
    certificate[name] = value
  end
  return { certificate = certificate }
end

-- Has `count` processes ask: their outcomes {result, info}.
local function ask(service, options, given, own, count)
  local outcomes, functions = {}, {}
  for i = 1, count or 1 do
    functions[i] = function()
      local client = support.over(service.world, { store = stores.memory() },
                                  options or {})
      outcomes[i] = { client:ensure_reissue(7, given or changes(), own) }
      client:close()
    end
  end
  processes.run(service.clock, functions)
  return outcomes
end

local function one_call(client)
  return client:ensure_reissue(7, changes())
end

local function one(...)
  local outcome = ask(...)[1]
  return outcome[1], outcome[2]
end

-- ---- what happens -----------------------------------------------------------

describe("a reissue that is ensured", function()
  it("is sent once, with the names of its order", function()
    local service = new_service()
    local result, info = one(service)
    assert.are.equal(7, result.id)
    assert.are.equal(1, result.requests[1].id)
    assert.is_false(info.existed)
    assert.is_false(info.recovered)
    assert.are.equal(201, info.status)
    assert.are.equal(1, service.posts)
    local certificate = service.bodies[1].certificate
    assert.are.equal("example.com", certificate.common_name)
    assert.are.same({ "www.example.com" }, certificate.dns_names)
  end)

  -- what happens to the POST, what comes of it: "sent", "recovered" or an
  -- error's kind, how often it was sent
  local ENTRY = '{"id":7}'
  local cases = {
    { "lost before it is stored", { stored = false, answer = LOST },
      "unknown" },
    { "lost after it is stored", { answer = LOST }, "recovered" },
    { "lost, and stored half a minute later", { answer = LOST, stored = 30 },
      "recovered" },
    { "lost, and stored too late", { answer = LOST, stored = 300 },
      "unknown" },
    { "500, not stored", { stored = false, answer = answer(500) },
      "unknown" },
    { "500, stored", { answer = answer(500) }, "recovered" },
    { "503, stored", { answer = answer(503, "<p>busy</p>") }, "recovered" },
    { "408, stored", { answer = answer(408) }, "recovered" },
    { "429, then well", { { stored = false, answer = answer(429) } },
      "sent", 2 },
    { "429 for ever", { stored = false, answer = answer(429) }, "throttled",
      4 },
    { "404", { stored = false, answer = answer(404, '{"errors":[{"code":'
      .. '"not_found|order"}]}') }, "refused" },
    { "400", { stored = false, answer = answer(400) }, "refused" },
    { "401", { stored = false, answer = answer(401) }, "denied" },
    { "an odd answer, stored", { answer = answer(200, "<p>") },
      "recovered" },
    { "an odd answer, not stored", { stored = false,
      answer = answer(200, "<p>") }, "unknown" },
    { "an answer without an id", { answer = answer(201, "{}") },
      "recovered" },
    { "another order's answer", { stored = false,
      answer = answer(201, '{"id":8}') }, "unknown" },
    { "an answer with a string as id", { answer = answer(201, '{"id":"7"}') },
      "sent" },
    { "a bare answer", { answer = answer(200, ENTRY) }, "sent" },
  }
  for _, case in ipairs(cases) do
    it("meets " .. case[1], function()
      local act = case[2]
      local service = new_service(act[1] and act or { post = act })
      local result, info = one(service, { unique_ids = true })
      assert.are.equal(case[4] or 1, service.posts)
      if case[3] == "sent" or case[3] == "recovered" then
        assert.are.equal(7, (result or {}).id, not result and info.message)
        assert.are.equal(case[3] == "recovered", info.recovered)
        assert.is_false(info.existed)
      else
        assert.is_nil(result)
        assert.are.equal(case[3], info.kind, info.message)
        assert.are.equal(case[3] == "unknown" and "unknown" or "not_placed",
                         info.outcome)
        support.assert_no_secret(info)
      end
      if case[3] == "recovered" then
        assert.are.equal("pending", result.status)
        assert.are.equal(100, result.certificate_id)
        assert.are.equal("example.com", result.certificate.common_name)
      end
    end)
  end

  it("says of what is unclear what it is and how it was looked for",
     function()
    local _, err = one(new_service { post = { stored = false,
                                              answer = LOST } })
    assert.is_truthy(err.message:find("^the reissue of order 7 may or may not "
      .. "have been done: the answer was lost; check with "
      .. "client:certificates%(7%); it was not found in %d+ look%-ups of the "
      .. "order's reissues$"), err.message)
  end)

  it("is sent again where nothing reached the server", function()
    local service = new_service()
    local perform, failed = service.world.perform, 0
    service.world.perform = function(request)
      if request.method == "POST" and failed < 2 then
        failed = failed + 1
        return nil, { sent = "no", message = "no way" }
      end
      return perform(request)
    end
    local result, info = one(service)
    assert.are.equal(7, result.id)
    assert.are.equal(3, info.attempts)
    assert.are.equal(1, service.posts)
  end)
end)

describe("a reissue that is there", function()
  for _, status in ipairs { "pending", "issued", "approved", "reissued",
                            "processing", "a_state_of_tomorrow" } do
    it("is taken for ours where it has the key: " .. status, function()
      local service = new_service()
      service:add(OTHER, "issued")
      service:add(OURS, status)
      service.order.status = status == "pending" and "reissue_pending" or
                             "issued"
      local result, info = one(service)
      assert.are.same({ 7, 101, status }, { result.id, result.certificate_id,
                                            result.status })
      assert.is_true(info.existed)
      assert.is_false(info.recovered)
      assert.are.equal(0, service.posts)
    end)
  end

  for _, status in ipairs { "rejected", "revoked", "expired", "canceled" } do
    it("is none where it is " .. status, function()
      local service = new_service()
      service:add(OURS, status)
      local _, info = one(service)
      assert.is_false(info.existed)
      assert.are.equal(1, service.posts)
    end)
  end

  local spelled = {
    bare = OURS:gsub("%-%-%-%-%-[^\n]*\n", ""),
    ["without line breaks"] = OURS:gsub("\n", ""),
    ["with other line breaks"] = OURS:gsub("\n", "\r\n"),
  }
  for name, text in pairs(spelled) do
    it("has its CSR " .. name, function()
      local service = new_service()
      service:add(text, "pending")
      assert.is_true(select(2, one(service)).existed)
    end)
  end

  it("may be two: the newer one, with a warning", function()
    local service = new_service()
    service:add(OURS, "issued")
    service:add(OURS, "issued")
    local result, info = one(service)
    assert.are.equal(101, result.certificate_id)
    assert.are.equal("duplicate", info.warnings[1].code)
    assert.is_truthy(info.warnings[1].message:find("got 2: 101, 100", 1,
                                                   true))
  end)

  it("has a CSR that cannot be read: unknown", function()
    for _, pem in ipairs { "------ [CSR HERE] ------", "", 5 } do
      local service = new_service()
      service:add(pem, "issued")
      local result, err = one(service)
      assert.is_nil(result)
      assert.are.equal("unknown", err.kind)
      assert.is_truthy(err.message:find("cannot be read: 100", 1, true),
                       err.message)
      assert.are.equal(0, service.posts)
    end
    local service = new_service()
    service:add("x", "rejected")
    assert(one(service))
  end)

  it("is pending for another key: told, not doubled", function()
    for _, id in ipairs { 100, false } do
      local service = new_service()
      service.order.status = "reissue_pending"
      service:add(OTHER, "pending").id = id or nil
      local result, err = one(service)
      assert.is_nil(result)
      assert.are.equal("refused", err.kind)
      assert.are.equal("not_placed", err.outcome)
      assert.are.equal(7, err.order_id)
      assert.are.equal(("a reissue of order 7 for another key is pending "
        .. "(%s): wait for it, or call client:cancel(7)"):format(
        id or "one without an id"), err.message)
      assert.are.equal(0, service.posts)
    end
  end)

  it("is pending, as the order alone says", function()
    local service = new_service()
    service.order.status = "reissue_pending"
    local _, err = one(service)
    assert.are.equal("refused", err.kind)
    assert.is_truthy(err.message:find("another key is pending", 1, true))
    assert.are.equal(0, service.posts)
  end)

  it("has the key and other names than are asked for", function()
    local service = new_service()
    service:add(OURS, "pending", { dns_names = { "example.com",
                                                 "b.example.com" } })
    local _, err = one(service, nil, changes(OURS, {
      common_name = "example.com", dns_names = { "www.example.com" } }))
    assert.are.equal("refused", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal("certificate 100 of order 7 has the key of this CSR, but "
      .. "other names: example.com, b.example.com; make a new key for other "
      .. "names", err.message)
    local null = require("certcentral").null
    for _, none in ipairs { {}, { common_name = null, dns_names = null } } do
      assert.is_true(select(2, one(service, nil, changes(OURS, none))).existed)
    end
    service.list[1].common_name = false -- and so its names are not all known
    assert.is_true(select(2, one(service, nil, changes(OURS, {
      dns_names = { "www.example.com" } }))).existed)
    assert.are.equal(0, service.posts)
  end)
end)

describe("an order", function()
  for _, status in ipairs { "pending", "needs_approval", "processing",
                            "revoked", "expired", "canceled", "rejected" } do
    it("that is " .. status .. " has no reissue", function()
      local service = new_service()
      service.order.status = status
      local result, err = one(service)
      assert.is_nil(result)
      assert.are.equal("refused", err.kind)
      assert.are.equal("not_placed", err.outcome)
      assert.are.equal(("order 7 is %s: there is nothing to reissue")
                       :format(status), err.message)
      assert.are.equal(0, service.posts)
    end)
  end

  -- how the service answers, the kind of the error
  local unread = {
    { { order = answer(404, '{"errors":[{"code":"not_found|order"}]}') },
      "refused" },
    { { order = answer(403) }, "denied" },
    { { order = answer(500) }, "unavailable" },
    { { order = answer(200, '{"id":8}') }, "protocol" },
    { { order = answer(200, '{"id":7,"status":"issued"}') }, "protocol" },
    { { list = function() return answer(500) end }, "unavailable" },
    { { list = function() return answer(429) end }, "throttled" },
    { { list = function() return answer(403) end }, "denied" },
    { { list = function() return answer(404) end }, "refused" },
    { { list = function() return answer(200, "{}") end }, "protocol" },
    { { list = function() return answer(200, "<p>") end }, "protocol" },
    { { list = function()
      return answer(200, '{"certificates":[null]}') end }, "protocol" },
    { { list = function()
      return answer(200, '{"certificates":[{"id":"x"}]}') end },
      "protocol" },
    { { list = function() return answer(200, '{"certificates":[],"page":'
      .. '{"total":1}}') end }, "protocol" },
  }
  for i, case in ipairs(unread) do
    it("or a list that cannot be read: nothing is sent: " .. i, function()
      local service = new_service(case[1])
      local result, err = one(service, { retry = { attempts = 1 } })
      assert.is_nil(result)
      assert.are.equal(case[2], err.kind, err.message)
      assert.are.equal("unknown", err.outcome)
      assert.are.equal(0, service.posts)
      support.assert_no_secret(err)
    end)
  end

  it("has no reissues where any 404 says so", function()
    local service = new_service { list = function() return answer(404) end }
    assert(one(service, { any_404 = true }))
    service = new_service { list = function()
      return answer(404, "<html>")
    end }
    assert.are.equal("refused", select(2, one(service, { any_404 = true }))
                     .kind)
    assert.are.equal(0, service.posts)
  end)
end)

describe("the names of a reissue that is ensured", function()
  it("are refused where they differ from the order's", function()
    local service = new_service()
    local given = changes(OURS, { dns_names = { "b.example.com" } })
    local result, err = one(service, nil, given)
    assert.is_nil(result)
    assert.are.equal("invalid", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal("conflict", err.problems[1].code)
    assert.is_truthy(err.message:find("drops www.example.com and adds "
      .. "b.example.com;", 1, true), err.message)
    assert.are.equal(0, service.posts)
    assert(one(service, nil, given, { allow_names = true }))
    assert.are.same({ "b.example.com" },
                    service.bodies[1].certificate.dns_names)
  end)

  -- the CSR's names; whether it is sent
  local requests = {
    { { common_name = "example.org" }, false },
    { { common_name = "example.org", dns_names = { "a.example.org" } }, false },
    { { dns_names = { "sub.example.com", "8.8.4.4" } }, false },
    { { common_name = "WWW.example.com" }, true },
    { { common_name = "example.org", dns_names = { "example.com" } }, true },
    { "Web server 5.1", true },
  }
  for i, case in ipairs(requests) do
    it("are those of the CSR, one at least: " .. i, function()
      local pem = type(case[1]) == "string" and
                  sandbox_support.csr(case[1]) or
                  assert(certificate_requests.generate(case[1]))
      local service = new_service()
      local result, err = one(service, nil, changes(pem))
      assert.are.equal(case[2], result ~= nil)
      assert.are.equal(case[2] and 1 or 0, service.posts)
      if not case[2] then
        assert.are.equal("invalid", err.kind)
        assert.are.equal("not_placed", err.outcome)
        assert.are.same({ "certificate.csr", "conflict" },
                        { err.problems[1].path, err.problems[1].code })
        assert.is_truthy(err.message:find("names of the reissue, example.com, "
          .. "www.example.com; got one for ", 1, true), err.message)
        assert(one(service, nil, changes(pem), { allow_names = true }))
      end
    end)
  end

  it("are covered by a wildcard", function()
    local service = new_service()
    service.order.certificate.dns_names = { "*.example.com" }
    service.order.certificate.common_name = "*.example.com"
    local pem = assert(certificate_requests.generate {
      common_name = "mail.example.com" })
    assert(one(service, nil, changes(pem)))
  end)

  it("are told with all other problems, before anything is asked", function()
    local service = new_service()
    local _, err = one(service, nil, { certificate = {
      signature_hash = "md5" } })
    assert.are.equal("invalid", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal(2, #err.problems)
    assert.are.equal(0, service.gets)
  end)
end)

describe("misuse of ensure_reissue", function()
  local cases = { { 7 }, { 7, 5 }, { 7, changes(), { allow_names = 1 } },
                  { 7, changes(), { names = true } }, { 7, changes(), 5 } }
  for i, case in ipairs(cases) do
    it("raises: " .. i, function()
      local client, requests = support.new(support.recorder())
      assert.has_error(function()
        client:ensure_reissue(case[1], case[2], case[3])
      end)
      client:close()
      assert.has_error(function() client:ensure_reissue(7, changes()) end)
      assert.are.equal(0, #(requests or {}))
    end)
  end
end)

-- ---- again and again --------------------------------------------------------

for _, keeper in ipairs(journal_support.KEEPERS) do
  describe(keeper[1] .. ", asked before a reissue is sent,", function()
    it("keeps an unclear one from going out again", function()
      local service = new_service { post = { answer = LOST, stored = 140 } }
      local options = keeper[2]()
      assert.are.equal("unknown", select(2, one(service, options())).kind)
      service.clock:advance(30)
      local _, err = one(service, options())
      assert.are.equal("unknown", err.kind)
      assert.is_truthy(err.message:find("^nothing was sent: the reissue of "
        .. "order 7 may have been done: it was sent %d+ seconds ago and "
        .. "cannot be found$"), err.message)
      assert.are.equal(1, service.posts)
      service.clock:advance(200)
      local _, info = one(service, options())
      assert.is_true(info.existed)
      assert.are.equal(1, service.posts)
    end)

    it("lets it out again once it is settled", function()
      local service = new_service { post = { answer = LOST,
                                             stored = false } }
      local options = keeper[2]()
      one(service, options())
      service.clock:advance(3400)
      one(service, options())
      assert.are.equal(1, service.posts)
      service.clock:advance(200)
      one(service, options())
      assert.are.equal(2, service.posts)
    end)

    it("knows one that the list does not show yet", function()
      local service = new_service { post = { stored = 20 } }
      local options = keeper[2]()
      assert(one(service, options()))
      local result, info = one(service, options())
      assert.are.equal(100, result.certificate_id)
      assert.is_true(info.existed)
      assert.are.equal(1, service.posts)
    end)

    it("says that it was accepted where the list never shows it", function()
      local service = new_service { post = { stored = false } }
      local options = keeper[2]()
      assert(one(service, options()))
      service.clock:advance(100)
      local _, err = one(service, options())
      assert.are.equal("unknown", err.kind)
      assert.is_truthy(err.message:find("it was accepted 100 seconds ago and "
        .. "is not in the list of reissues", 1, true), err.message)
      service.clock:advance(3600)
      assert(one(service, options()))
      assert.are.equal(2, service.posts)
    end)

    it("is no bar to another one where that was rejected", function()
      local service = new_service()
      local options = keeper[2]()
      assert(one(service, options()))
      service.list[1].status = "rejected"
      service.clock:advance(10)
      assert(one(service, options()))
      assert.are.equal(2, service.posts)
    end)

    it("is no bar to another one where that was found and then rejected",
       function()
      local service = new_service { { answer = LOST, stored = 55 } }
      local options = keeper[2]()
      assert.is_true(select(2, one(service, options())).recovered)
      service.list[1].status = "rejected"
      assert(one(service, options()))
      assert.are.equal(2, service.posts)
    end)

    it("is no bar to one of another key", function()
      local service = new_service { post = { stored = false,
                                             answer = LOST } }
      local options = keeper[2]()
      one(service, options())
      one(service, options(), changes(OTHER))
      assert.are.equal(2, service.posts)
    end)
  end)
end

describe("the events of a reissue that is ensured", function()
  it("say what it is of, how it was looked for and how it ended", function()
    local service, seen = new_service { post = { answer = LOST } }, {}
    one(service, { on_event = function(event)
      seen[#seen + 1] = event.event .. " " .. tostring(event.path)
      seen.last = event
      support.assert_no_secret(event)
    end })
    local list = "lookup /order/certificate/7/reissue"
    assert.are.same({ "get /order/certificate/7", list,
                      "attempt /order/certificate/7/reissue", list,
                      "outcome nil", last = seen.last }, seen)
    assert.are.same({ "placed", 7, 7, true }, { seen.last.outcome,
      seen.last.order_id, seen.last.reissue_of, seen.last.recovered })
  end)
end)

describe("the claim of a reissue", function()
  it("cannot be had: the error says what to set, and nothing is sent",
     function()
    local service = new_service()
    local _, err = one(service, { store = stores.file("/dev/null/x") })
    assert.are.equal("config", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_truthy(err.message:find("^the reissue of order 7 cannot be "
      .. "claimed: .*; set CERTCENTRAL_STATE "), err.message)
    assert.are.equal(0, service.gets)
  end)

  it("is lost: nothing is sent", function()
    local service, store = new_service(), stores.memory()
    store.keep = function() return false end
    local _, err = one(service, { store = store })
    assert.are.equal("unavailable", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal("the reissue of order 7 was not sent: its claim was "
      .. "lost", err.message)
    assert.are.equal(0, service.posts)
  end)

  it("is given back where a script is interrupted", function()
    for method, said in pairs { GET = "interrupted!",
        POST = "interrupted! (the reissue of order 7 may have been done)" } do
      local service, store = new_service(), stores.memory()
      local perform = service.world.perform
      service.world.perform = function(request)
        if request.method == method then
          error("interrupted!", 0)
        end
        return perform(request)
      end
      local ok, message
      processes.run(service.clock, { function()
        ok, message = pcall(one_call, support.over(service.world,
                                                   { store = store }))
      end })
      assert.is_false(ok)
      assert.are.equal(said, message)
      assert.are.same({}, store.locks)
    end
  end)
end)

describe("the claim's note", function()
  it("goes once the list has the reissue", function()
    local service, store = new_service(), stores.memory()
    assert(one(service, { store = store }))
    assert.is_truthy(next(store.values))
    assert(one(service, { store = store }))
    assert.are.same({}, store.values)
  end)
end)

describe("many who ask for one reissue at once", function()
  it("send it once", function()
    for _, act in ipairs { { takes = 1 }, { takes = 1, answer = LOST } } do
      local service, store = new_service { post = act }, stores.memory()
      local outcomes = ask(service, { store = store }, nil, nil, 4)
      assert.are.equal(1, service.posts)
      for i = 1, 4 do
        assert.are.equal(7, outcomes[i][1].id)
        assert.are.equal(i > 1, outcomes[i][2].existed)
      end
      assert.are.same({}, store.locks)
    end
  end)

  it("send it twice without a store, as it is asked for", function()
    local service = new_service { post = { takes = 1 } }
    ask(service, { store = false }, nil, nil, 2)
    assert.are.equal(2, service.posts)
  end)

  it("are told apart in one client without a store", function()
    local service = new_service { post = { takes = 1 } }
    local client = support.over(service.world, { store = false })
    local outcomes, functions = {}, {}
    for i = 1, 2 do
      functions[i] = function()
        outcomes[i] = { client:ensure_reissue(7, changes()) }
      end
    end
    processes.run(service.clock, functions)
    assert.are.equal(1, service.posts)
    local err = outcomes[2][2]
    assert.are.equal("unavailable", err.kind)
    assert.are.equal("unknown", err.outcome)
    assert.are.equal("the reissue of order 7 was not sent: this client is "
      .. "already sending it", err.message)
  end)

  it("wait for another key's, and send after it", function()
    local service, store = new_service { post = { takes = 1 } },
                           stores.memory()
    local outcomes, functions = {}, {}
    for i, pem in ipairs { OURS, OTHER } do
      functions[i] = function()
        local client = support.over(service.world, { store = store })
        outcomes[i] = { client:ensure_reissue(7, changes(pem)) }
      end
    end
    processes.run(service.clock, functions)
    assert.are.equal(7, outcomes[1][1].id)
    assert.are.equal("refused", outcomes[2][2].kind)
    assert.are.equal(1, service.posts)
  end)

  it("are told who has it, within the deadline", function()
    local service, store = new_service { post = { takes = 25 } },
                           stores.memory()
    local err
    processes.run(service.clock, { function()
      support.over(service.world, { store = store })
        :ensure_reissue(7, changes())
    end, function()
      err = select(2, support.over(service.world, { store = store,
        deadline = 5 }):ensure_reissue(7, changes()))
    end })
    assert.are.equal("unavailable", err.kind)
    assert.are.equal("unknown", err.outcome)
    assert.are.equal("the reissue of order 7 was not sent: this process has "
      .. "claimed it and may be placing it", err.message)
  end)
end)

-- ---- crashes ----------------------------------------------------------------

-- A process that dies once its request is out: the journal has its intent.
local function crash(service, journal)
  processes.kill(function()
    support.over(service.world, { journal = journal,
      store = stores.memory() }):ensure_reissue(7, changes())
  end, function() return service.posts == 1 end)
end

local function recovered(service, journal, options)
  local list
  processes.run(service.clock, { function()
    list = assert(support.over(service.world, { journal = journal })
      :recover(options))
  end })
  return list
end

describe("a crash between a reissue and its answer", function()
  it("leaves a line that says which order and which key", function()
    local service, journal = new_service { post = { takes = 50 } },
                             journals.memory()
    crash(service, journal)
    local line = journal:read()[1]
    assert.are.equal(7, line.reissue_of)
    assert.are.equal("intent", line.step)
    assert.are.equal(require("certcentral.csr").inspect(OURS).sha256,
                     line.key_sha256)
    assert.are.equal("example.com", line.common_name)
    assert.is_nil(line.alternative_order_id)
    support.assert_no_secret(line)
  end)

  it("is recovered where the list has it", function()
    for _, status in ipairs { "pending", "issued", "rejected" } do
      local service, journal = new_service { post = { takes = 50 } },
                               journals.memory()
      crash(service, journal)
      service:add(OTHER, "issued")
      service:add(OURS, status)
      local list = recovered(service, journal)
      assert.are.equal(1, #list)
      assert.are.same({ "placed", 7, 101, 7 }, { list[1].outcome,
        list[1].order_id, list[1].certificate_id, list[1].reissue_of })
      assert.are.equal(status, list[1].result.status)
      assert.are.equal(0, #recovered(service, journal))
      assert.are.equal(101, journal:read()[2].certificate_id)
    end
  end)

  it("is open for an hour where it has not, and was not done then",
     function()
    local service, journal = new_service { post = { takes = 50 } },
                             journals.memory()
    crash(service, journal)
    local list = recovered(service, journal)
    assert.are.equal("unknown", list[1].outcome)
    assert.are.equal("unknown", select(2, one(service,
      { journal = journal, store = stores.memory() })).kind)
    assert.are.equal(1, service.posts)
    service.clock:advance(3601)
    assert.are.equal("not_placed", recovered(service, journal)[1].outcome)
    assert(one(service, { journal = journal, store = stores.memory() }))
    assert.are.equal(2, service.posts)
  end)

  it("is not taken for an earlier one that was rejected", function()
    local service, journal = new_service { post = { takes = 50 } },
                             journals.memory()
    service:add(OURS, "rejected", {
      date_created = reissues.iso(reissues.NOW - 90000) })
    crash(service, journal)
    assert.are.equal("unknown", recovered(service, journal)[1].outcome)
    assert.are.equal(1, service.posts)
  end)

  it("is unknown where the list cannot be read", function()
    local how = { post = { takes = 50 } }
    local service, journal = new_service(how), journals.memory()
    crash(service, journal)
    how.list = function() return answer(500) end
    assert.are.equal("unknown", recovered(service, journal)[1].outcome)
    how.list = nil
    service:add("x", "issued")
    local row = recovered(service, journal)[1]
    assert.are.equal("unknown", row.outcome)
    assert.is_truthy(row.message:find("cannot be read: 100", 1, true))
  end)

  it("is seen by the next who asks, without recover", function()
    local service, journal = new_service { post = { takes = 50 } },
                             journals.memory()
    crash(service, journal)
    service:add(OURS, "pending")
    local _, info = one(service, { journal = journal })
    assert.is_true(info.existed)
    assert.are.equal(1, service.posts)
  end)
end)

describe("a journal of ensured reissues", function()
  it("is no journal of orders: an order's past is its own", function()
    local service, journal = new_service(), journals.memory()
    assert(one(service, { journal = journal }))
    local lines = journal:read()
    assert.are.equal(2, #lines)
    assert.are.same({ "outcome", "placed", 7, 201 }, { lines[2].step,
      lines[2].outcome, lines[2].order_id, lines[2].status })
    assert.are.equal(0, #recovered(service, journal))
  end)

  it("that has lost a line of late keeps it from being sent", function()
    local service, journal = new_service(), journals.memory()
    assert(journal:write { step = "outcome", entry = "lost", time =
      service.clock(), outcome = "unknown" })
    local _, err = one(service, { journal = journal })
    assert.are.equal("unknown", err.kind)
    assert.is_truthy(err.message:find("the journal is damaged: ", 1, true))
    assert.are.equal(0, service.posts)
  end)

  it("that cannot be written or read keeps it from being sent", function()
    local service = new_service()
    for _, journal in ipairs {
      { write = function() return nil, "no disk" end,
        read = function() return {}, 0 end },
      { write = function() return true end,
        read = function() return nil, "no disk" end },
    } do
      local _, err = one(service, { journal = journal })
      assert.are.equal("config", err.kind)
    end
    assert.are.equal(0, service.posts)
  end)
end)

-- ---- the sandbox ------------------------------------------------------------

describe("the sandbox", function()
  it("is reissued at once, whatever is lost", function()
    local it = box.new()
    local id = box.issued(it)
    it.client.store = stores.memory()
    local given = { skip_approval = true, certificate = {
      csr = sandbox_support.csr("example.com"), signature_hash = "sha256" } }
    it.sandbox:fault { kind = "lose", method = "POST" }
    local result, info = assert(it.client:ensure_reissue(id, given))
    assert.is_true(info.recovered)
    local again
    again, info = assert(it.client:ensure_reissue(id, given))
    assert.is_true(info.existed)
    assert.are.equal(result.certificate_id, again.certificate_id)
    assert.are.equal(1, #it.client:certificates(id))
    assert.are.equal(result.certificate_id,
                     it.client:order(id).certificate.id)
  end)

  it("has a rejected reissue, and takes another", function()
    local it = box.new()
    local id = box.issued(it)
    it.client.store = stores.memory()
    local given = { certificate = { csr = sandbox_support.csr("example.com"),
                                    signature_hash = "sha256" } }
    local first = assert(it.client:ensure_reissue(id, given))
    assert.are.equal("reissue_pending", it.client:order(id).status)
    assert.is_true(select(2, it.client:ensure_reissue(id, given)).existed)
    assert(it.client:reject(first.requests[1].id))
    local _, info = it.client:ensure_reissue(id, given)
    assert.is_false(info.existed)
    assert.are.equal(2, #it.client:certificates(id))
  end)
end)

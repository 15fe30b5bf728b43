-- What calls say where the service, the disk or the caller fails them.

local api = require "support.api"
local certcentral = require "certcentral"
local journal = require "certcentral.journal"
local lfs = require "lfs"
local orders = require "support.orders"
local support = require "support.client"

local ORDER = "GET /order/certificate/7"
local VALIDATION = "GET /order/certificate/7/validation"
local FAILED = { 500, "" }

-- name, answers of the service, the call, kind and message of the error
local told = {
  { "certificate: no such order", {}, function(c)
    return c:certificate(7)
  end, "refused", "not_found" },
  { "dcv: no such order", {}, function(c)
    return c:dcv(7)
  end, "refused", "not_found" },
  { "dcv: no value", { [VALIDATION] = { 200, '{"order_id":"7",'
    .. '"order_dcv_method":"dns-txt-token","dns_name_validations":[{"domain_id"'
    .. ':"1","name_scope":"a.example.com","status":"pending"}]}' } },
    function(c) return c:dcv(7) end, "refused", "not_found" },
  { "replacement_benefits: a service that fails",
    { ["POST /competitive-replacement/certificates"] = FAILED }, function(c)
      return c:replacement_benefits { "example.com" }
    end, "unavailable", "500" },
  { "renew: no such order", {}, function(c)
    return c:renew(7)
  end, "refused", "not_found" },
  { "renew: an order without a certificate",
    { [ORDER] = { 200, '{"id":7,"status":"issued"}' } }, function(c)
      return c:renew(7)
    end, "protocol", "order 7 came without its certificate" },
  { "renewal_advice: no such order", {}, function(c)
    return c:renewal_advice(7)
  end, "refused", "not_found" },
  { "cancel: an answer without a status",
    { ["PUT /order/certificate/7/status"] = { "none", "" } }, function(c)
      return c:cancel(7)
    end, "unknown", "no response with a status; check with client:order(7)" },
}

describe("it is told:", function()
  for _, case in ipairs(told) do
    it(case[1], function()
      local client = api.client(case[2])
      local value, err = case[3](client)
      assert.is_nil(value)
      assert.are.equal(case[4], err.kind, tostring(err))
      assert.is_truthy(tostring(err):find(case[5], 1, true), tostring(err))
    end)
  end

  it("a record without a value", function()
    local list, text = api.client {}:dcv_records {
      domains = { { name = "a.example.com" } } }
    assert.are.equal("there is no value for 'a.example.com'", list[1].problem)
    assert.is_truthy(text:find("; there is no value for 'a.example.com'", 1,
                               true))
  end)

  it("a journal that is no file any more", function()
    local path = os.tmpname()
    local file = assert(journal.file(path))
    os.remove(path)
    assert(lfs.mkdir(path))
    local list, message = file:read()
    lfs.rmdir(path)
    assert.is_nil(list)
    assert.is_truthy(message:find("^journal '.-' cannot be opened: is a "
                                  .. "directory$"), message)
  end)
end)

-- name, the call, what it raises
local raised = {
  { "orders: no table", function(c) c:orders("issued") end,
    "bad options to 'orders' (table expected, got string)" },
  { "cancel: a note that is no text", function(c)
    c:cancel(7, { note = 5 })
  end, "note' to 'cancel' (string expected, got 5)" },
  { "check_dcv: names that are no list", function(c)
    c:check_dcv(7, { dns_names = "a.example.com" })
  end, "list of host names expected" },
  { "create_organization: validations that are no list", function(c)
    c:create_organization({}, { validations = "ov" })
  end, "list of validation types expected" },
}

describe("it is raised:", function()
  for _, case in ipairs(raised) do
    it(case[1], function()
      local client = api.client {}
      local ok, message = pcall(case[2], client)
      assert.is_false(ok)
      assert.is_truthy(tostring(message):find(case[3], 1, true),
                       tostring(message))
    end)
  end
end)

describe("options with a metatable", function()
  it("are read as Lua reads them", function()
    local order = orders.minimal()
    order.certificate.csr = "no CSR"
    local options = setmetatable({ now = orders.NOW },
      { __index = { check_csr = false }, __pairs = error })
    assert.is_true(certcentral.validate(order, options))
    getmetatable(options).__index = nil
    assert.is_nil((certcentral.validate(order, options)))
  end)
end)

describe("a transport that yields in a queue", function()
  it("fails its order alone", function()
    local client = support.new(function() coroutine.yield("?") end)
    local queue, outcome = client:queue(), nil
    queue:add(orders.minimal(), { now = orders.NOW }, function(o)
      outcome = o
    end)
    repeat until queue:step(1) == 0
    queue:close()
    assert.are.equal("unknown", outcome.err.outcome)
    assert.is_truthy(tostring(outcome.err):find("it yielded", 1, true),
                     tostring(outcome.err))
  end)
end)

describe("texts that JSON writes otherwise", function()
  it("are sent as they are", function()
    local json = require "certcentral.sandbox.json"
    local text = 'say "no",\nback\\slash\ttab'
    local client, requests = api.client {
      ["PUT /order/certificate/7/status"] = { 204, "" } }
    assert.is_true(client:cancel(7, { note = text }))
    assert.are.equal(text, json.decode(requests[1].body).note)
  end)
end)

describe("a queue that the collector takes", function()
  it("gives up its order, calls nothing, and the journal has it", function()
    local sandbox = require "support.sandbox"
    local server, path, calls = sandbox.start(), os.tmpname(), 0
    local function count() calls = calls + 1 end
    local client = assert(certcentral.new {
      api_key = server.api_key, base_url = server.base_url,
      ca_file = server.ca_file, journal = journal.file(path),
      on_event = count })
    do
      local queue = client:queue()
      local ticket = assert(queue:add(orders.minimal(), { check_csr = false },
                                      count))
      repeat queue:step(0) until ticket:status() == "sending"
    end
    calls = 0
    if jit then
      jit.flush() -- what was compiled may hold the queue it was compiled for
    end
    collectgarbage()
    collectgarbage()
    assert.are.equal(0, calls)
    local list = journal.file(path):read()
    assert.are.equal("intent", list[1].step)
    assert.are.equal("not_placed", list[#list].outcome) -- nothing was sent
    client:close()
    server.stop()
    os.remove(path)
  end)

  it("is not one that was armed again and is still in use", function()
    local client = api.client {}
    local queue = client:queue()
    queue:arm()
    collectgarbage()
    collectgarbage()
    local ticket = queue:add(orders.minimal(), { check_csr = false })
    assert.are.equal("queued", ticket:status())
    queue:close()
  end)
end)

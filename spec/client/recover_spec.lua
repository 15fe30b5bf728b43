-- The client and its journal: what is written before and after an order, and
-- what recover() makes of what is open.

local certcentral = require "certcentral"
local journals = require "certcentral.journal"
local orders = require "support.orders"
local service = require "support.service"
local support = require "support.client"

local PLACED = service.PLACED

-- printf %s https://www.digicert.com/services/v2 |
--   openssl dgst -sha256 -hmac "$KEY"
local ACCOUNT = "4dc06dbe7b513142"

local function client_of(box, journal, more)
  local options = { api_key = support.KEY, transport = box.world,
                    journal = journal }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(certcentral.new(options))
end

local function place(script, journal, options)
  local box = service.new(script)
  local order = orders.minimal()
  order.alternative_order_id = "a-1"
  local given = orders.options(options)
  if given.once == false then
    order.alternative_order_id = nil
  end
  local result, info = client_of(box, journal):place_order(order, given)
  return result, info, box
end

-- The lines of a journal, each without its entry's name, which is checked.
local function lines_of(journal)
  local lines, entry = assert(journal:read()), nil
  for _, line in ipairs(lines) do
    assert.are.equal(26, #line.entry)
    entry = entry or line.entry
    assert.are.equal(entry, line.entry)
    line.entry = nil
  end
  return lines
end

describe("the journal of an order", function()
  local outcomes = {
    { "that is placed", { post = { PLACED } },
      { outcome = "placed", order_id = 542772, status = 201 } },
    { "that is refused", { post = { 400 } },
      { outcome = "not_placed", kind = "refused", status = 400 } },
    { "that is not sent", { post = { "refused" } },
      { outcome = "not_placed", kind = "unavailable" }, 1.75 },
    { "that is unclear", { post = { "lost" }, lookup = { 404 } },
      { outcome = "unknown", kind = "unknown" }, 60 },
    { "that is found", { post = { "lost" }, lookup = { { { order_id = 7 } } },
                         details = { [7] = {} } },
      { outcome = "placed", order_id = 7, status = 200 } },
  }
  for _, case in ipairs(outcomes) do
    it("has a line before and a line after: " .. case[1], function()
      local journal = journals.memory()
      local _, _, box = place(case[2], journal)
      local lines = lines_of(journal)
      local outcome = { step = "outcome",
                        time = 1764000000 + math.floor(case[4] or 0) }
      for name, value in pairs(case[3]) do
        outcome[name] = value
      end
      assert.are.same({
        { step = "intent", time = 1764000000, alternative_order_id = "a-1",
          base_url = "https://www.digicert.com/services/v2",
          account = ACCOUNT, product = "ssl_securesite_flex",
          common_name = "example.com",
          sha256 = require("certcentral.csr").sha256(box.requests[1].body) },
        outcome,
      }, lines)
    end)
  end

  it("has a line before the order is sent", function()
    local journal, seen = journals.memory(), nil
    local box = service.new { post = { PLACED } }
    local perform = box.world.perform
    box.world.perform = function(request)
      seen = #journal:read()
      return perform(request)
    end
    client_of(box, journal):place_order(orders.minimal(), orders.options())
    assert.are.equal(1, seen)
  end)

  it("has no line of an order that is not to be sent", function()
    local journal = journals.memory()
    client_of(service.new {}, journal):place_order({}, orders.options())
    assert.are.same({}, journal:read())
  end)

  it("has no line of an order that ensure_order finds", function()
    local journal = journals.memory()
    local order = orders.minimal()
    order.alternative_order_id = "a-1"
    local client = client_of(service.new {
      lookup = { { { order_id = 7 } } }, details = { [7] = {} },
    }, journal)
    assert(client:ensure_order(order, orders.options()))
    assert.are.same({}, journal:read())
  end)

  it("has nothing secret", function()
    local journal = journals.memory()
    local order = orders.minimal()
    order.payment_method = "card"
    order.credit_card = orders.card and orders.card() or {
      number = "4111111111111111", cvv = "737", expiration_month = 12,
      expiration_year = 2030, name_on_card = "Canary Holder" }
    order.billing_address = { name = "A B", address = "1 Main St",
      city = "Lehi", state = "UT", zip = "84043", country = "us" }
    client_of(service.new { post = { PLACED } }, journal)
      :place_order(order, orders.options())
    local lines = journal:read()
    for _, secret in ipairs { support.KEY, "4111111111111111", "737",
                              "Canary Holder", "BEGIN" } do
      support.assert_no_secret(lines, secret)
    end
  end)
end)

describe("a journal that fails", function()
  local function failing(at, how)
    local count = 0
    return { read = function() return {} end, write = function()
      count = count + 1
      if count >= at then
        return how()
      end
      return true
    end }
  end
  local ways = {
    { "raises", function() error("disk full", 0) end, "disk full" },
    { "returns nil and why", function() return nil, "disk full" end,
      "disk full" },
    { "returns nothing", function() end, "a nil" },
    { "raises a table", function() error({}, 0) end, "a table" },
    { "tells the key", function() return nil, support.KEY end, "[hidden]" },
  }
  for _, way in ipairs(ways) do
    it("stops the order before it is sent: " .. way[1], function()
      local result, err, box = place({ post = { PLACED } },
                                     failing(1, way[2]))
      assert.is_nil(result)
      assert.are.equal("config", err.kind)
      assert.are.equal("not_placed", err.outcome)
      assert.are.equal("the journal cannot be written: " .. way[3],
                       err.message)
      assert.are.equal("a-1", err.alternative_order_id)
      assert.are.equal(0, err.attempts)
      assert.are.equal(0, #box.requests)
    end)

    it("does not hide that an order was placed: " .. way[1], function()
      local result, info = place({ post = { PLACED } }, failing(2, way[2]))
      assert.are.equal(542772, result.id)
      assert.are.equal(way[3], info.journal_error)
    end)
  end

  it("stops recover()", function()
    for _, read in ipairs { function() error("no disk", 0) end,
                            function() return nil, "no disk" end } do
      local list, err = client_of(service.new {}, {
        read = read, write = function() end }):recover()
      assert.is_nil(list)
      assert.are.equal("config", err.kind)
      assert.are.equal("the journal cannot be read: no disk", err.message)
    end
  end)
end)

describe("recover", function()
  -- A journal with one open order, of `seconds` before the service's time.
  local function left_open(seconds, more)
    local journal = journals.memory()
    local line = { step = "intent", entry = "e1", time = 1764000000 - seconds,
                   alternative_order_id = "a-1", product = "ssl_basic",
                   common_name = "example.com", sha256 = "00" }
    for name, value in pairs(more or {}) do
      line[name] = value
    end
    journal:write(line)
    return journal
  end
  local function recover(journal, script, options)
    local box = service.new(script)
    return client_of(box, journal):recover(options), box
  end

  it("finds what was placed, and closes it", function()
    local journal = left_open(60)
    local list = recover(journal, { lookup = { { { order_id = 7 } } },
                                    details = { [7] = { status = "x" } } })
    assert.are.same({ { entry = "e1", time = 1764000000 - 60,
      alternative_order_id = "a-1", product = "ssl_basic",
      common_name = "example.com", sha256 = "00", outcome = "placed",
      order_id = 7, result = { id = 7, status = "x" }, warnings = {} },
      skipped = {} }, list)
    assert.are.same({}, journal:open_orders())
    assert.are.same({ skipped = {} }, (recover(journal, {})))
  end)

  local cases = {
    { "not found at once", 60, { lookup = { 404 } }, "unknown" },
    { "not found after an hour", 3600, { lookup = { 404 } }, "not_placed" },
    { "not found just before", 3599, { lookup = { 404 } }, "unknown" },
    { "not found, as settle says", 5, { lookup = { 404 } }, "not_placed",
      { settle = 5 } },
    { "not to be looked up", 9999, { lookup = { 403 } }, "unknown" },
    { "never answered", 9999, { lookup = { "lost" } }, "unknown" },
    { "another's", 9999, { lookup = { { { order_id = 7 } } },
      details = { [7] = { certificate = { common_name = "x.org" } } } },
      "unknown" },
  }
  for _, case in ipairs(cases) do
    it("knows an order that is " .. case[1], function()
      local journal = left_open(case[2])
      local list = recover(journal, case[3], case[5])
      assert.are.equal(1, #list)
      assert.are.equal(case[4], list[1].outcome)
      assert.are.equal(case[4] == "unknown",
                       type(list[1].message) == "string")
      assert.are.equal(case[4] == "unknown" and 1 or 0,
                       #journal:open_orders())
    end)
  end

  it("tells of an order without a name", function()
    local journal = journals.memory()
    place({ post = { "lost" } }, journal, { once = false })
    -- an unclear order that was told is no longer open for a crash's sake
    local list, box = recover(journal, {})
    assert.are.equal(1, #list)
    assert.are.equal("unknown", list[1].outcome)
    assert.are.equal("it has no alternative_order_id to be looked up by",
                     list[1].message)
    assert.are.equal(0, #box.requests)
  end)

  it("looks up what was told to be unclear", function()
    local journal = journals.memory()
    place({ post = { "lost" }, lookup = { 404 } }, journal)
    local list = recover(journal, { lookup = { { { order_id = 7 } } },
                                    details = { [7] = {} } })
    assert.are.equal("placed", list[1].outcome)
  end)

  it("says where it could not be written", function()
    local journal = left_open(60)
    local full = { read = function() return journal:read() end,
                   write = function() return nil, "disk full" end }
    local list = recover(full, { lookup = { { { order_id = 7 } } },
                                 details = { [7] = {} } })
    assert.are.equal("placed", list[1].outcome)
    assert.are.equal("disk full", list[1].journal_error)
  end)

  it("warns of several orders of one name", function()
    local list = recover(left_open(60), { lookup = { { { order_id = 7 },
                                                       { order_id = 8 } } },
      details = { [7] = {}, [8] = {} } })
    assert.are.equal(8, list[1].order_id)
    assert.are.equal("duplicate", list[1].warnings[1].code)
  end)

  it("raises without a journal, and for wrong options", function()
    local box = service.new {}
    local client = client_of(box)
    local with = client_of(box, journals.memory())
    for message, f in pairs {
      ["this client has no journal to recover from"] = function()
        client:recover()
      end,
      ["bad option 'settle' to 'recover' (non-negative number of seconds "
       .. "expected, got -1)"] = function() with:recover { settle = -1 } end,
      ["unknown option 'setle' to 'recover' (did you mean 'settle'?)"] =
        function() with:recover { setle = 1 } end,
    } do
      local ok, text = pcall(f)
      assert.is_false(ok)
      assert.is_truthy(text:find(message, 1, true), text)
    end
    with:close()
    assert.is_false(pcall(with.recover, with))
  end)
end)


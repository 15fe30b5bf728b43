-- Anything at all in an order gives problems, never a crash, a hang or a
-- half-built request.

-- Under a tool that watches each instruction, a hundredth is as telling.
local SMALLER = os.getenv("CERTCENTRAL_TEST_SLOW") and 100 or 1
local MILLION = 1000000 / SMALLER

local certcentral = require "certcentral"
local judge = require "support.judge"
local orders = require "support.orders"
local support = require "support.client"

local has_ffi, ffi = pcall(require, "ffi")

local good = certcentral.encode(orders.maximal(), orders.options())

-- Runs every call on an order; each returns something or an error, sends
-- nothing that has problems, and leaves no trace for the next order.
-- Returns the problems.
local function survive(order, options)
  options = orders.options(options)
  local valid, err = certcentral.validate(order, options)
  local body = certcentral.encode(order, options)
  local request = certcentral.request(order, options)
  assert.are.equal(valid == nil, body == nil)
  assert.are.equal(valid == nil, request == nil)
  assert.is_table(certcentral.redact(order))
  local transport, requests = support.recorder()
  local client = support.new(transport)
  local result = client:place_order(order, options)
  client:close()
  assert.are.equal(valid == nil and 0 or 1, #requests)
  assert.are.equal(valid == nil, result == nil)
  assert.are.equal(good, (certcentral.encode(orders.maximal(),
                                             orders.options())))
  if valid then
    return {}
  end
  assert.are.equal("invalid", err.kind)
  assert.is_true(#err.problems > 0)
  assert.is_true(#tostring(err) < 1e6)
  for _, problem in ipairs(err.problems) do
    assert.is_true(#problem.message < 2000)
    assert.is_true(#problem.path < 1000)
    assert.is_nil(problem.message:find("%c"))
  end
  return err.problems
end

local function raiser(name)
  return function()
    error("asked for " .. name)
  end
end

local function trap(content)
  local meta = {}
  for _, name in ipairs { "__index", "__newindex", "__pairs", "__ipairs",
    "__len", "__call", "__tostring", "__concat", "__eq", "__lt", "__le",
    "__unm", "__add", "__idiv", "__tonumber" } do
    meta[name] = raiser(name)
  end
  return setmetatable(content or {}, meta)
end

local values = {
  ["a function"] = print,
  ["a closure"] = function() end,
  ["a coroutine"] = coroutine.create(function() end),
  ["a dead coroutine"] = (function()
    local co = coroutine.create(function() end)
    coroutine.resume(co)
    return co
  end)(),
  ["a file"] = io.stdout,
  ["not a number"] = 0 / 0,
  ["infinity"] = math.huge,
  ["minus infinity"] = -math.huge,
  ["minus zero"] = -0.0,
  ["a huge number"] = 1e308,
  ["a tiny number"] = 5e-324,
  ["the least integer"] = -2^63,
  ["beyond all integers"] = 2^63,
  ["a long string"] = ("x"):rep(10 * MILLION),
  ["a long string of NUL"] = ("\0"):rep(10 * MILLION),
  ["a long string that is no UTF-8"] = ("\255"):rep(10 * MILLION),
  ["a long string of quotes"] = ('"'):rep(10 * MILLION),
  ["a long string of hosts"] = ("a."):rep(5 * MILLION),
  ["NUL"] = "\0", ["text with NUL"] = "a\0b",
  ["no UTF-8"] = "\237\160\128", ["half a character"] = "\240\159",
  ["a format"] = "%s%n%d%99999999s",
  ["an empty table"] = {}, ["a list"] = { 1, 2, 3 },
  ["a list with holes"] = { 1, nil, 3, nil, nil, 6 },
  ["keys that are no strings"] = { [1.5] = 1, [true] = 2, [print] = 3,
                                   [{}] = 4, [-1] = 5, [2^53] = 6 },
  ["keys of every kind"] = { "a", x = 1, [0] = 2, [""] = 3, ["\0"] = 4,
                             [("k"):rep(100000)] = 5, ["\255"] = 6 },
  ["a trap"] = trap(), ["a full trap"] = trap { "a", b = "c" },
  ["a table of traps"] = { trap(), a = trap(), trap { trap() } },
  ["a closed metatable"] = setmetatable({}, { __metatable = false,
    __index = {} }),
  ["a module"] = string, ["the globals"] = _G,
  ["false"] = false, ["true"] = true, ["null"] = certcentral.null,
}
if has_ffi then
  values["cdata: an integer"] = ffi.new("int64_t", 5)
  values["cdata: a pointer"] = ffi.cast("void *", 0)
  values["cdata: an array"] = ffi.new("char[16]")
  values["cdata: a struct"] = ffi.new("struct { int id; }")
  values["cdata: a complex number"] = ffi.new("complex", 1, 2)
  values["cdata: a type"] = ffi.typeof("int")
end
if math.type then
  values["the least integer, exact"] = math.mininteger
  values["the largest integer, exact"] = math.maxinteger
end

local large = { ["the globals"] = true }
for name, value in pairs(values) do
  large[name] = large[name] or type(value) == "string" and #value > 1e6
end

local places = {
  "certificate", "certificate.common_name", "certificate.dns_names",
  "certificate.dns_names[1]", "certificate.csr",
  "certificate.signature_hash", "certificate.server_platform",
  "certificate.server_platform.id", "certificate.cert_validity",
  "certificate.cert_validity.custom_expiration_date", "order_validity",
  "order_validity.years", "order_validity.custom_expiration_date",
  "custom_expiration_date", "comments", "auto_renew", "additional_emails",
  "additional_emails[1]", "payment_method", "credit_card",
  "credit_card.number", "credit_card.cvv", "skip_approval", "dcv_method",
  "organization", "organization.id", "organization.contacts",
  "organization.contacts[1]", "organization.contacts[1].email",
  "organization.name", "custom_fields", "custom_fields[1].value",
  "alternative_order_id", "renewed_thumbprint", "nonsense",
  "certificate.nonsense", "organization.contacts[1].nonsense",
}

describe("any value in any place", function()
  for name, value in pairs(values) do
    it(name, function()
      for _, place in ipairs(places) do
        for _, allow in ipairs { false, true } do
          local order = orders.pay_by_card(orders.minimal())
          order.organization.contacts = { { contact_type = "x",
                                            user_id = 1 } }
          order.custom_fields = { { metadata_id = 1, value = "x" } }
          orders.set(order, place, value)
          if large[name] then -- one call stands for all
            judge.order(order, { allow_unknown = allow })
          else
            survive(order, { allow_unknown = allow })
          end
        end
      end
    end)
  end

  it("and as a key", function()
    for name, value in pairs(values) do
      if value == value and not large[name] then
        for _, place in ipairs { "", "certificate", "organization" } do
          local order = orders.minimal()
          local object = place == "" and order or order[place]
          object[value] = "x"
          for _, allow in ipairs { false, true } do
            local problems = survive(order, { allow_unknown = allow })
            assert.is_true(#problems > 0 or allow)
          end
        end
      end
    end
  end)
end)

describe("a table that is not plain", function()
  for _, place in ipairs { "certificate", "order_validity", "organization",
    "certificate.dns_names", "organization.contacts",
    "organization.contacts[1]", "custom_fields[1]", "credit_card" } do
    it("is a problem at " .. place, function()
      for _, event in ipairs { "__index", "__pairs" } do
        local order = orders.maximal()
        local problems = survive(orders.set(order, place,
          setmetatable({}, { [event] = raiser(event) })))
        assert.are.equal(place, problems[1].path)
        assert.are.equal("type", problems[1].code)
        assert.is_truthy(problems[1].message:find(event, 1, true))
      end
    end)
  end

  it("is a problem of the order itself", function()
    for _, event in ipairs { "__index", "__pairs" } do
      local problems = survive(setmetatable(orders.minimal(),
        { [event] = raiser(event) }))
      assert.are.equal(1, #problems)
      assert.are.equal("order", problems[1].path)
      assert.are.equal("type", problems[1].code)
    end
  end)

  it("is plain with any other metatable", function()
    local order = setmetatable(orders.minimal(), {
      __len = raiser("__len"), __eq = raiser("__eq"),
      __newindex = raiser("__newindex"), __call = raiser("__call"),
      __tostring = raiser("__tostring"), __metatable = false, __mode = "k" })
    assert.are.same({}, survive(order))
  end)
end)

describe("tables that hold themselves", function()
  it("are unknown fields, or let through and too deep", function()
    local order = orders.minimal()
    order.order = order
    order.certificate.certificate = order.certificate
    assert.are.same({ "order unknown", "certificate.certificate unknown" },
                    (judge.order(order)))
    survive(order)
    assert.are.same({ "order type", "certificate.certificate type" },
                    (judge.order(order, { allow_unknown = true })))
    survive(order, { allow_unknown = true })
  end)

  it("are items of their own lists", function()
    local order = orders.minimal()
    local list = {}
    list[1], list[2] = list, list
    order.organization.contacts = list
    order.certificate.dns_names = list
    survive(order)
    order.organization.contacts = { order, order.organization }
    survive(order, { allow_unknown = true })
  end)

  it("are shared, and so seem endless", function()
    local node = { "x" }
    for _ = 1, 30 do
      node = { a = node, b = node }
    end
    assert.are.same({ "zzzz type" }, (judge.with({ zzzz = node },
                                                 { allow_unknown = true })))
    node = { "x" }
    for _ = 1, 30 do
      node = { node, node }
    end
    assert.are.same({ "zzzz type" }, (judge.with({ zzzz = node },
                                                 { allow_unknown = true })))
  end)

  it("are lists that hold one long list often", function()
    local list, lists = {}, {}
    for i = 1, 100000 do
      list[i] = "x"
    end
    for i = 1, 20 do
      lists[i] = list
    end
    assert.are.same({ "zzzz type" }, (judge.with({ zzzz = lists },
                                                 { allow_unknown = true })))
  end)

  it("are nested deeply", function()
    for _, depth in ipairs { 10, 1000, 100000 } do
      local node = {}
      for _ = 1, depth do
        node = { node }
      end
      local order = orders.with { zzzz = node }
      survive(order)
      local problems = survive(order, { allow_unknown = true })
      assert.are.equal(depth > 32 and 1 or 0, #problems)
      node = "x"
      for _ = 1, depth do
        node = { certificate = node }
      end
      survive(node)
      survive(node, { allow_unknown = true })
    end
  end)
end)

describe("a long list", function()
  local function names(count)
    local list = {}
    for i = 1, count do
      list[i] = "n" .. i .. ".example.com"
    end
    return list
  end

  it("of a million names is written whole", function()
    local list = names(MILLION)
    local body, warnings = certcentral.encode(
      orders.with { ["certificate.dns_names"] = list }, orders.options())
    assert.is_string(body)
    assert.are.same({ { "certificate.dns_names", "limit" } },
                    orders.codes(warnings))
    local count = select(2, body:gsub("%.example%.com\"", ""))
    assert.are.equal(MILLION, count)
  end)

  it("of a million problems tells a thousand", function()
    local list = {}
    for i = 1, MILLION do
      list[i] = "bad_name"
    end
    local err = judge.err { ["certificate.dns_names"] = list }
    assert.are.equal(1000, #err.problems)
    assert.are.equal("certificate.dns_names[1000]",
                     err.problems[1000].path)
    local count = ("%d problems"):format(MILLION)
    assert.is_truthy(err.message:find(count, 1, true))
    assert.is_true(#err.warnings <= 1000)
  end)

  it("of values of every kind is looked through", function()
    local list = {}
    for i = 1, 100000 do
      list[i] = i % 3 == 0 and i or i % 3 == 1 and {} or true
    end
    survive(orders.with { ["certificate.dns_names"] = list,
                          additional_emails = list,
                          ["organization.contacts"] = list,
                          custom_fields = list })
  end)

  it("of contacts is looked through", function()
    local list = {}
    for i = 1, 100000 do
      list[i] = { contact_type = "x", user_id = i }
    end
    assert.are.same({}, survive(
      orders.with { ["organization.contacts"] = list }))
  end)

  it("of unknown fields is looked through", function()
    local order = orders.minimal()
    for i = 1, 50000 do
      order["field" .. i] = i
    end
    local _, err = certcentral.validate(order, orders.options())
    assert.are.equal(1000, #err.problems)
    assert.is_truthy(err.message:find("50000 problems", 1, true))
    local body, warnings = certcentral.encode(order,
      orders.options { allow_unknown = true })
    assert.is_string(body)
    assert.are.equal(1000, #warnings)
  end)

  it("in an unknown field is refused or written whole", function()
    for _, count in ipairs { 1000, 50000, 200000 } do
      local body = certcentral.encode(orders.with { zzzz = names(count) },
        orders.options { allow_unknown = true })
      if body then
        assert.are.equal(count,
          select(2, body:gsub('"n%d+%.example%.com"', "")))
      end
    end
  end)

  -- Lua finds the length of such tables by doubling: it may be anything up
  -- to the last key.
  it("that seems far longer than it is", function()
    for _, top in ipairs { 10, 20, 40, 62 } do
      local list = {}
      for i = 1, 9 do
        list[i] = "n" .. i .. ".example.com"
      end
      list[6], list[7] = nil, nil
      for i = 4, top do
        list[2^i] = "n" .. i .. ".example.com"
      end
      for _, place in ipairs { "certificate.dns_names", "additional_emails",
                               "organization.contacts", "custom_fields" } do
        local problems = survive(orders.with { [place] = list })
        assert.are.equal(place, problems[1].path)
        assert.are.equal("type", problems[1].code)
      end
      survive(orders.with { zzzz = list }, { allow_unknown = true })
    end
  end)
end)

describe("strings", function()
  it("of ten million bytes go out whole", function()
    for _, text in ipairs { ("x"):rep(10 * MILLION),
                            ("\195\164"):rep(5 * MILLION) } do
      local body = certcentral.encode(orders.with { comments = text },
                                      orders.options())
      assert.is_true(body:find('"comments":"' .. text .. '"', 1, true)
                     ~= nil)
    end
  end)

  it("are CSRs of ten million bytes", function()
    for _, text in ipairs { ("A"):rep(10 * MILLION),
      "-----BEGIN CERTIFICATE REQUEST-----\n" .. ("A"):rep(10 * MILLION) ..
      "\n-----END CERTIFICATE REQUEST-----", (" "):rep(10 * MILLION) } do
      assert.are.equal(1, #(judge.with({ ["certificate.csr"] = text },
                                       { check_csr = true })))
    end
  end)

  it("of every byte are judged", function()
    for byte = 0, 255 do
      local text = string.char(byte)
      for _, place in ipairs { "comments", "locale",
        "certificate.common_name", "certificate.csr", "renewed_thumbprint",
        "order_validity.custom_expiration_date", "alternative_order_id",
        "additional_emails[1]" } do
        judge.with { [place] = text }
        judge.with { [place] = "a" .. text .. "b" }
      end
    end
  end)

  it("of random bytes are judged", function()
    local seed = 1234567
    local function random(n)
      seed = (seed * 16807) % 2147483647
      return seed % n
    end
    for _ = 1, 2000 do
      local bytes = {}
      for i = 1, random(80) do
        bytes[i] = string.char(random(4) == 0 and random(256)
                               or 32 + random(95))
      end
      local text = table.concat(bytes)
      local order = orders.with { comments = text, locale = text,
        ["certificate.common_name"] = text, ["certificate.csr"] = text,
        ["certificate.dns_names"] = { text }, renewed_thumbprint = text,
        additional_emails = { text }, alternative_order_id = text,
        ["order_validity.custom_expiration_date"] = text }
      order[text] = text
      judge.order(order)
      judge.order(order, { allow_unknown = true })
    end
    assert.are.same({}, survive(orders.minimal()))
  end)
end)

describe("a raise in the middle", function()
  it("leaves nothing for the next order", function()
    local order = orders.minimal()
    for _ = 1, 100 do
      pcall(certcentral.validate, order, { now = -1 })
      pcall(certcentral.encode, order, { now = 0 / 0 })
    end
    assert.are.same({}, survive(order))
  end)

  it("is none in another coroutine", function()
    local results = {}
    for i = 1, 10 do
      results[i] = coroutine.wrap(function()
        return (certcentral.encode(orders.maximal(), orders.options()))
      end)()
      assert.are.equal(good, results[i])
    end
  end)
end)

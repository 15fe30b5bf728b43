-- Fields that the form does not know: refused with a hint, or let through.

local certcentral = require "certcentral"
local judge = require "support.judge"
local orders = require "support.orders"

local null = certcentral.null

describe("an unknown field", function()
  -- path, what is near
  local hints = {
    { "certificate.common_nam", "certificate.common_name" },
    { "certificate.comon_name", "certificate.common_name" },
    { "certificate.common-name", "certificate.common_name" },
    { "certificate.commonName", "certificate.common_name" },
    { "certificate.COMMON_NAME", "certificate.common_name" },
    { "certificate.dns_name", "certificate.dns_names" },
    { "certificate.dsn_names", "certificate.dns_names" },
    { "certificate.crs", "certificate.csr" },
    { "certificate.signature_algorithm", nil },
    { "organisation", "organization" },
    { "organization.ids", "organization.id" },
    { "payment_metod", "payment_method" },
    { "order_validty", "order_validity" },
    { "skip_aproval", "skip_approval" },
    { "common_name", "certificate.common_name" },
    { "csr", "certificate.csr" },
    { "signature_hash", "certificate.signature_hash" },
    { "zzzzzzzzzz", nil }, { "x", nil }, { "___", nil }, { "sans9", nil },
    { ("x"):rep(10000), nil },
  }
  for _, case in ipairs(hints) do
    it(case[1]:sub(1, 40) .. " is refused", function()
      local err = judge.err { [case[1]] = "value" }
      assert.are.equal(1, #err.problems)
      assert.are.equal("unknown", err.problems[1].code)
      assert.are.equal(case[2], err.problems[1].hint)
      if #case[1] < 40 and not case[1]:find("-", 1, true) then
        assert.are.equal(case[1], err.problems[1].path)
      end
      if case[2] then
        assert.is_truthy(tostring(err):find(
          ("did you mean '%s'?"):format(case[2]), 1, true))
      end
    end)
  end

  -- Words that people have for fields.
  local words = {
    { "sans", "certificate.dns_names" }, { "SAN", "certificate.dns_names" },
    { "certificate.sans", "certificate.dns_names" },
    { "certificate.subject_alternative_names", "certificate.dns_names" },
    { "certificate.subjectAltNames", "certificate.dns_names" },
    { "domains", "certificate.dns_names" },
    { "certificate.hostnames", "certificate.dns_names" },
    { "cn", "certificate.common_name" },
    { "certificate.CN", "certificate.common_name" },
    { "certificate.domain", "certificate.common_name" },
    { "certificate.fqdn", "certificate.common_name" },
    { "certificate.name", "certificate.common_name" },
    { "name", "organization.name" },
    { "csr_pem", "certificate.csr" }, { "hash", "certificate.signature_hash" },
    { "organization_id", "organization.id" },
    { "organizationId", "organization.id" },
    { "org_id", "organization.id" }, { "org", "organization" },
    { "organization.org_id", "organization.id" },
    { "organization.organization_id", "organization.id" },
    { "company_name", "organization.name" },
    { "validity", "order_validity" },
    { "certificate.validity", "certificate.cert_validity" },
    { "years", "order_validity.years" }, { "days", "order_validity.days" },
    { "certificate.years", "certificate.cert_validity.years" },
    { "validity_days", "order_validity.days" },
    { "order_validity_years", "order_validity.years" },
    { "expires", "order_validity.custom_expiration_date" },
    { "certificate.not_after",
      "certificate.cert_validity.custom_expiration_date" },
    { "container_id", "container.id" }, { "division_id", "container.id" },
    { "server_platform_id", "certificate.server_platform.id" },
    { "certificate.platform", "certificate.server_platform" },
    { "email", "organization_contact.email" },
    { "emails", "additional_emails" },
    { "technical_contact.mail", "technical_contact.email" },
    { "technical_contact.phone", "technical_contact.telephone" },
    { "organization.phone", "organization.telephone" },
    { "organization.postal_code", "organization.zip" },
    { "zip_code", "organization.zip" },
    { "billing_address.postcode", "billing_address.zip" },
    { "city", "organization.city" },
    { "contacts", "organization.contacts" },
    { "credit_card.cvc", "credit_card.cvv" },
    { "card_number", "credit_card.number" },
    { "reference", "alternative_order_id" },
    { "renewed_order_id", "renewal_of_order_id" },
  }
  for _, case in ipairs(words) do
    it(case[1] .. " leads to " .. case[2], function()
      local found = {}
      for _, problem in ipairs(judge.err { [case[1]] = "value" }.problems) do
        if problem.code == "unknown" then
          found[#found + 1] = problem.path .. " " .. tostring(problem.hint)
        end
      end
      assert.are.same({ case[1] .. " " .. case[2] }, found)
    end)
  end

  -- Options of an order that stand among its fields.
  for _, name in ipairs { "product", "now", "strict", "allow_unknown",
                          "check_csr", "blocklist", "once" } do
    local hint = ("it is an option, as in place_order(order, { %s = ... })")
                 :format(name)

    it("is known as an option: " .. name, function()
      local err = judge.err { [name] = "ssl_basic" }
      assert.are.equal(("'%s' is not a field of an order (%s)")
                       :format(name, hint), tostring(err))
      assert.are.equal(hint, err.problems[1].hint)
      local options = orders.options { allow_unknown = true }
      for _, call in ipairs { "validate", "encode", "request" } do
        local _, warnings = assert(certcentral[call](
          orders.with { [name] = "ssl_basic" }, options))
        assert.are.equal(hint, warnings[1].hint)
      end
    end)

    it("is known as an option at the top only: " .. name, function()
      local err = judge.err { ["certificate." .. name] = "ssl_basic" }
      assert.is_nil(tostring(err):find("an option", 1, true))
    end)
  end

  it("is found in every object and list", function()
    local order = orders.maximal_new()
    local wanted = {}
    for row in certcentral.fields() do
      if row.type == "object" or row.items == "object" then
        local path = row.path .. (row.items and "[1]" or "")
        orders.set(order, path .. ".zzzz", 1)
        wanted[#wanted + 1] = path .. ".zzzz unknown"
      end
    end
    order.zzzz = true
    table.insert(wanted, 1, "zzzz unknown")
    assert.are.equal(14, #wanted)
    assert.are.same(wanted, (judge.order(order)))
  end)

  it("stands in front of its object's fields, by name", function()
    local order = orders.minimal()
    order.zb, order.za, order.certificate.zz = 1, 2, 3
    order.certificate.common_name = nil
    order.order_validity.years = 0
    for _ = 1, 5 do
      assert.are.same({ "za unknown", "zb unknown", "certificate.zz unknown",
        "certificate.common_name missing", "order_validity.years range" },
        (judge.order(order)))
    end
  end)

  local keys = {
    { 1, "[1]" }, { 0, "[0]" }, { -1, "[-1]" }, { "a b", '["a b"]' },
    { "", '[""]' }, { "a.b", '["a.b"]' }, { "1", '["1"]' },
    { 'a"b', '["a\\"b"]' }, { "a\nb", '["a\\x0Ab"]' },
    { "\255", '["\\xFF"]' }, { print, "[not a string]" },
    { true, "[not a string]" }, { {}, "[not a string]" },
    { 1.5, "[not a string]" }, { "end_", "end_" }, { "aZ_09", "aZ_09" },
  }
  for _, case in ipairs(keys) do
    it("is written as " .. case[2], function()
      local order = orders.minimal()
      order[case[1]] = "value"
      order.certificate[case[1]] = "value"
      local err = select(2, certcentral.validate(order, orders.options()))
      local dot = case[2]:sub(1, 1) == "[" and "" or "."
      assert.are.same({ { case[2], "unknown" },
                        { "certificate" .. dot .. case[2], "unknown" } },
                      orders.codes(err.problems))
    end)
  end

  it("that is null counts as absent", function()
    assert.are.same({}, (judge.with { zzzz = null,
                                      ["certificate.zzzz"] = null }))
  end)

  it("shows no value", function()
    local err = judge.err { pasword = "canary" }
    assert.is_nil(tostring(err):find("canary", 1, true))
  end)
end)

describe("allow_unknown", function()
  -- value, as JSON
  local values = {
    { "text", '"text"' }, { "", '""' },
    { "\11\31", '"\\u000b\\u001f"' }, { 'a"\\\n\1', '"a\\"\\\\\\n\\u0001"' },
    { 5, "5" }, { -5, "-5" }, { 0, "0" }, { 5.0, "5" }, { 1.5, "1.5" },
    { 0.1, "0.1" }, { 1 / 3, "0.3333333333333333" },
    { 0.1 + 0.2, "0.30000000000000004" }, { 1e300, "1e+300" },
    { -1e-300, "-1e-300" }, { 2^53, "9007199254740992" },
    { true, "true" }, { false, "false" }, { {}, "{}" },
    { { 1, "a", true, {} }, '[1,"a",true,{}]' },
    { { a = { b = { 1, { c = "d" } } } }, '{"a":{"b":[1,{"c":"d"}]}}' },
    { { null, 1 }, "[null,1]" }, { { a = null }, '{"a":null}' },
  }
  for _, case in ipairs(values) do
    it("lets " .. case[2] .. " through and warns", function()
      local order = orders.minimal()
      order.zzzz = case[1]
      local plain = certcentral.encode(orders.minimal(), orders.options())
      local body, warnings = certcentral.encode(order,
        orders.options { allow_unknown = true })
      assert.are.equal(plain:sub(1, -2) .. ',"zzzz":' .. case[2] .. "}",
                       body)
      assert.are.same({ { "zzzz", "unknown" } }, orders.codes(warnings))
    end)
  end

  it("lets fields of every object through, by name", function()
    local order = { zb = 1, za = 2,
      certificate = { common_name = "example.com", signature_hash = "sha256",
                      csr = "x", zz = 3 },
      order_validity = { years = 1, zz = 4 },
      organization = { id = 1, contacts = {
        { contact_type = "x", user_id = 1, zz = 5 },
        { contact_type = "y", user_id = 2, zz = 6 } } } }
    assert.are.equal('{"certificate":{"common_name":"example.com",'
      .. '"csr":"x","signature_hash":"sha256","zz":3},'
      .. '"order_validity":{"years":1,"zz":4},"organization":{"id":1,'
      .. '"contacts":[{"contact_type":"x","user_id":1,"zz":5},'
      .. '{"contact_type":"y","user_id":2,"zz":6}]},"za":2,"zb":1}',
      (certcentral.encode(order, orders.options { allow_unknown = true })))
  end)

  it("is off by default, and a problem with strict", function()
    assert.are.same({ "zzzz unknown" }, (judge.with { zzzz = 1 }))
    assert.are.same({ "zzzz unknown" }, (judge.with({ zzzz = 1 },
      { allow_unknown = true, strict = true })))
  end)

  it("still hints at the nearest name", function()
    local _, warnings = certcentral.validate(
      orders.with { payment_metod = 1 },
      orders.options { allow_unknown = true })
    assert.are.equal("payment_method", warnings[1].hint)
  end)

  local unfit = {
    ["a function"] = print,
    ["a coroutine"] = coroutine.create(function() end),
    ["a file"] = io.stdout, ["infinity"] = math.huge,
    ["not a number"] = 0 / 0, ["text that is no UTF-8"] = "\255",
    ["a private key"] = "-----BEGIN PRIVATE KEY-----",
    ["a list with holes"] = { 1, nil, 3 },
    ["a list with other keys"] = { 1, x = 2 },
    ["an object with other keys"] = { [true] = 1 },
    ["a name that is no UTF-8"] = { ["\255"] = 1 },
    ["a table with __index"] = setmetatable({}, { __index = {} }),
    ["a table with __pairs"] = setmetatable({}, { __pairs = pairs }),
  }
  for name, value in pairs(unfit) do
    it("does not let through " .. name, function()
      for _, wrapped in ipairs { value, { value }, { a = value },
                                 { { a = { value } } } } do
        assert.are.same({ "zzzz type" }, (judge.with({ zzzz = wrapped },
          { allow_unknown = true })))
      end
    end)
  end

  it("does not let through keys that are no names", function()
    for _, key in ipairs { 1, 1.5, true, print, "\255" } do
      local order = orders.minimal()
      order[key] = 1
      local problems = judge.order(order, { allow_unknown = true })
      assert.are.equal(1, #problems)
      assert.is_truthy(problems[1]:find(" type$"))
    end
  end)

  -- The most memory that this process has had, in bytes; nil where the
  -- system does not tell.
  local function peak()
    local file = io.open("/proc/self/status")
    local text = file and file:read("*a") or ""
    return file and file:close()
           and tonumber(text:match("VmHWM:%s*(%d+)")) * 1024
  end

  -- Lua's length of such a list is as large as the room that it once took.
  local function hollow(length)
    local list = {}
    for i = 1, length do
      list[i] = 0
    end
    for i = 2, length - 1 do
      list[i] = nil
    end
    return #list == length and list
  end

  local function full(length)
    local list = {}
    for i = 1, length do
      list[i] = 0
    end
    return list
  end

  local shared = {
    ["a long list of two values"] = hollow(65536),
    ["a shorter one of two values"] = hollow(1024),
    ["a long list"] = full(65536),
    ["lists of lists"] = { full(30000), full(30000), full(30000) },
  }
  for name, list in pairs(shared) do
    it("takes no room for " .. name .. " that is named often", function()
      if not peak() then
        return pending("this system does not tell how much memory is taken")
      end
      local order = orders.minimal()
      for i = 1, 4000 do
        order["zz" .. i] = list
      end
      collectgarbage()
      local before = peak()
      local problems = judge.order(order, { allow_unknown = true })
      assert.is_true(#problems > 0)
      assert.is_true(peak() - before < 50 * 2 ^ 20,
        ("%.0f MB more"):format((peak() - before) / 2 ^ 20))
    end)
  end
end)

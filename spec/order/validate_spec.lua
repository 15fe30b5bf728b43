-- Every value against its row: presence, type, limits; and what comes back.

local certcentral = require "certcentral"
local judge = require "support.judge"
local orders = require "support.orders"

local absent, null = orders.absent, certcentral.null

local function each_row(what)
  local rows = {}
  for row in certcentral.fields() do
    if what(row) then
      rows[#rows + 1] = row
    end
  end
  return ipairs(rows)
end

local function is_detail(row)
  return row.path:find("^organization%.") and
    not row.path:find("contacts") and row.path ~= "organization.id"
end

-- An order that sets every field, this row to `value`.
local function everything(row, value)
  local order = is_detail(row) and orders.maximal_new() or orders.maximal()
  if row.path == "payment_method" then
    order.credit_card = nil
  elseif row.path == "order_validity" then
    order.validity_years, order.custom_expiration_date = nil, nil
  end
  return orders.set(order, (row.path:gsub("%[%]", "[1]")), value)
end

local function at(row)
  return (row.path:gsub("%[%]", "[1]"))
end

describe("validate", function()
  it("takes the orders of the other specs", function()
    for _, name in ipairs { "minimal", "typical", "maximal", "maximal_new" }
    do
      local ok, warnings = certcentral.validate(orders[name](),
                                                orders.options())
      assert.is_true(ok)
      assert.is_table(warnings)
      assert.are.equal(name:find("maximal") and 10 or 0, #warnings)
    end
  end)

  it("has a typical order of 25 fields and 5 further names", function()
    local count = 0
    local function walk(value)
      for key, item in pairs(value) do
        if type(item) == "table" and #item == 0 then
          walk(item)
        elseif type(item) == "table" and type(item[1]) == "table" then
          walk(item[1])
        else
          count = count + 1
        end
        assert.is_string(key)
      end
    end
    walk(orders.typical())
    assert.are.equal(25, count)
    assert.are.equal(5, #orders.typical().certificate.dns_names)
  end)

  it("has maximal orders that set every field", function()
    for row in certcentral.fields() do
      -- its first contact is a user of the account, its second one in full
      local path = row.path:gsub("contacts%[%]", "contacts[2]")
      local value = is_detail(row) and orders.maximal_new() or orders.maximal()
      for name in path:gsub("%[%]", "[1]"):gmatch("[%w_]+") do
        value = value[tonumber(name) or name]
        assert.is_not_nil(value, row.path)
      end
    end
  end)

  it("returns an error that says everything", function()
    local ok, err = certcentral.validate(
      orders.with { ["certificate.common_name"] = absent,
                    ["order_validity.years"] = 9 }, orders.options())
    assert.is_nil(ok)
    assert.are.equal("invalid", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_false(err.retryable)
    assert.are.same({
      { path = "certificate.common_name", code = "missing",
        message = "'certificate.common_name' is missing" },
      { path = "order_validity.years", code = "range",
        message = "'order_validity.years' must be 1 to 3 years, got 9" },
    }, err.problems)
    assert.are.equal("the order has 2 problems:\n"
      .. "  'certificate.common_name' is missing\n"
      .. "  'order_validity.years' must be 1 to 3 years, got 9",
      tostring(err))
    assert.are.equal("the order has 2 problems", err.message)
    assert.are.equal("so: " .. tostring(err), "so: " .. err)
    assert.are.equal(tostring(err) .. 1, err .. 1)
  end)

  it("makes the only problem the error's message", function()
    local err = judge.err { ["order_validity.years"] = 0 }
    assert.are.equal("'order_validity.years' must be 1 to 3 years, got 0",
                     err.message)
    assert.are.equal(err.message, tostring(err))
  end)

  it("gives the warnings of an order that has problems, too", function()
    local problems, warnings = judge.with {
      ["order_validity.years"] = 9, server_licenses = 2 }
    assert.are.same({ "order_validity.years range" }, problems)
    assert.are.same({ "server_licenses cost" }, warnings)
  end)

  it("finds all problems of an empty order at once", function()
    assert.are.same({ "certificate missing", "order_validity missing",
                      "organization missing" }, (judge.order({})))
  end)

  it("keeps nothing from one order to the next", function()
    judge.order({})
    judge.order({ nonsense = 1 })
    assert.are.same({}, (judge.order(orders.minimal())))
  end)

  it("does not change the order", function()
    for _, name in ipairs { "minimal", "typical", "maximal" } do
      local order = orders[name]()
      judge.order(order)
      assert.are.same(orders[name](), order)
    end
  end)

  it("judges by the clock where no moment is given", function()
    local order = orders.minimal()
    order.order_validity = { custom_expiration_date = "01 JAN 2001" }
    local ok, err = certcentral.validate(order, { check_csr = false })
    assert.is_nil(ok)
    assert.are.equal("range", err.problems[1].code)
    local tomorrow = os.date("!%d %b %Y", os.time() + 2 * 86400):upper()
    order.order_validity.custom_expiration_date = tomorrow
    assert.is_true(certcentral.validate(order, { check_csr = false }))
  end)
end)

describe("a message", function()
  -- Orders with every code; of each problem the words are looked at.
  local samples = {
    { unknown_field = 1, comments = "\1", ["certificate.csr"] = absent },
    { ["certificate.dns_names"] = { "a", "*.*.example.com", 5, "::1" } },
    { payment_method = "card", dcv_method = "http" },
    { payment_method = "x", credit_card = {}, organization = {} },
    { ["organization.contacts"] = { {}, 5, { contact_type = {} } } },
    { server_licenses = 0, validity_years = 7, auto_renew = 2,
      custom_expiration_date = "1999-01-01", renewed_thumbprint = "z" },
    { ["order_validity.years"] = "1", skip_approval = 0,
      ["certificate.organization_units"] = { "a" } },
  }
  it("is one line in lower case without a full stop", function()
    for _, changes in ipairs(samples) do
      local err = judge.err(changes)
      for _, list in ipairs { err.problems, err.warnings } do
        for _, entry in ipairs(list) do
          local message = entry.message
          assert.are.equal("'" .. entry.path .. "' ",
                           message:sub(1, #entry.path + 3))
          assert.is_truthy(message:find("^'[^']*' %l"))
          assert.is_nil(message:find("[.%c]$"))
          assert.is_nil(message:find("%c"))
          assert.is_true(entry.hint == nil or type(entry.hint) == "string")
        end
      end
    end
  end)

  local shown = {
    ["a long string cut"] = { ("x"):rep(1000), '"' .. ("x"):rep(48)
      .. '..."' },
    ["control characters escaped"] = { "a\0b\27[31m\n",
      '"a\\x00b\\x1B[31m\\x0A"' },
    ["quotes escaped"] = { '"\\', '"\\"\\\\"' },
    ["bad UTF-8 escaped"] = { "\255\254", '"\\xFF\\xFE"' },
    ["a character never cut in two"] = { ("x"):rep(47) .. "\195\164\195\164",
      '"' .. ("x"):rep(47) .. '..."' },
    ["an empty table"] = { {}, "a table" },
    ["a boolean"] = { false, "false" },
    ["a fraction"] = { 0.5, "0.5" },
    ["a function"] = { print, "a function" },
  }
  for name, case in pairs(shown) do
    it("shows " .. name, function()
      local err = judge.err { ["order_validity.custom_expiration_date"] =
                              case[1] }
      local message = err.problems[1].message
      assert.are.equal(", got " .. case[2], message:sub(-#case[2] - 6))
    end)
  end

  it("shows the length or the type of a secret alone", function()
    local cases = {
      { "credit_card.number", "4111111111111112",
        "a string of 16 characters" },
      { "credit_card.number", 4111111111111111, "an integer" },
      { "credit_card.number", 41111111.5, "a number" },
      { "credit_card.number", "\2554111111111111111",
        "a string of 17 bytes" },
      { "credit_card.cvv", 99999, "an integer" },
      { "credit_card.cvv", "33", "a string of 2 characters" },
      { "credit_card.expiration_month", 13, "an integer" },
      { "credit_card.cardholder_name", 333, "an integer" },
      { "credit_card", "4111111111111111", "a string of 16 characters" },
    }
    for _, case in ipairs(cases) do
      local order = orders.set(orders.pay_by_card(orders.minimal()),
                               case[1], case[2])
      local _, err = certcentral.validate(order, orders.options())
      assert.are.equal(1, #err.problems)
      local message = err.problems[1].message
      assert.are.equal(", got " .. case[3], message:sub(-#case[3] - 6))
    end
  end)

  it("shows nothing of a private key", function()
    local key = "-----BEGIN PRIVATE KEY-----\n" .. ("Y2FuYXJ5"):rep(20)
    for _, path in ipairs { "certificate.csr", "comments", "locale",
      "certificate.common_name", "certificate.dns_names[1]", "nonsense",
      "order_validity.custom_expiration_date", "auto_renew" } do
      local err = judge.err { [path] = key }
      assert.is_nil((tostring(err) .. err.problems[1].message)
        :find("Y2Fu", 1, true), path)
    end
  end)
end)

describe("presence", function()
  for _, row in each_row(function(r) return r.required == "required" end) do
    it("is demanded of " .. row.path, function()
      local empty = { nil, null, row.type == "string" and "" or nil }
      for i = 1, 3 do
        if i < 3 or empty[i] then
          assert.are.same({ at(row) .. " missing" },
                          (judge.order(everything(row, empty[i]))))
        end
      end
    end)
  end

  for _, row in each_row(function(r) return r.required == "optional" end) do
    it("is not demanded of " .. row.path, function()
      assert.are.same({}, (judge.order(everything(row, nil))))
      assert.are.same({}, (judge.order(everything(row, null))))
    end)
  end

  local conditional = {
    -- path, changes to the minimal order that make it missing
    { "order_validity.years", { order_validity = {} } },
    { "order_validity", { order_validity = absent } },
    { "order_validity", { order_validity = null } },
    { "certificate.cert_validity.years",
      { ["certificate.cert_validity"] = {} } },
    { "organization.id", { organization = {} } },
    { "organization.id", { ["organization.id"] = null } },
    { "organization.id",
      { organization = { skip_duplicate_org_check = true } } },
  }
  for i, case in ipairs(conditional) do
    it(("is demanded of %s (%d)"):format(case[1], i), function()
      assert.are.same({ case[1] .. " missing" }, (judge.with(case[2])))
    end)
  end
end)

describe("type", function()
  local values = {
    { "a string", "text" }, { "an integer", 2 }, { "a fraction", 1.5 },
    { "a boolean", true }, { "an object", { a = 1 } },
    { "a list", { "text" } }, { "a function", print },
    { "a coroutine", coroutine.create(function() end) },
    { "a file", io.stdout },
    { "infinity", math.huge }, { "minus infinity", -math.huge },
    { "not a number", 0 / 0 },
  }
  local fits = {
    string = { ["a string"] = true },
    integer = { ["an integer"] = true },
    boolean = { ["a boolean"] = true },
    object = { ["an object"] = true, ["a list"] = true },
    array = { ["a list"] = true, ["an object"] = true },
  }
  for _, row in each_row(function() return true end) do
    it("is judged of " .. row.path, function()
      for _, value in ipairs(values) do
        local flag = row.choices and row.type == "integer"
                     and value[1] == "a boolean"
        if not fits[row.type][value[1]] and not flag then
          assert.are.same({ at(row) .. " type" },
            (judge.order(everything(row, value[2]))), value[1])
        end
      end
    end)
  end

  it("takes integral floats, and no numeric strings", function()
    assert.are.same({}, (judge.with { ["organization.id"] = 5.0 }))
    local err = judge.err { ["organization.id"] = "5" }
    assert.are.equal("type", err.problems[1].code)
    assert.are.equal("write it without quotes", err.problems[1].hint)
    err = judge.err { comments = 5 }
    assert.are.equal("write it in quotes", err.problems[1].hint)
  end)

  it("takes integers as large as they are exact", function()
    for _, value in ipairs { 2^53, 2^53 - 1 } do
      assert.are.same({}, (judge.with { ["organization.id"] = value }))
    end
    for _, value in ipairs { 2^53 + 2, 2^63, 2^64, 1e300, -2^60 } do
      assert.are.same({ "organization.id range" },
                      (judge.with { ["organization.id"] = value }))
    end
    if math.type then
      assert.are.same({},
        (judge.with { ["organization.id"] = math.maxinteger }))
    end
  end)

  it("takes booleans for flags, and numbers for no boolean", function()
    for _, path in ipairs { "auto_renew", "auto_reissue",
                            "enable_guest_access" } do
      for _, value in ipairs { 0, 1, 0.0, 1.0, true, false } do
        assert.are.same({}, (judge.with { [path] = value }))
      end
      for _, value in ipairs { 2, -1 } do
        assert.are.same({ path .. " choice" },
                        (judge.with { [path] = value }))
      end
      for _, value in ipairs { "1", "true", 0.5 } do
        assert.are.same({ path .. " type" }, (judge.with { [path] = value }))
      end
    end
    for _, value in ipairs { 0, 1, "true", "" } do
      assert.are.same({ "skip_approval type" },
                      (judge.with { skip_approval = value }))
    end
  end)

  it("refuses lists with holes and with other keys", function()
    local lists = {
      { "a.example.com", nil, "b.example.com" }, { [2] = "a.example.com" },
      { "a.example.com", x = "b.example.com" }, { x = 1 },
      { [0] = "a.example.com" }, { [1.5] = "a.example.com" },
      { "a.example.com", [-1] = "b.example.com" },
      { "a.example.com", [2^40] = "b.example.com" },
      { "a.example.com", [print] = "b.example.com" },
    }
    for _, list in ipairs(lists) do
      assert.are.same({ "certificate.dns_names type" },
                      (judge.with { ["certificate.dns_names"] = list }))
    end
    assert.are.same({ "organization.contacts type" },
      (judge.with { ["organization.contacts"] =
                    { contact_type = "organization_contact" } }))
  end)

  it("judges the items of lists", function()
    assert.are.same({
      "certificate.dns_names[2] type", "certificate.dns_names[3] type",
      "certificate.dns_names[4] type", "certificate.dns_names[5] type",
      "certificate.dns_names[6] format",
      "additional_emails[1] type", "organization.contacts[1] type",
      "organization.contacts[2] type", "custom_fields[1] type",
    }, (judge.with {
      ["certificate.dns_names"] = { "a.example.com", 5, true, {}, null, "" },
      additional_emails = { {} },
      ["organization.contacts"] = { "x", null },
      custom_fields = { false },
    }))
  end)

  it("says how a lone value becomes a list", function()
    local err = judge.err { ["certificate.dns_names"] = "a.example.com" }
    assert.are.equal('put it in a list: { "..." }', err.problems[1].hint)
  end)

  -- A value in an object's place, and the object to write.
  local objects = {
    { "organization", 123456, "write { id = 123456 }" },
    { "organization", "123456", "write { id = 123456 }" },
    { "organization", "Example Inc.", 'write { name = "Example Inc." }' },
    { "organization", true, "write { id = 123456 }" },
    { "order_validity", 1, "write { years = 1 }" },
    { "order_validity", "09 JUN 2027",
      'write { custom_expiration_date = "09 JUN 2027" }' },
    { "certificate", "www.example.com",
      'write { common_name = "www.example.com" }' },
    { "certificate", orders.csr, 'write { csr = "..." }' },
    { "certificate.cert_validity", 1, "write { years = 1 }" },
    { "certificate.server_platform", 2, "write { id = 2 }" },
    { "container", 5, "write { id = 5 }" },
    { "container", "1098", "write { id = 1098 }" },
    { "container", "", "write { id = 334455 }" },
    { "organization_contact", "a@example.com",
      'write { email = "a@example.com" }' },
    { "credit_card", "4111111111111111", 'write { number = "..." }' },
    { "credit_card", 4111111111111111, "write { expiration_month = ... }" },
    { "custom_fields", 5, "write { { metadata_id = 5 } }" },
    { "custom_fields[1]", 5, "write { metadata_id = 5 }" },
    { "organization.contacts[1]", "a@example.com",
      'write { email = "a@example.com" }' },
    { "organization.contacts", { email = "a@example.com" },
      "put the object in a list: { { ... } }" },
  }
  for _, case in ipairs(objects) do
    it(("says for %s = %.20s what to write"):format(case[1],
        tostring(case[2]):match("^%C*")), function()
      local list = case[1]:match("^(.*)%[1%]$")
      local err = judge.err { [list or case[1]] = list and { case[2] }
                                                  or case[2] }
      local hint
      for _, problem in ipairs(err.problems) do
        hint = hint or problem.path == case[1] and problem.hint
        assert.is_nil(tostring(err):find("4111", 1, true))
      end
      assert.are.equal(case[3], hint)
    end)
  end

  it("says that a file's contents are due, not its name", function()
    for _, name in ipairs { "/etc/ssl/x.csr", "x.pem", "./request", "../x",
                            "~/x.csr", "x.req", "C:\\x.csr" } do
      local problem = judge.err({ ["certificate.csr"] = name },
                                { check_csr = true }).problems[1]
      assert.are.equal("give the file's contents",
                       problem.hint)
    end
    for _, text in ipairs { "a name", "-----BEGIN CERTIFICATE-----.csr" } do
      local problem = judge.err({ ["certificate.csr"] = text },
                                { check_csr = true }).problems[1]
      assert.are_not.equal("give the file's contents",
                           problem.hint)
    end
  end)

  it("takes empty lists", function()
    assert.are.same({}, (judge.with { ["certificate.dns_names"] = {},
      additional_emails = {}, custom_fields = {},
      ["organization.contacts"] = {} }))
  end)
end)

describe("a range", function()
  local function judged(path, value)
    local order = orders.pay_by_card(orders.minimal())
    order.order_validity = { years = 3 }
    order.organization.contacts = { { contact_type = "organization_contact",
                                      user_id = 1 } }
    order.custom_fields = { { metadata_id = 1, value = "x" } }
    return (judge.order(orders.set(order, path, value)))
  end
  for _, row in each_row(function(r)
    return r.type == "integer" and (r.min or r.max)
  end) do
    it("is kept by " .. row.path, function()
      local path, bad = at(row), { at(row) .. " range" }
      if row.min and row.path ~= "credit_card.expiration_year" then
        assert.are.same({}, judged(path, row.min))
        assert.are.same({}, judged(path, row.min + 1 <= (row.max or 2^53)
                                   and row.min + 1 or row.min))
      end
      if row.min then
        assert.are.same(bad, judged(path, row.min - 1))
        assert.are.same(bad, judged(path, -row.min - 1))
        assert.are.same(row.min > 0 and bad or {}, judged(path, 0))
      end
      if row.max then
        assert.are.same({}, judged(path, row.max))
        assert.are.same(bad, judged(path, row.max + 1))
        assert.are.same(bad, judged(path, 2^40))
      end
    end)
  end

  it("is not set for the server platform", function()
    for _, id in ipairs { -1, 0, 1, 45, 100000 } do
      assert.are.same({}, judged("certificate.server_platform.id", id))
    end
  end)

  for _, row in each_row(function(r)
    return r.type == "string" and r.max and not r.format
  end) do
    it("counts the characters of " .. row.path, function()
      for text, wanted in pairs {
        [("x"):rep(row.max)] = false, [("x"):rep(row.max + 1)] = true,
        [("\195\164"):rep(row.max)] = false,
        [("\195\164"):rep(row.max + 1)] = true,
        [("\240\159\148\145"):rep(row.max)] = false,
      } do
        assert.are.same({ wanted and row.path .. " range" or nil },
          (judge.order(everything(row, text))))
      end
    end)
  end

  it("tells its unit", function()
    local messages = {
      { "order_validity.days", 1096, "must be 1 to 1095 days, got 1096" },
      { "order_validity.years", 4, "must be 1 to 3 years, got 4" },
      { "certificate.cert_validity.years", 2, "must be 1 year, got 2" },
      { "certificate.cert_validity.days", 398,
        "must be 1 to 397 days, got 398" },
      { "server_licenses", 0, "must be at least 1, got 0" },
      { "alternative_order_id", ("x"):rep(65),
        "must have at most 64 characters, got 65" },
    }
    for _, case in ipairs(messages) do
      local err = judge.err { [case[1]] = case[2] }
      assert.are.equal(("'%s' %s"):format(case[1], case[3]),
                       err.problems[1].message)
    end
  end)
end)

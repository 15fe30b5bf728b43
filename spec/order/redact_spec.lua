local certcentral = require "certcentral"
local orders = require "support.orders"

local redact = certcentral.redact
local HIDDEN = "[hidden]"
local KEY = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n"
            .. "-----END PRIVATE KEY-----\n"

-- Everything in a value that is a string, in one string.
local function all_text(value, seen)
  seen = seen or {}
  if type(value) ~= "table" then
    return tostring(value)
  elseif seen[value] then
    return ""
  end
  seen[value] = true
  local parts = {}
  for name, item in pairs(value) do
    parts[#parts + 1] = tostring(name) .. "=" .. all_text(item, seen)
  end
  return table.concat(parts, "\n")
end

describe("redact", function()
  it("copies what is no secret", function()
    for _, name in ipairs { "minimal", "typical" } do
      local order = orders[name]()
      local copy = redact(order)
      assert.are.same(orders[name](), copy)
      assert.are_not.equal(order, copy)
      assert.are_not.equal(order.certificate, copy.certificate)
      copy.certificate.common_name = "changed"
      assert.are.same(orders[name](), order)
    end
  end)

  it("hides a card whole", function()
    local order = orders.maximal()
    local copy = redact(order)
    assert.are.equal(HIDDEN, copy.credit_card)
    assert.are.same(orders.maximal(), order)
    assert.are.same(order.billing_address, copy.billing_address)
    assert.are.same(order.organization, copy.organization)
    assert.are.same(order.custom_fields, copy.custom_fields)
    local text = all_text(copy)
    for _, secret in ipairs { "4111111111111111", "333", "2029" } do
      assert.is_nil(text:gsub("01 JUN 2029", ""):find(secret, 1, true))
    end
  end)

  it("hides a card in any shape", function()
    for _, card in ipairs { "4111111111111111", 4111111111111111, true,
      { "4111111111111111" }, { numbr = "4111111111111111" } } do
      assert.are.equal(HIDDEN, redact({ credit_card = card }).credit_card)
    end
  end)

  it("hides what the form does not know", function()
    local copy = redact {
      credit_crad = { number = "4111111111111111" }, api_key = "canary",
      certificate = { key = "canary", csr = "x" },
      organization = { contacts = { { pasword = "canary", user_id = 1 } } },
    }
    assert.are.same({
      credit_crad = HIDDEN, api_key = HIDDEN,
      certificate = { key = HIDDEN, csr = "x" },
      organization = { contacts = { { pasword = HIDDEN, user_id = 1 } } },
    }, copy)
  end)

  it("hides private keys wherever they stand", function()
    local places = { "certificate.csr", "comments", "certificate", "locale",
      "organization.id", "organization.contacts[1].email",
      "organization.contacts[1]", "organization.contacts",
      "certificate.dns_names[1]", "certificate.dns_names",
      "additional_emails[2]", "custom_fields[1].value", "custom_fields[1]",
      "certificate.organization_units[1]", "order_validity" }
    for _, place in ipairs(places) do
      local copy = redact(orders.set({}, place, KEY))
      assert.is_nil(all_text(copy):find("Y2Fu", 1, true), place)
    end
  end)

  it("hides tables where strings are due", function()
    local copy = redact { comments = { "canary" },
      certificate = { dns_names = { { "canary" }, "a.example.com" } } }
    assert.are.equal(HIDDEN, copy.comments)
    assert.are.same({ HIDDEN, "a.example.com" }, copy.certificate.dns_names)
  end)

  it("hides what has no name", function()
    local copy = redact { "canary", [true] = "canary", [1.5] = { "canary" } }
    assert.is_nil(all_text(copy):find("canary", 1, true))
  end)

  it("keeps values of the wrong type, so that they can be seen", function()
    local copy = redact { auto_renew = "yes", comments = 5,
                          skip_approval = 1.5,
                          organization = { id = certcentral.null } }
    assert.are.same({ auto_renew = "yes", comments = 5, skip_approval = 1.5,
                      organization = { id = certcentral.null } }, copy)
  end)

  it("ends on orders that hold themselves", function()
    local order = orders.minimal()
    order.certificate.certificate = order
    order.certificate.dns_names = order
    order.organization.contacts = { order }
    order.organization.contacts[2] = order.organization.contacts
    order.organization.organization_contact = order.organization
    order.self = order
    local copy = redact(order)
    assert.are.equal(HIDDEN, copy.self)
    assert.are.equal("example.com", copy.certificate.common_name)
  end)

  it("asks no metamethod", function()
    local trap = setmetatable({ comments = "x" }, {
      __index = function() error("asked") end,
      __pairs = function() error("asked") end,
      __len = function() error("asked") end,
    })
    assert.are.same({ comments = "x" }, redact(trap))
    for event in pairs(getmetatable(trap)) do
      assert.is_nil(getmetatable(redact(trap))[event])
    end
    assert.are.same({ certificate = {} },
      redact { certificate = setmetatable({}, getmetatable(trap)) })
  end)

  for _, value in ipairs { 1, "x", true, print } do
    it("raises for a " .. type(value), function()
      assert.has_error(function() redact(value) end)
    end)
  end
  it("raises for nothing", function()
    local ok, message = pcall(redact)
    assert.is_false(ok)
    assert.is_truthy(message:find("bad argument #1 to 'redact' (order table "
      .. "expected, got no value)", 1, true))
  end)
end)

-- The form's rows against themselves and against the order page.

local certcentral = require "certcentral"
local orders = require "support.orders"

-- The page's parameters in its order, a line each: path, type, and how it is
-- required (r, o or c: "optional*" and "required*" depend on other fields).
local PAGE = [[
certificate object r
certificate.common_name string r
certificate.dns_names array o
certificate.csr string r
certificate.signature_hash string r
certificate.organization_units array o
certificate.server_platform object o
certificate.server_platform.id integer r
certificate.cert_validity object o
certificate.cert_validity.years integer o
certificate.cert_validity.days integer o
certificate.cert_validity.custom_expiration_date string o
certificate.profile_option string o
certificate.ca_cert_id string o
renewed_thumbprint string o
order_validity object r
order_validity.years integer c
order_validity.days integer o
order_validity.custom_expiration_date string o
validity_years integer o
custom_expiration_date string o
comments string o
apply_cr_discount boolean o
serial_number string o
auto_renew integer o
auto_reissue integer o
custom_renewal_message string o
disable_renewal_notifications boolean o
additional_emails array o
locale string o
server_licenses integer o
renewal_of_order_id integer o
payment_method string o
credit_card object c
credit_card.number string r
credit_card.expiration_month integer r
credit_card.expiration_year integer r
credit_card.cvv integer r
credit_card.cardholder_name string r
billing_address object c
billing_address.address string r
billing_address.address2 string o
billing_address.city string r
billing_address.state string c
billing_address.country string r
billing_address.zip string c
vat_number string o
dcv_method string o
skip_approval boolean o
disable_ct boolean o
organization_contact object o
organization_contact.first_name string r
organization_contact.last_name string r
organization_contact.email string r
organization_contact.job_title string o
organization_contact.telephone string o
organization_contact.telephone_extension string o
technical_contact object o
technical_contact.first_name string r
technical_contact.last_name string r
technical_contact.email string r
technical_contact.job_title string o
technical_contact.telephone string o
technical_contact.telephone_extension string o
organization object r
organization.id integer c
organization.skip_duplicate_org_check boolean o
organization.contacts array c
organization.contacts[].contact_type string r
organization.contacts[].user_id integer c
organization.contacts[].first_name string c
organization.contacts[].last_name string c
organization.contacts[].job_title string c
organization.contacts[].telephone string c
organization.contacts[].email string c
container object o
container.id integer r
custom_fields array o
custom_fields[].metadata_id integer r
custom_fields[].value string r
alternative_order_id string o
enable_guest_access integer o
certificate_dcv_scope string o
]]

-- The details of a new organization, which the page leaves to another.
local DETAILS = [[
organization.name string c
organization.assumed_name string o
organization.country string c
organization.address string c
organization.address2 string o
organization.city string c
organization.state string c
organization.zip string c
organization.telephone string c
organization.organization_contact object c
organization.organization_contact.first_name string r
organization.organization_contact.last_name string r
organization.organization_contact.email string r
organization.organization_contact.job_title string o
organization.organization_contact.telephone string o
organization.organization_contact.telephone_extension string o
]]

local function all_rows()
  local rows, by_path = {}, {}
  for row in certcentral.fields() do
    rows[#rows + 1] = row
    by_path[row.path] = row
  end
  return rows, by_path
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    list[#list + 1] = line
  end
  return list
end

local function as_line(row)
  return ("%s %s %s"):format(row.path, row.type, row.required:sub(1, 1))
end

-- The error of an order that sets every field, this one to `value`.
local function judge(row, value)
  local new = row.path:find("^organization%.")
    and not row.path:find("contacts") and row.path ~= "organization.id"
  local order = new and orders.maximal_new() or orders.maximal()
  if row.path == "payment_method" and value ~= "card" then
    order.credit_card, order.billing_address = nil, nil
  end
  orders.set(order, (row.path:gsub("%[%]", "[1]")), value)
  local ok, err = certcentral.validate(order, orders.options())
  assert.are.equal(ok == nil, err.kind == "invalid")
  return ok == nil and err or nil
end

local MEMBERS = {
  path = "string", type = "string", items = "string", required = "string",
  min = "number", max = "number", choices = "table", format = "string",
  default = "any", deprecated = "boolean", secret = "boolean",
  help = "string", example = "any",
}
local FORMATS = {
  host = true, email = true, csr = true, sha1 = true, card = true,
  country = true, id = true, ["dd MMM YYYY"] = true, ["yyyy-MM-dd"] = true,
}

describe("the form", function()
  it("has the 83 parameters of the page, in the page's order", function()
    local details, found = {}, {}
    for _, line in ipairs(lines(DETAILS)) do
      details[line:match("^%S+")] = true
    end
    for _, row in ipairs(all_rows()) do
      if not details[row.path] then
        found[#found + 1] = as_line(row)
      end
    end
    assert.are.equal(83, #found)
    assert.are.same(lines(PAGE), found)
  end)

  it("has the details of a new organization behind its contacts", function()
    local found = {}
    for _, row in ipairs(all_rows()) do
      if row.path == "organization.contacts[].email" or #found > 0 then
        found[#found + 1] = as_line(row)
      end
    end
    table.remove(found, 1)
    while #found > #lines(DETAILS) do
      table.remove(found)
    end
    assert.are.same(lines(DETAILS), found)
  end)

  it("has nothing else", function()
    assert.are.equal(#lines(PAGE) + #lines(DETAILS), #all_rows())
  end)

  it("has each path once", function()
    local seen = {}
    for _, row in ipairs(all_rows()) do
      assert.is_nil(seen[row.path], row.path)
      seen[row.path] = true
    end
  end)

  it("has each row below its object or list", function()
    local _, by_path = all_rows()
    local seen = {}
    for _, row in ipairs(all_rows()) do
      seen[row.path] = true
      local above = row.path:match("^(.*)%.[^.]+$")
      if above then
        local list = above:match("^(.*)%[%]$")
        local parent = by_path[list or above]
        assert.is_truthy(seen[list or above], row.path)
        assert.are.equal(list and "array" or "object", parent.type)
        assert.are.equal(list and "object", parent.items or (list and ""))
      end
    end
  end)

  for _, row in ipairs((all_rows())) do
    describe("row " .. row.path, function()
      it("has the members of a row alone", function()
        for name, value in pairs(row) do
          local wanted = MEMBERS[name]
          assert.is_truthy(wanted, name)
          if wanted ~= "any" then
            assert.are.equal(wanted, type(value), name)
          end
        end
        for _, name in ipairs { "path", "type", "required", "help" } do
          assert.is_string(row[name])
        end
        for _, name in ipairs { "deprecated", "secret" } do
          assert.is_true(row[name] == nil or row[name] == true)
        end
      end)

      it("has integers as integers", function()
        for _, name in ipairs { "min", "max", "default", "example" } do
          if type(row[name]) == "number" and math.type then
            assert.are.equal("integer", math.type(row[name]))
          end
        end
      end)

      it("has values that fit its type", function()
        local types = { object = true, array = true, string = true,
                        integer = true, boolean = true }
        assert.is_true(types[row.type])
        assert.is_true(row.required == "required" or
          row.required == "optional" or row.required == "conditional")
        if row.type == "array" then
          assert.is_true(row.items == "object" or row.items == "string")
        else
          assert.is_nil(row.items)
        end
        assert.is_true(row.format == nil or FORMATS[row.format])
        local text = row.type == "string" or row.items == "string"
        assert.is_true(text or row.format == nil)
        assert.is_true(row.type == "integer" or row.type == "string" or
          (row.min == nil and row.max == nil))
        assert.is_true(row.max == nil or row.max > 0)
        assert.is_true(row.min == nil or row.max == nil or
          row.min <= row.max)
      end)

      it("has help that reads as a sentence", function()
        assert.is_truthy(row.help:find("^%u.*%.$"))
        assert.is_nil(row.help:find("  ", 1, true))
        assert.is_nil(row.help:find("%c"))
      end)

      it("takes its default, its choices and its example", function()
        local compound = row.type == "object" or row.items == "object"
        assert.are.equal(compound, row.example == nil)
        for _, value in ipairs { "default", "example" } do
          if row[value] ~= nil then
            assert.is_nil(judge(row, row[value]))
          end
        end
        for _, value in ipairs(row.choices or {}) do
          assert.is_nil(judge(row, value))
        end
      end)

      if row.choices then
        it("takes nothing beside its choices", function()
          local other = row.type == "integer" and 2 or "other"
          assert.are.same({ { row.path, "choice" } },
            orders.codes(judge(row, other).problems))
        end)
      end
    end)
  end
end)

describe("the form's columns", function()
  local _, by_path = all_rows()

  local function paths_with(member)
    local list = {}
    for _, row in ipairs((all_rows())) do
      if row[member] then
        list[#list + 1] = row.path
      end
    end
    return list
  end

  it("mark what is deprecated", function()
    assert.are.same({ "certificate.organization_units", "validity_years",
                      "custom_expiration_date" }, paths_with("deprecated"))
  end)

  it("mark what is secret", function()
    assert.are.same({ "credit_card", "credit_card.number",
      "credit_card.expiration_month", "credit_card.expiration_year",
      "credit_card.cvv", "credit_card.cardholder_name" },
      paths_with("secret"))
  end)

  local limits = {
    ["certificate.common_name"] = { nil, 64 },
    ["certificate.cert_validity.years"] = { 1, 1 },
    ["certificate.cert_validity.days"] = { 1, 397 },
    ["order_validity.years"] = { 1, 3 },
    ["order_validity.days"] = { 1, 1095 },
    validity_years = { 1, 3 },
    server_licenses = { 1, nil },
    renewal_of_order_id = { 1, nil },
    ["credit_card.expiration_month"] = { 1, 12 },
    ["credit_card.expiration_year"] = { 1000, 9999 },
    ["credit_card.cvv"] = { 0, 9999 },
    ["organization.id"] = { 1, nil },
    ["organization.contacts[].user_id"] = { 1, nil },
    ["organization.name"] = { nil, 64 },
    ["organization.address"] = { nil, 64 },
    ["organization.address2"] = { nil, 64 },
    ["organization.city"] = { nil, 64 },
    ["organization.state"] = { nil, 64 },
    ["organization.zip"] = { nil, 64 },
    ["container.id"] = { 1, nil },
    ["custom_fields[].metadata_id"] = { 1, nil },
    alternative_order_id = { nil, 64 },
  }
  it("hold the limits", function()
    for path, row in pairs(by_path) do
      local limit = limits[path] or {}
      assert.are.equal(limit[1], row.min, path)
      assert.are.equal(limit[2], row.max, path)
    end
  end)

  local choices = {
    ["certificate.signature_hash"] = { "sha256", "sha384", "sha512" },
    auto_renew = { 0, 1 },
    auto_reissue = { 0, 1 },
    payment_method = { "balance", "profile", "card" },
    dcv_method = { "email", "dns-txt-token", "dns-cname-token", "http-token",
                   "http-token-dynamic" },
    enable_guest_access = { 0, 1 },
    certificate_dcv_scope = { "base_domain", "fqdn" },
  }
  it("hold the choices", function()
    for path, row in pairs(by_path) do
      assert.are.same(choices[path], row.choices, path)
    end
  end)

  local defaults = {
    ["certificate.server_platform.id"] = -1,
    apply_cr_discount = false,
    auto_renew = 0,
    auto_reissue = 0,
    disable_renewal_notifications = false,
    server_licenses = 1,
    payment_method = "balance",
    skip_approval = false,
    disable_ct = false,
    ["organization.skip_duplicate_org_check"] = false,
  }
  it("hold the page's defaults", function()
    for path, row in pairs(by_path) do
      assert.are.equal(defaults[path], row.default, path)
    end
  end)
end)

describe("fields", function()
  it("gives rows of the caller's own", function()
    for row in certcentral.fields() do
      for name, value in pairs(row) do
        if type(value) == "table" then
          value[1] = "changed"
        end
        row[name] = nil
      end
    end
    local first = certcentral.fields()()
    assert.are.equal("certificate", first.path)
    local _, by_path = all_rows()
    assert.are.equal("sha256",
      by_path["certificate.signature_hash"].choices[1])
  end)

  it("ends in nil", function()
    local next_row = certcentral.fields()
    for _ = 1, 99 do
      assert.is_table(next_row())
    end
    assert.is_nil(next_row())
    assert.is_nil(next_row())
  end)

  it("runs several times at once", function()
    local a, b = certcentral.fields(), certcentral.fields()
    a()
    a()
    assert.are.equal("certificate", b().path)
    assert.are.equal("certificate.dns_names", a().path)
  end)
end)

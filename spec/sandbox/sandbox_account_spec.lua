-- The sandbox's account: organizations, products and limits, discounts, what
-- the key may do, and the clock and the rest by control routes.

local box = require "support.box"
local json = require "certcentral.sandbox.json"
local support = require "support.sandbox"

local function details(changes)
  local all = { name = "Epigyne", country = "us",
    address = "932 Prospect Street", city = "Minneapolis", state = "mn",
    zip = "40849", telephone = "666-186-6450",
    organization_contact = { first_name = "Gia", last_name = "Booth",
      email = "gia.booth@example.com", telephone = "666-186-6450",
      job_title = "Clerk" } }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  return all
end

describe("domains", function()
  it("are those whose control was shown", function()
    local it = box.new()
    local function names(query)
      local list = {}
      for i, domain in ipairs(box.send(it, "GET", "/domain" .. query)
        .json.domains) do
        list[i] = domain.name
      end
      return list
    end
    assert.are.same({ "example.com", "example.net", "example.org" },
                    names "")
    assert.are.same({ "example.org" }, names "?sort=-name&limit=1")
    assert.are.equal(400, box.send(it, "GET", "/domain?limit=x").status)
    it.sandbox:validate_domain("example.dev")
    assert.are.same({ "example.dev" }, names "?filters[name]=%25.dev")
  end)

  it("are what preflight reads", function()
    local it = box.new()
    local order = support.order()
    order.certificate.dns_names = { "www.example.dev" }
    local function codes()
      local list, ok, warnings = {}, it.client:preflight(order)
      assert.is_true(ok)
      for i, warning in ipairs(warnings) do
        list[i] = warning.path .. " " .. warning.code
      end
      return table.concat(list, ", ")
    end
    assert.is_truthy(codes():find("certificate.dns_names[1] pending", 1, true))
    it.sandbox:validate_domain("example.dev")
    assert.is_nil(codes():find("pending", 1, true))
    assert.is_nil(codes():find("unchecked", 1, true))
  end)
end)

describe("organizations", function()
  it("are listed, filtered, sorted and paged", function()
    local it = box.new()
    local function ids(options)
      local list = {}
      for i, organization in ipairs(assert(it.client:organizations(
        options))) do
        list[i] = organization.id
      end
      return list
    end
    assert.are.same({ 1, 112233, 123456 }, ids())
    assert.are.equal("GET /organization?offset=0&limit=1000",
                     box.last(it).line)
    assert.are.same({ 1, 112233, 123456 }, ids { limit = 2 })
    assert.are.same({ 123456, 112233, 1 }, ids { sort = "name" })
    assert.are.same({}, ids { container_id = 6 })
    assert.are.same({ 1, 112233, 123456 }, ids { container_id = 5 })
    assert.are.same({ 1 }, ids { filters = { name = "%holding" } })
    assert.are.same({ 112233, 123456 },
                    ids { filters = { id = { 112233, 123456 } } })
    assert(it.client:deactivate_organization(1))
    assert.are.same({ 1 }, ids { filters = { status = "inactive" } })
  end)

  it("are shown as documented", function()
    local it = box.new()
    local organization = it.client:organization(123456)
    assert.are.same({ id = 123456, name = "Example Company",
      display_name = "Example Company", status = "active", is_active = true,
      address = "1 Sandbox Street", zip = "84043", city = "Lehi",
      state = "Utah", country = "us", telephone = "801-555-0100",
      container = { id = 5, parent_id = 0, name = "Sandbox",
                    is_active = true } }, organization)
    local list = it.client:organizations { include_validation = true }
    assert.are.equal("ov", list[1].validations[1].type)
    assert.are.equal("active", list[1].validations[1].status)
  end)

  it("are made, submitted and validated", function()
    local it = box.new { pace = { organization_after = 3 * box.DAY } }
    local function validations(id)
      return box.send(it, "GET", ("/organization/%d/validation"):format(id))
        .json.validations
    end
    local plain = assert(it.client:create_organization(details()))
    assert.are.equal(201, box.last(it).status)
    assert.are.same({}, validations(plain.id))
    assert.are.equal(204, box.send(it, "POST",
      ("/organization/%d/validation"):format(plain.id),
      { validations = json.array { { type = "ov" } } }).status)
    local other = assert(it.client:create_organization(
      details { name = "Other" }, { validations = { "ov" } }))
    for _, id in ipairs { plain.id, other.id } do
      assert.are.equal("pending", validations(id)[1].status)
      local organization = it.client:organization(id)
      assert.are.equal("Gia", organization.organization_contact.first_name)
    end
    local result = box.place(it, { skip_approval = true,
                                   organization = { id = plain.id } })
    it.clock:advance(3 * box.DAY)
    assert.are.equal("active", validations(plain.id)[1].status)
    assert.are.equal("2027-02-06T00:00:00+00:00",
                     validations(plain.id)[1].validated_until)
    assert.are.equal("issued", it.client:order(result.id).status)
    it.clock:advance(399 * box.DAY)
    assert.are.equal("expired", validations(plain.id)[1].status)
    result = box.place(it, { skip_approval = true,
                             organization = { id = plain.id } })
    assert.are.equal("pending", it.client:order(result.id).status)
    it.sandbox:validate_organization(plain.id)
    assert.are.equal("issued", it.client:order(result.id).status)
  end)

  it("are made once, unless told to", function()
    local it = box.new()
    local first = assert(it.client:create_organization(details()))
    local _, err = it.client:create_organization(details())
    assert.are.equal("duplicate_organization", box.codes(err))
    assert.are_not.equal(first.id, assert(it.client:create_organization(
      details { skip_duplicate_org_check = true })).id)
  end)

  it("are out of use when deactivated", function()
    local it = box.new()
    assert.is_true(it.client:deactivate_organization(123456))
    assert.are.equal("PUT /organization/123456/deactivate",
                     box.last(it).line)
    assert.are.equal(204, box.last(it).status)
    assert.are.equal("inactive", it.client:organization(123456).status)
    local _, err = it.client:place_order(support.order())
    assert.are.equal("invalid_value:organization.id", box.codes(err))
    assert.are.equal(204,
      box.send(it, "PUT", "/organization/123456/activate").status)
    assert(it.client:place_order(support.order()))
  end)

  local bad = {
    [{}] = "missing_value:name",
    [details { country = "usa" }] = "invalid_value:country",
    [details { organization_contact = json.null }] =
      "missing_value:organization_contact",
    [details { validations = json.array { { type = "xx" } } }] =
      "invalid_value:validations",
  }
  for body, code in pairs(bad) do
    it("are refused: " .. code, function()
      local response = box.send(box.new(), "POST", "/organization", body)
      assert.are.equal(400, response.status)
      assert.are.equal(code, response.json.errors[1].code)
    end)
  end
end)

describe("products", function()
  it("are listed and shown as documented", function()
    local it = box.new()
    local list = assert(it.client:products())
    assert.are.equal(12, #list)
    assert.are.equal("GET /product", box.last(it).line)
    local product = assert(it.client:product("ssl_securesite_flex"))
    for name, value in pairs(list[1]) do
      assert.are.same(value, product[name])
    end
    assert.are.same({ 1, 2, 3 }, product.allowed_order_validity_years)
    assert.are.equal("sha256",
                     product.signature_hash_types.default_hash_type_id)
    assert.is_true(product.csr_required)
    assert.is_true(#product.server_platforms > 3)
    assert.is_string(product.license_agreement)
    assert(it.client:product("ssl_basic", { container_id = 5 }))
    assert.are.equal("GET /product/ssl_basic?container_id=5",
                     box.last(it).line)
  end)

  it("are those that are enabled", function()
    local it = box.new { account = { products = { "ssl_basic" } } }
    assert.are.equal(1, #it.client:products())
    local _, err = it.client:product("ssl_securesite_flex")
    assert.are.equal("not_found|product", box.codes(err))
    _, err = it.client:place_order(support.order())
    assert.are.equal("not_found|product", box.codes(err))
    it.sandbox:set_account { products = json.null }
    assert(it.client:place_order(support.order()))
  end)

  it("have limits, which orders meet", function()
    local it = box.new()
    assert.are.same({ is_limited = false, product_limits = {} },
                    it.client:product_limits(5))
    assert.are.equal("GET /container/5/product-limits", box.last(it).line)
    it.sandbox:set_account { limits = { {
      product_name_id = "ssl_securesite_flex", allowed_hashes = { "sha384" },
      allowed_wildcards = false, allowed_order_lifetimes = { "1", "2" },
      allowed_intermediates = { "SANDBOX" } } } }
    local limits = assert(it.client:product_limits(5))
    assert.is_true(limits.is_limited)
    local row = limits.product_limits[1]
    assert.are.same({ 1, 2 }, row.allowed_order_lifetimes)
    assert.are.equal(0, row.role_id)
    assert.are.equal(5, row.container_id)
    for code, change in pairs {
      ["invalid_value:signature_hash"] = { { signature_hash = "sha256" } },
      ["invalid_value:dns_names"] = { { dns_names = { "*.example.com" } } },
      ["invalid_value:ca_cert_id"] = { { ca_cert_id = "OTHER" } },
      ["invalid_value:validity_years"] = { {}, 3 },
    } do
      local order = support.order { order_validity = {
        years = change[2] or 1 } }
      change[1].signature_hash = change[1].signature_hash or "sha384"
      order.certificate = box.certificate(change[1])
      local _, err = it.client:place_order(order)
      assert.are.equal(code, box.codes(err))
    end
    box.place(it, {}, { signature_hash = "sha384", ca_cert_id = "SANDBOX" })
  end)
end)

describe("replacement benefits", function()
  it("are those of the domains asked for", function()
    local it = box.new()
    assert.are.same({}, it.client:replacement_benefits { "example.com" })
    it.sandbox:set_account { benefits = {
      { subject = "example.com", san_list = { "example.com",
          "www.example.com" }, serial_number = "01", issuer_ca = "Other CA",
        issuer_brand = "Other", validation_type = "OV",
        not_before = "2026-01-01T00:00:00+00:00",
        not_after = "2026-06-01T00:00:00+00:00" },
      { subject = "example.net", serial_number = "02" },
    } }
    local list = it.client:replacement_benefits { "www.example.com",
                                                  "example.org" }
    assert.are.same({ domains = { "www.example.com", "example.org" } },
                    box.last(it).body)
    assert.are.equal("POST /competitive-replacement/certificates",
                     box.last(it).line)
    assert.are.equal(1, #list)
    assert.are.same({ "www.example.com" }, list[1].matched_domains)
    assert.are.equal(1, list[1].matched_domains_count)
    assert.are.equal("Other", list[1].issuer_brand)
    list = it.client:replacement_benefits({ "example.com", "example.net" },
                                          { offset = 1, limit = 1 })
    assert.are.equal("02", list[1].serial_number)
    for _, body in ipairs { "{}", '{"domains":[]}', '{"domains":"x"}' } do
      assert.are.equal(400, box.send(it, "POST",
        "/competitive-replacement/certificates", body).status)
    end
  end)
end)

describe("the key", function()
  it("belongs to a user of a role", function()
    local it = box.new()
    local me = it.client:me()
    assert.are.same({ { id = 1, name = "Administrator" } }, me.access_roles)
    assert.are.same({ id = 5, name = "Sandbox" }, me.container)
    it.sandbox:set_account { role = "Standard user" }
    assert.are.same({ { id = 5, name = "Standard user" } },
                    it.client:me().access_roles)
  end)

  -- Restriction -> which of these it lets through.
  local calls = {
    { "read orders", "GET", "/order/certificate" },
    { "change orders", "PUT", "/order/certificate/7/dcv-random-value" },
    { "read organizations", "GET", "/organization" },
    { "change organizations", "PUT", "/organization/1/activate" },
    { "read the user", "GET", "/user/me" },
  }
  for role, wanted in pairs { [0] = "11111", [100] = "11001",
    [101] = "11111", [102] = "10101", [103] = "00001" } do
    it(("restricted to %d"):format(role), function()
      local it = box.new { account = { key_role = role } }
      local seen = ""
      for _, call in ipairs(calls) do
        local response = box.send(it, call[2], call[3])
        local is_denied = response.status == 403
        seen = seen .. (is_denied and "0" or "1")
        if is_denied then
          assert.are.equal("access_denied|missing_permission",
                           response.json.errors[1].code)
        end
      end
      assert.are.equal(wanted, seen)
    end)
  end

  it("that may not is an error of kind denied", function()
    local it = box.new { account = { key_role = 102 } }
    local _, err = it.client:place_order(support.order())
    assert.are.equal("denied", err.kind)
    assert.are.equal(0, #it.sandbox:orders())
  end)
end)

describe("settings", function()
  local bad = {
    { "set_pace", { approve_after = -1 } }, { "set_pace", { speed = 1 } },
    { "set_pace", { issue_after = true } },
    { "set_shapes", { string_ids = 1 } }, { "set_shapes", { round = true } },
    { "set_account", { role = "King" } }, { "set_account", { age = 1 } },
    { "set_account", { key_role = 5 } },
  }
  for i, case in ipairs(bad) do
    it(("that cannot be raise: case %d"):format(i), function()
      local it = box.new()
      assert.has_error(function()
        it.sandbox[case[1]](it.sandbox, case[2])
      end)
    end)
  end

  it("are what they were after reset, of the options", function()
    local it = box.new { account = { role = "Manager" },
      pace = { approve_after = 5 }, shapes = { string_ids = true } }
    it.sandbox:set_account { role = "Administrator" }
    it.sandbox:set_pace { approve_after = false }
    it.sandbox:set_shapes { string_ids = false }
    it.sandbox:reset()
    assert.are.equal("Manager", it.client:me().access_roles[1].name)
    local id = box.place(it).id
    it.clock:advance(5)
    assert.are.equal("issued", it.client:order(id).status)
    assert.truthy(box.last(it).text:find(('"id":"%d"'):format(id), 1, true))
  end)
end)

describe("a control route", function()
  local function control(it, method, path, body)
    local response = it.sandbox:handle { method = method, path = path,
      body = type(body) == "table" and json.encode(body) or body }
    return response.status, json.decode(response.body)
  end

  it("does what its method does", function()
    local it = box.new()
    local id = box.place(it, { skip_approval = true },
                         { common_name = "www.example.dev" }).id
    local function status()
      return it.client:order(id).status
    end
    assert.are.equal(201, (control(it, "POST", "/sandbox/pace",
                                   { validate_after = 100 })))
    local _, answer = control(it, "POST", "/sandbox/clock",
                              { advance = 99 })
    assert.are.equal(box.NOW + 99, answer.now)
    assert.are.equal("pending", status())
    control(it, "POST", "/sandbox/clock", { now = box.NOW + 100 })
    assert.are.equal("issued", status())
    _, answer = control(it, "GET", "/sandbox/clock")
    assert.are.equal(box.NOW + 100, answer.now)
    control(it, "POST", "/sandbox/status",
            { order_id = id, status = "rejected" })
    assert.are.equal("rejected", status())
    control(it, "POST", "/sandbox/status",
            { order_id = id, status = json.null })
    assert.are.equal("issued", status())
    _, answer = control(it, "GET", "/sandbox/mails")
    assert.are.equal("example.dev", answer.mails[1].domain)
    control(it, "POST", "/sandbox/account", { role = "Manager" })
    assert.are.equal("Manager", it.client:me().access_roles[1].name)
    control(it, "POST", "/sandbox/account", '{"role":null}')
    assert.are.equal("Administrator", it.client:me().access_roles[1].name)
    control(it, "POST", "/sandbox/shapes", { string_ids = true })
    assert.are.equal(tostring(id), box.send(it, "GET",
      "/order/certificate/" .. id).json.id)
    control(it, "POST", "/sandbox/organizations",
            { id = 123456, validated = false })
    assert.are.equal("pending",
      it.client:order(box.place(it, { skip_approval = true }).id).status)
    control(it, "POST", "/sandbox/organizations", { id = 123456 })
    assert.are.equal("issued",
      it.client:order(box.place(it, { skip_approval = true }).id).status)
  end)

  it("publishes records as the client makes them", function()
    local it = box.new()
    local id = box.place(it, { skip_approval = true,
      dcv_method = "dns-txt-token" }, { common_name = "a.example.dev" }).id
    local records = it.client:dcv(id).records
    assert.are.equal(201, (control(it, "POST", "/sandbox/records",
                                   json.array(records))))
    assert.are.equal("issued", it.client:check_dcv(id).order_status)
  end)

  local bad = {
    { "/sandbox/pace", '{"speed":1}' }, { "/sandbox/pace", "[]" },
    { "/sandbox/clock", "{}" }, { "/sandbox/clock", '{"now":"x"}' },
    { "/sandbox/records", '{"type":"A"}' },
    { "/sandbox/organizations", '{"id":7}' }, { "/sandbox/status", "{}" },
    { "/sandbox/status", '{"order_id":7,"status":"x"}' },
    { "/sandbox/shapes", '{"round":true}' },
    { "/sandbox/account", '{"role":"King"}' }, { "/sandbox/account", "{" },
  }
  for _, case in ipairs(bad) do
    it(("refuses %s %s"):format(case[1], case[2]), function()
      local status, answer = control(box.new(), "POST", case[1], case[2])
      assert.are.equal(400, status)
      assert.is_nil(answer.errors[1].message:find("%.lua"))
    end)
  end
end)

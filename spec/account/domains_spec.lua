--- Domains of the account: their records, and validations that are kept.

local api = require "support.api"
local boxes = require "support.box"
local json = require "certcentral.sandbox.json"

local DAY = 86400
local NOW = 1796083200 -- 2026-12-01

-- The domains of a client's account, by their names.
local function by_name(client)
  local found = {}
  for domain, err in client:domains() do
    assert(domain, err)
    found[domain.name] = domain
  end
  return found
end

-- What keep_domains does, by the names of the domains.
local function kept(client, options)
  local actions = {}
  for _, row in ipairs(assert(client:keep_domains(options))) do
    actions[row.domain] = row.action
  end
  return actions
end

describe("the domains of an account", function()
  it("are listed, added, shown and validated", function()
    local it = boxes.new()
    local added = assert(it.client:add_domain { name = "example.dev",
      organization_id = 1, dcv_method = "dns-cname-token" })
    assert.are.equal(added.id, by_name(it.client)["example.dev"].id)
    local data = assert(it.client:domain_dcv(added.id))
    assert.are.equal(added.dcv_token.token, data.dcv_random_value)
    assert.are.equal(("_dnsauth.example.dev. IN CNAME %s.dcv.digicert.com.")
      :format(data.dcv_random_value), data.text)
    local checked, err = it.client:check_domain(added.id)
    assert.is_nil(checked)
    assert.are.equal("refused", err.kind)
    it.sandbox:publish { { type = "CNAME", name = data.records[1].name,
                           value = data.records[1].value } }
    assert.are.equal("active", assert(it.client:check_domain(added.id)).status)
    local domain = assert(it.client:domain(added.id))
    assert.are.equal("active", domain.validations[1].status)
    assert.is_nil(domain.dcv_token)
    assert.is_true(it.sandbox.account:is_validated("www.example.dev"))
  end)

  it("are found by filters", function()
    local client, requests = api.client { ["GET /domain"] = { 200,
      '{"domains":[{"id":"1","name":"a.example"}],"page":{"total":1}}' } }
    local list = {}
    for domain in client:domains { search = "a", sort = "-name", limit = 5 } do
      list[#list + 1] = domain
    end
    assert.are.same({ { id = 1, name = "a.example" } }, list)
    assert.are.equal("GET /domain?filters%5Bsearch%5D=a&include_dcv=true"
      .. "&include_validation=true&include_dcv_expiration_time=true"
      .. "&sort=-name&offset=0&limit=5", requests[1].line)
  end)

  it("change their method", function()
    local it = boxes.new()
    local id = assert(it.client:add_domain { name = "example.dev",
                                             organization_id = 1 }).id
    assert.are.equal("email", it.client:domain(id).dcv_method)
    assert.are.same({}, it.client:domain_dcv(id).records)
    local data = assert(it.client:change_domain_dcv_method(id,
      "dns-txt-token"))
    local shown = assert(it.client:domain_dcv(id))
    assert.are.equal(data.dcv_token.token, shown.dcv_random_value)
    assert.are.same({}, it.client:change_domain_dcv_method(id, "email"))
  end)

  it("get a new token where the old one has expired", function()
    local it = boxes.new()
    local id = assert(it.client:add_domain { name = "example.dev",
      organization_id = 1, dcv_method = "dns-txt-token" }).id
    local first = assert(it.client:domain_dcv(id))
    assert.are.equal(first.dcv_random_value,
                     it.client:domain_dcv(id).dcv_random_value)
    it.clock:advance(31 * DAY)
    local second = assert(it.client:domain_dcv(id))
    assert.is_true(second.dcv_random_value ~= first.dcv_random_value)
    assert.is_truthy(second.text:find(second.dcv_random_value, 1, true))
  end)

  it("are not those of another answer", function()
    local client = api.client { ["GET /domain/12"] = { 200, '{"id":13}' },
                                ["POST /domain"] = { 201, "{}" } }
    local domain, err = client:domain(12)
    assert.is_nil(domain)
    assert.are.equal("protocol", err.kind)
    domain, err = client:domain_dcv(12)
    assert.is_nil(domain)
    assert.are.equal("protocol", err.kind)
    domain, err = client:add_domain { name = "a.example",
                                      organization_id = 1 }
    assert.is_nil(domain)
    assert.are.equal("the response has no domain id", err.message)
  end)
end)

describe("a change of a domain whose answer is lost", function()
  local lost = function() return nil, { sent = "maybe", message = "gone" } end
  local cases = {
    { "the addition of domain a.example", "client:domains()",
      function(c) return c:add_domain { name = "a.example",
                                        organization_id = 1 } end },
    { "the validation of domain 12", "client:domain(12)",
      function(c) return c:submit_domain(12) end },
    { "the new token of domain 12", "client:domain(12)",
      function(c) return c:domain_dcv(12) end },
    { "the change of domain 12", "client:domain(12)",
      function(c) return c:change_domain_dcv_method(12, "email") end },
    { "the check of domain 12", "client:domain(12)",
      function(c) return c:check_domain(12) end },
  }
  for _, case in ipairs(cases) do
    it("is not known: " .. case[1], function()
      local client = api.client {
        ["POST /domain"] = lost, ["POST /domain/12/validation"] = lost,
        ["GET /domain/12"] = { 200,
          '{"id":12,"name":"a.example","dcv_method":"dns-txt-token"}' },
        ["POST /domain/12/dcv/token"] = lost,
        ["PUT /domain/12/dcv/method"] = lost,
        ["PUT /domain/12/dcv/validate-token"] = lost }
      local result, err = case[3](client)
      assert.is_nil(result)
      assert.are.equal("unknown", err.kind)
      assert.are.equal(("%s may or may not have been done: gone; check with %s")
        :format(case[1], case[2]), err.message)
    end)
  end
end)

describe("validations that end", function()
  it("are made anew in time, once, and the others left alone", function()
    local it = boxes.new()
    it.sandbox:validate_domain("example.com")
    assert.are.equal("none", kept(it.client)["example.com"])
    it.clock:advance(170 * DAY)
    assert.are.equal("begin", kept(it.client,
                                   { dry_run = true })["example.com"])
    local domain = by_name(it.client)["example.com"]
    assert.are.equal("active", domain.validations[1].status)
    local rows = assert(it.client:keep_domains())
    for _, row in ipairs(rows) do
      if row.domain == "example.com" then
        assert.are.equal("begin", row.action)
        assert.are.equal(domain.id, row.id)
        assert.is_true(math.abs(row.ends - it.clock() - 29 * DAY) < DAY)
      else
        assert.are.equal("none", row.action)
      end
    end
    for _ = 1, 3 do
      it.clock:advance(DAY)
      assert.are.equal("wait", kept(it.client)["example.com"])
    end
    local data = assert(it.client:domain_dcv(domain.id))
    it.sandbox:publish { { type = "TXT", name = "example.com",
                           value = data.dcv_random_value } }
    it.clock:advance(DAY)
    assert.are.equal("none", kept(it.client)["example.com"])
    it.clock:advance(160 * DAY)
    assert.are.equal("none", kept(it.client)["example.com"])
    assert.are.equal("begin", kept(it.client, { ahead = 60 })["example.com"])
  end)

  -- Whatever the service says: what a domain has, and what is done.
  local cases = {
    { "by its type", { validations = { { type = "ov",
      validated_until = "2026-12-20" } } }, "begin" },
    { "by dcv_expiration", { validations = { { type = "ov", status = "active" }
      }, dcv_expiration = { ov = "2026-12-20" } }, "begin" },
    { "by dcv_expiration_datetime", { dcv_expiration_datetime =
      "2026-12-20T00:00:00+00:00" }, "begin" },
    { "the first of several", { validations = {
      { type = "ev", validated_until = "2027-06-01" },
      { type = "ov", validated_until = "2026-12-20" } } }, "begin" },
    { "later", { validations = { { type = "ov",
      validated_until = "2027-02-01" } } }, "none" },
    { "already", { validations = { { type = "ov", status = "expired",
      validated_until = "2026-11-01" } } }, "begin" },
    { "nobody knows when", { validations = { { type = "ov" } } }, "none" },
    { "pending", { validations = { { type = "ov", status = "pending",
      validated_until = "2026-12-20" } } }, "wait" },
    { "a pending domain", { status = "pending" }, "wait" },
    { "odd", { validations = { 5, { type = 7 } } }, "none" },
    { "of one that is not active", { is_active = false,
      dcv_expiration = { ov = "2026-12-20" } }, nil },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local domain = { id = 12, name = "a.example" }
      for name, value in pairs(case[2]) do
        domain[name] = value
      end
      local client, requests = api.client {
        ["GET /domain"] = { 200, json.encode { domains =
          json.array { domain } } },
        ["POST /domain/12/validation"] = { 204, "" } }
      client.world.time = function() return NOW end
      local list = assert(client:keep_domains())
      assert.are.equal(case[3], list[1] and list[1].action)
      assert.are.equal(case[3] == "begin" and 2 or 1, #requests)
    end)
  end

  it("go on where one fails, and stop where there is no list", function()
    local domain = '{"id":%d,"name":"d%d.example","validations":[{"type":"ov",'
                   .. '"validated_until":"2026-12-20"}]}'
    local client = api.client {
      ["GET /domain"] = { 200, ('{"domains":[%s,%s]}'):format(
        domain:format(1, 1), domain:format(2, 2)) },
      ["POST /domain/1/validation"] = { 400, "{}" },
      ["POST /domain/2/validation"] = { 204, "" } }
    client.world.time = function() return NOW end
    local list = assert(client:keep_domains())
    assert.are.equal("error", list[1].action)
    assert.are.equal("refused", list[1].err.kind)
    assert.are.equal("begin", list[2].action)
    client = api.client { ["GET /domain"] = { 403, "{}" } }
    local none, err = client:keep_domains()
    assert.is_nil(none)
    assert.are.equal("denied", err.kind)
  end)
end)

describe("misuse of domains raises:", function()
  local cases = {
    { "add_domain", nil, "bad argument #1 to 'add_domain'" },
    { "add_domain", { name = "a.example" },
      "missing option 'organization_id' to 'add_domain'" },
    { "add_domain", { organization_id = 1 },
      "missing option 'name' to 'add_domain'" },
    { "add_domain", { name = "a b", organization_id = 1 }, "host name" },
    { "add_domain", { name = "a.example", organization_id = "x" },
      "bad option 'organization_id'" },
    { "add_domain", { name = "a.example", organization_id = 1,
      validations = { "OV!" } }, "list of validation types" },
    { "add_domain", { name = "a.example", organization_id = 1,
      validations = {} }, "list of validation types" },
    { "add_domain", { name = "a.example", organization_id = 1,
      dcv_method = "fax" }, "bad option 'dcv_method'" },
    { "keep_domains", { ahead = -1 }, "bad option 'ahead'" },
    { "keep_domains", { days = 1 }, "unknown option 'days'" },
    { "domains", { sort = "!" }, "bad option 'sort'" },
  }
  for i, case in ipairs(cases) do
    it(i .. " " .. case[1] .. ", " .. case[3], function()
      local client, requests = api.client {}
      local ok, message = pcall(client[case[1]], client, case[2])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[3], 1, true), message)
      assert.are.equal(0, #requests)
    end)
  end

  it("types that are none", function()
    local client = api.client {}
    local ok, message = pcall(client.submit_domain, client, 1, "ov")
    assert.is_false(ok)
    assert.is_truthy(message:find("bad types to 'submit_domain' (list of "
      .. "validation types expected, got 'ov')", 1, true), message)
  end)
end)

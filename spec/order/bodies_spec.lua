-- Bodies that are no orders: reissues, duplicates, new organizations.

local api = require "support.api"
local cases = require "cases.bodies"
local json = require "certcentral.sandbox.json"

local ANSWER = { 201, '{"id":7}' }

local function paths_of(list)
  local paths = {}
  for i, problem in ipairs(list) do
    paths[i] = problem.path .. " " .. problem.code
  end
  return paths
end

-- An order with the names of a certificate.
local function order_of(certificate)
  certificate = type(certificate) == "table" and certificate or {}
  local names = certificate.dns_names
  return { 200, json.encode { id = 7, certificate = {
    common_name = certificate.common_name, dns_names = json.array(
      type(names) == "table" and { (table.unpack or unpack)(names) } or {}),
  } } }
end

-- The call of a case: what it returns, and what was sent; the order is read
-- before a further certificate of it is.
local function call(case)
  local client, requests = api.client {
    ["GET /order/certificate/7"] = order_of(case.given.certificate),
    ["POST /order/certificate/7/reissue"] = ANSWER,
    ["POST /order/certificate/7/duplicate"] = ANSWER,
    ["POST /organization"] = ANSWER }
  local value, more
  if case.method == "create_organization" then
    value, more = client:create_organization(case.given, case.options)
  else
    value, more = client[case.method](client, 7, case.given)
  end
  return value, more, requests
end

describe("a body", function()
  for _, case in ipairs(cases) do
    it("of " .. case.name, function()
      local value, more, requests = call(case)
      if case.body then
        assert.are.same({ id = 7 }, value)
        assert.are.equal(case.body, requests[#requests].body)
        assert.are.same(case.warnings or {}, paths_of(more.warnings or {}))
        assert.are.equal(case.method == "create_organization" and 1 or 2,
                         #requests)
      else
        assert.is_nil(value)
        assert.are.equal("invalid", more.kind)
        assert.are.same(case.problems, paths_of(more.problems))
        assert.are.equal(0, #requests)
      end
    end)
  end
end)

describe("an unknown name", function()
  local ORGANIZATION = "create_organization"
  -- method, path, what is near; nil: it is a field of another body
  local names = {
    { "reissue", "certificat", "certificate" },
    { "reissue", "skip_aproval", "skip_approval" },
    { "reissue", "sans", "certificate.dns_names" },
    { "reissue", "common_name", "certificate.common_name" },
    { "reissue", "validity", "certificate.cert_validity" },
    { "reissue", "certificate.comon_name", "certificate.common_name" },
    { "duplicate", "note", "comments" },
    { "duplicate", "certificate.crs", "certificate.csr" },
    { "reissue", "organization" }, { "reissue", "order_validity" },
    { "reissue", "payment_method" }, { "reissue", "dcv_method" },
    { "duplicate", "alternative_order_id" }, { "duplicate", "auto_renew" },
    { ORGANIZATION, "naem", "name" }, { ORGANIZATION, "street", "address" },
    { ORGANIZATION, "postal_code", "zip" },
    { ORGANIZATION, "organization_name", "name" },
    { ORGANIZATION, "email", "organization_contact.email" },
    { ORGANIZATION, "organization_contact.emial",
      "organization_contact.email" },
    { ORGANIZATION, "id" }, { ORGANIZATION, "contacts" },
    { ORGANIZATION, "common_name" }, { ORGANIZATION, "validations" },
  }
  local nouns = { reissue = "a reissue", duplicate = "a duplicate",
                  create_organization = "a new organization" }
  local values = { organization = { id = 1 }, order_validity = { years = 1 },
                   contacts = { { contact_type = "x", user_id = 1 } } }

  -- A good body with the field in it.
  local function with(method, path)
    local given = cases.good(method)
    local object, name = given, path
    if path:find(".", 1, true) then
      local above
      above, name = path:match("^(.*)%.(.*)$")
      object = given[above]
    end
    object[name] = values[name] or "x"
    return given
  end

  for _, case in ipairs(names) do
    local method, path, near = case[1], case[2], case[3]
    it(("%s in a body of %s is told"):format(path, method), function()
      local value, err, requests = call { method = method,
                                          given = with(method, path) }
      assert.is_nil(value)
      assert.are.same({ path .. " unknown" }, paths_of(err.problems))
      assert.are.equal(near, err.problems[1].hint)
      assert.are.equal(("'%s' is not a field of %s"):format(path,
        nouns[method]), err.problems[1].message)
      assert.are.equal(0, #requests)
    end)
  end

  it("is told beside all else", function()
    local _, err = call { method = ORGANIZATION, given = {
      id = 5, contacts = { {} }, namee = "x", name = "y", country = "de" } }
    assert.are.same({ "namee unknown", "id unknown", "contacts unknown",
                      "address missing", "city missing", "state missing",
                      "zip missing", "telephone missing",
                      "organization_contact missing" },
                    paths_of(err.problems))
  end)
end)

describe("a body that is no plain table", function()
  for method, name in pairs { reissue = "reissue", duplicate = "duplicate",
                              create_organization = "organization" } do
    it("is refused: of " .. method, function()
      local _, err, requests = call { method = method,
        given = setmetatable({}, { __index = cases.good(method) }) }
      assert.are.same({ name .. " type" }, paths_of(err.problems))
      assert.are.equal(0, #requests)
    end)
  end
end)

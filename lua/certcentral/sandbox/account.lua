-- The account that the sandbox plays: its products, its organizations, the
-- domains it may issue for, and the user behind the key.

local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local names = require("certcentral.sandbox.names")

local account = {}

local Account = {}
Account.__index = Account

local CONTAINER = { id = 5, name = "Sandbox" }

-- The OV products that may be ordered here.
local PRODUCTS = {
  ssl_securesite_flex = "Secure Site OV",
  ssl_securesite_pro = "Secure Site Pro SSL",
  ssl_basic = "Basic OV",
  ssl_plus = "Standard SSL",
  ssl_multi_domain = "Multi-Domain SSL",
  ssl_wildcard = "Wildcard",
  ssl_cloud_wildcard = "Cloud Wildcard",
  ssl_securesite = "Secure Site SSL",
  ssl_securesite_multi_domain = "Secure Site Multi-Domain SSL",
  ssl_securesite_wildcard = "Secure Site Wildcard SSL",
  ssl_geotrust_truebizid = "GeoTrust TrueBusiness ID OV",
  ssl_thawte_webserver = "Thawte SSL Webserver OV",
}

local DOMAINS = { "example.com", "example.net", "example.org" }

-- Members that two organizations have to share to be the same one.
local IDENTITY = { "name", "country", "address", "city", "state", "zip" }

local function known_organization(id, name)
  return {
    id = id, name = name, country = "us", address = "1 Sandbox Street",
    city = "Lehi", state = "Utah", zip = "84043",
    telephone = "801-555-0100", is_validated = true,
  }
end

-- An account as it is at the start: organizations 1, 112233 and 123456, all
-- validated, and DOMAINS with everything below them. `next_id` is a function
-- that gives the next id.
function account.new(next_id)
  local self = setmetatable({
    next_id = next_id, organizations = {}, organization_ids = {},
    domains = {},
  }, Account)
  self:add_organization(known_organization(1, "Sandbox Holding"))
  self:add_organization(known_organization(112233, "Example Organization"))
  self:add_organization(known_organization(123456, "Example Company"))
  for _, domain in ipairs(DOMAINS) do
    self:validate_domain(domain)
  end
  return self
end

-- Keeps an organization under its id; oldest first.
function Account:add_organization(organization)
  self.organizations[organization.id] = organization
  table.insert(self.organization_ids, organization.id)
end

function Account:organization(id)
  return self.organizations[id]
end

local function is_same(one, other)
  for _, name in ipairs(IDENTITY) do
    if tostring(one[name]):lower() ~= tostring(other[name]):lower() then
      return false
    end
  end
  return true
end

-- The organization of an order: the one with its id, or the oldest with the
-- same details, or a new one, which is not validated yet.
function Account:organization_for(given)
  if given.id then
    return self.organizations[given.id]
  end
  if not given.skip_duplicate_org_check then
    for _, id in ipairs(self.organization_ids) do
      if is_same(self.organizations[id], given) then
        return self.organizations[id]
      end
    end
  end
  local organization = { id = self.next_id(), is_validated = false }
  for _, name in ipairs(IDENTITY) do
    organization[name] = given[name]
  end
  organization.assumed_name = given.assumed_name
  organization.telephone = given.telephone
  self:add_organization(organization)
  return organization
end

-- Counts `domain` and everything below it as validated.
function Account:validate_domain(domain)
  self.domains[names.domain(domain)] = true
end

-- True when `name`, its wildcard aside, is or lies below a validated domain.
function Account:is_validated(name)
  local domain = names.domain(name)
  for validated in pairs(self.domains) do
    if names.is_below(domain, validated) then
      return true
    end
  end
  return false
end

-- The product as an order shows it, or nil.
function Account.product(name_id)
  return PRODUCTS[name_id] and {
    name_id = name_id,
    name = PRODUCTS[name_id],
    type = "ssl_certificate",
    validation_type = "ov",
    validation_name = "OV",
    validation_description = "Normal Organization Validation",
  }
end

Account.container = CONTAINER

-- GET /user/me
function account.me()
  return http.answer(200, {
    id = 1000, username = "sandbox@example.com", account_id = 2000,
    first_name = "Sandbox", last_name = "User",
    email = "sandbox@example.com", telephone = "801-555-0100",
    status = "active", type = "standard", container = CONTAINER,
    access_roles = json.array({ { id = 1, name = "Administrator" } }),
    is_cert_central = true, is_enterprise = false,
    is_saml_sso_only = false, has_container_assignments = false,
  })
end

return account

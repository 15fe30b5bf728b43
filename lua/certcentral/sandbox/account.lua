-- The account that the sandbox plays: its organizations, the domains it may
-- issue for, and the user behind the key.

local http = require("certcentral.sandbox.http")
local names = require("certcentral.sandbox.names")
local roles = require("certcentral.sandbox.roles")

local account = {}

local Account = {}
Account.__index = Account

local CONTAINER = { id = 5, name = "Sandbox" }

local DOMAINS = { "example.com", "example.net", "example.org" }

-- Members that two organizations have to share to be the same one.
local IDENTITY = { "name", "country", "address", "city", "state", "zip" }

local function known_organization(id, name)
  return {
    id = id, name = name, country = "us", address = "1 Sandbox Street",
    city = "Lehi", state = "Utah", zip = "84043",
    telephone = "801-555-0100", time = 0, validated_at = 0,
    is_active = true,
  }
end

-- An account as it is at the start: organizations 1, 112233 and 123456, all
-- validated, and DOMAINS with everything below them. `next_id` is a function
-- that gives the next id.
function account.new(next_id)
  local self = setmetatable({
    next_id = next_id, organizations = {}, organization_ids = {},
    domains = {}, names = {}, latest = {},
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

-- The oldest organization in use with the same details, or nil.
function Account:organization_like(given)
  for _, id in ipairs(self.organization_ids) do
    local known = self.organizations[id]
    if known.is_active and is_same(known, given) then
      return known
    end
  end
end

-- Members that an organization takes over from what was given.
local DETAILS = { "name", "assumed_name", "country", "address", "address2",
  "city", "state", "zip", "telephone", "organization_contact" }

-- A new organization, which is not validated yet. `at`: when it was made;
-- `submitted`: whether somebody looks into it by now.
function Account:new_organization(given, at, submitted)
  local organization = { id = self.next_id(), is_active = true, time = at,
    submitted_at = submitted and at or nil }
  for _, name in ipairs(DETAILS) do
    organization[name] = given[name]
  end
  self:add_organization(organization)
  return organization
end

-- The organization of an order: the one with its id, or the oldest with the
-- same details, or a new one.
function Account:organization_for(given, at)
  if given.id then
    return self.organizations[given.id]
  end
  return not given.skip_duplicate_org_check and self:organization_like(given)
    or self:new_organization(given, at, true)
end

-- How long a validation of an organization may be used, in seconds.
Account.VALID_FOR = 398 * 86400

-- When an organization was validated, or will be: `after` seconds after it
-- was submitted. Nil without an end in sight, and when the validation is too
-- old for what comes at `at`. The organizations of the start never are.
function Account:organization_validated_at(organization, after, at)
  local submitted = after and organization.submitted_at
  local found = organization.validated_at or submitted and submitted + after
  if found and found > 0 and at > found + self.VALID_FOR then
    return nil
  end
  return found or nil
end

local function note(list, name, at)
  list[name] = math.min(list[name] or at, at)
end

-- Counts `domain` and everything below it as validated since `at` (default:
-- always).
function Account:validate_domain(domain, at)
  local name = names.domain(domain)
  note(self.domains, name, at or 0)
  self.latest[name] = math.max(self.latest[name] or 0, at or 0)
end

-- The same for this name alone.
function Account:validate_name(name, at)
  note(self.names, names.domain(name), at or 0)
end

-- Since when `name`, its wildcard aside, is or lies below a validated
-- domain; nil when it does not.
function Account:validated_at(name)
  local domain = names.domain(name)
  local first = self.names[domain]
  for validated, at in pairs(self.domains) do
    if (not first or at < first) and names.is_below(domain, validated) then
      first = at
    end
  end
  return first
end

-- True when validated_at has a time for it.
function Account:is_validated(name)
  return self:validated_at(name) ~= nil
end

Account.container = CONTAINER

-- GET /user/me
function account.me(sandbox)
  return http.answer(200, {
    id = 1000, username = "sandbox@example.com", account_id = 2000,
    first_name = "Sandbox", last_name = "User",
    email = "sandbox@example.com", telephone = "801-555-0100",
    status = "active", type = "standard", container = CONTAINER,
    access_roles = roles.list(sandbox),
    is_cert_central = true, is_enterprise = false,
    is_saml_sso_only = false, has_container_assignments = false,
  })
end

return account

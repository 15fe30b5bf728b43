-- Organizations: listing, making, validating, taking out of use.

local checks = require("certcentral.sandbox.checks")
local dates = require("certcentral.sandbox.dates")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local paging = require("certcentral.sandbox.paging")

local organizations = {}

local TYPES = { ov = "OV", ev = "EV", cs = "CS", ev_cs = "EV CS", ds = "DS",
  smime = "SMIME" }

local STEPS = { "organization_type", "organization_status",
  "address_verification", "blacklist_fraud", "request_authenticity" }

-- Showing ------------------------------------------------------------------

-- The OV validation of an organization; with `details` also how far each of
-- its steps is.
function organizations.show_validation(sandbox, organization, details)
  local now, account = sandbox.clock(), sandbox.account
  local after = sandbox.pace.organization_after
  local at = account:organization_validated_at(organization, after, 0)
  at = at and at <= now and (at > 0 and at or now) or nil
  local shown = {
    type = "ov", name = "OV", description = "Normal Organization Validation",
    date_created = dates.iso(organization.time),
    validated_until = at and dates.iso(at + account.VALID_FOR) or nil,
    status = not at and "pending"
      or now > at + account.VALID_FOR and "expired" or "active",
  }
  if details then
    shown.verification_details = {}
    for _, step in ipairs(STEPS) do
      shown.verification_details[step] = at and "approved" or "pending"
    end
  end
  return shown
end

local AS_GIVEN = { "id", "name", "assumed_name", "is_active", "address",
  "address2", "zip", "city", "state", "country", "telephone" }

local function show(sandbox, organization)
  local shown = {}
  for _, name in ipairs(AS_GIVEN) do
    shown[name] = organization[name]
  end
  shown.display_name = organization.assumed_name or organization.name
  shown.status = organization.is_active and "active" or "inactive"
  shown.container = {
    id = sandbox.account.container.id, parent_id = 0,
    name = sandbox.account.container.name, is_active = true,
  }
  return shown
end

local function show_validations(sandbox, organization)
  return json.array({ (organization.submitted_at
    or organization.validated_at)
    and organizations.show_validation(sandbox, organization) or nil })
end

-- Listing ------------------------------------------------------------------

local function property(name)
  return function(organization)
    return organization[name]
  end
end

local PROPERTIES = {
  id = property("id"), name = property("name"), city = property("city"),
  state = property("state"), country = property("country"),
  assumed_name = property("assumed_name"), zip = property("zip"),
  status = function(organization)
    return organization.is_active and "active" or "inactive"
  end,
  search = property("name"),
}

local function all(sandbox, call)
  local list, container = {}, call.query.container_id
  local own = ("%d"):format(sandbox.account.container.id)
  for _, id in ipairs(sandbox.account.organization_ids) do
    list[#list + 1] = (not container or container == own)
      and sandbox.account:organization(id) or nil
  end
  return list
end

-- GET /organization
function organizations.list(sandbox, call)
  local part, problem, page = paging.select(call, all(sandbox, call),
    PROPERTIES, PROPERTIES)
  if not part then
    return problem
  end
  local list = json.array()
  for index, organization in ipairs(part) do
    list[index] = show(sandbox, organization)
    if call.query.include_validation == "true" then
      list[index].validations = show_validations(sandbox, organization)
    end
  end
  return http.list("organizations", list, page)
end

local function find(sandbox, text)
  local organization = sandbox.account:organization(http.id(text))
  if not organization then
    return nil, http.not_found("organization")
  end
  return organization
end

-- GET /organization/{id}
function organizations.info(sandbox, _, parameters)
  local organization, problem = find(sandbox, parameters.id)
  if problem then
    return problem
  end
  local shown = show(sandbox, organization)
  shown.organization_contact = organization.organization_contact
  return http.answer(200, shown)
end

-- GET /organization/{id}/validation
function organizations.validations(sandbox, _, parameters)
  local organization, problem = find(sandbox, parameters.id)
  return problem or http.list("validations",
    show_validations(sandbox, organization))
end

-- Changing -----------------------------------------------------------------

-- True for a list of {type = ...} with types that there are.
local function are_validations(list)
  for _, entry in ipairs(json.is_array(list) and list or {}) do
    if not json.is_object(entry) or not TYPES[entry.type] then
      return false
    end
  end
  return json.is_array(list) and #list > 0
end

-- POST /organization. A duplicate is refused here; an order would take the
-- one that is there.
function organizations.create(sandbox, call)
  local body, problem = http.object(call)
  if not body then
    return problem
  end
  local problems = checks.organization(body)
  if #problems > 0 then
    return http.errors(400, problems)
  end
  body = checks.without_nulls(body)
  if body.validations ~= nil and not are_validations(body.validations) then
    return http.invalid("validations")
  elseif not body.skip_duplicate_org_check
    and sandbox.account:organization_like(body) then
    return http.error(400, "duplicate_organization",
      "An organization with these details exists.")
  end
  local organization = sandbox.account:new_organization(body,
    sandbox.clock(), body.validations ~= nil)
  return http.answer(201, { id = organization.id })
end

-- POST /organization/{id}/validation
function organizations.submit(sandbox, call, parameters)
  local organization, body = http.with_object(call, false,
    find(sandbox, parameters.id))
  if not organization then
    return body
  elseif not are_validations(body.validations) then
    return http.invalid("validations")
  end
  organization.submitted_at = organization.submitted_at or sandbox.clock()
  return http.done()
end

local function set_active(is_active)
  return function(sandbox, _, parameters)
    local organization, problem = find(sandbox, parameters.id)
    if problem then
      return problem
    end
    organization.is_active = is_active
    return http.done()
  end
end

-- PUT /organization/{id}/deactivate and .../activate
organizations.deactivate = set_active(false)
organizations.activate = set_active(true)

return organizations

-- The account's domains: listing, adding, validating again. A validation lasts
-- 199 days; that of the domains of the start has no end.

local ca = require("certcentral.sandbox.ca")
local dates = require("certcentral.sandbox.dates")
local dcv = require("certcentral.sandbox.dcv")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local names = require("certcentral.sandbox.names")
local paging = require("certcentral.sandbox.paging")

local domains = {}

local VALID_FOR = 199 * dates.DAY
local TOKEN_LIFE = 30 * dates.DAY
local TYPES = { ov = "OV", ev = "EV" }

local PROPERTIES = {
  id = function(domain) return domain.id end,
  name = function(domain) return domain.name end,
  search = function(domain) return domain.name end,
}

-- Validations --------------------------------------------------------------

-- When a domain was validated last; nil for never.
local function validated_at(sandbox, name)
  local account = sandbox.account
  return account.latest[name] or account.domains[name] or account.names[name]
end

-- What a domain's validation is at: its status, and when it ends or nil.
local function state_of(sandbox, domain)
  local at = validated_at(sandbox, domain.name)
  local ends = at and at > 0 and at + VALID_FOR or nil
  if domain.submitted then
    return "pending", ends
  end
  return ends and ends <= sandbox.clock() and "expired" or "active", ends
end

-- What a domain has to show, as dcv.lua knows it of a certificate.
local function found_at(sandbox, domain)
  return dcv.found_at(sandbox, { method = domain.method,
    dcv_random_value = domain.token, dcv_since = domain.submitted },
    { domain = domain.name, names = { domain.name } })
end

local function validate(sandbox, domain, at)
  sandbox.account:validate_domain(domain.name, at)
  domain.submitted = nil
end

-- Validates what was found by polling, and what the pace lets pass.
local function settle(sandbox, domain)
  local pace, now = sandbox.pace, sandbox.clock()
  if not domain.submitted then
    return
  end
  local found = pace.poll_after and found_at(sandbox, domain)
  local at = math.min(found and found + pace.poll_after or 1 / 0,
    pace.validate_after and domain.submitted + pace.validate_after or 1 / 0)
  if at <= now then
    validate(sandbox, domain, at)
  end
end

-- All of them, sorted by name. What was made by hand is kept in `known`.
local function all(sandbox)
  local list, known, now = {}, sandbox.domain_list, sandbox.clock()
  for _, validated in ipairs({ sandbox.account.domains,
                               sandbox.account.names }) do
    for name, at in pairs(validated) do
      if at <= now and not known[name] then
        known[name] = { name = name, types = json.array({ "ov", "ev" }),
                        method = "dns-txt-token" }
      end
    end
  end
  for name, domain in pairs(known) do
    domain.id = dcv.domain_id(sandbox, name)
    settle(sandbox, domain)
    list[#list + 1] = domain
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- Showing ------------------------------------------------------------------

local function show_token(domain)
  return {
    token = domain.token, status = "pending",
    expiration_date = dates.iso(domain.token_till),
    verification_value = domain.method == "dns-cname-token"
      and "dcv.digicert.com" or nil,
  }
end

local function show(sandbox, domain)
  local status, ends = state_of(sandbox, domain)
  local list, expiration = json.array(), {}
  for index, kind in ipairs(domain.types) do
    list[index] = { type = kind, name = TYPES[kind], status = status,
                    validated_until = ends and dates.iso(ends) or nil }
    expiration[kind] = ends and dates.plain(ends) or nil
  end
  return {
    id = domain.id, name = domain.name, is_active = true, status = "active",
    container = sandbox.account.container, organization = domain.organization,
    dcv_method = domain.method, validations = list,
    dcv_expiration = ends and expiration or nil,
    dcv_token = domain.submitted and domain.token and show_token(domain)
      or nil,
  }
end

-- GET /domain
function domains.list(sandbox, call)
  local part, problem, page = paging.select(call, all(sandbox), PROPERTIES,
    PROPERTIES)
  if not part then
    return problem
  end
  local list = json.array()
  for index, domain in ipairs(part) do
    list[index] = show(sandbox, domain)
  end
  return http.list("domains", list, page)
end

local function find(sandbox, text)
  local id = http.id(text)
  for _, domain in ipairs(all(sandbox)) do
    if domain.id == id then
      return domain
    end
  end
  return nil, http.not_found("domain")
end

-- GET /domain/{id}
function domains.info(sandbox, _, parameters)
  local domain, problem = find(sandbox, parameters.id)
  return problem or http.answer(200, show(sandbox, domain))
end

-- Changing -----------------------------------------------------------------

-- The types of a list of validations; nil where it is none.
local function types_of(list)
  local types = json.array()
  for index, entry in ipairs(json.is_array(list) and list or {}) do
    types[index] = type(entry) == "table" and TYPES[entry.type] and entry.type
    if not types[index] then
      return nil
    end
  end
  return #types > 0 and types or nil
end

local function new_token(sandbox, domain)
  domain.token = ca.random_text(32)
  domain.token_till = sandbox.clock() + TOKEN_LIFE
end

local function begin(sandbox, domain)
  domain.submitted = sandbox.clock()
  if domain.method ~= "email" and (not domain.token
    or domain.token_till <= sandbox.clock()) then
    new_token(sandbox, domain)
  end
end

local function organization_of(sandbox, body)
  local given = body.organization
  local organization = type(given) == "table" and
    sandbox.account:organization(given.id)
  return organization and { id = organization.id, name = organization.name }
end

-- POST /domain
function domains.add(sandbox, call)
  local body, problem = http.object(call)
  if not body then
    return problem
  end
  local name = type(body.name) == "string" and body.name:find("^[%w.-]+$")
    and names.domain(body.name)
  local types = types_of(body.validations)
  local organization = organization_of(sandbox, body)
  local method = body.dcv_method or "email"
  if not name or not types or not organization or not dcv.METHODS[method] then
    return http.invalid(not name and "name" or not types and "validations"
      or not organization and "organization" or "dcv_method")
  end
  all(sandbox)
  if sandbox.domain_list[name] then
    return http.error(400, "domain_already_exists",
      "The domain exists already.")
  end
  local domain = { name = name, types = types, method = method,
                   organization = organization }
  sandbox.domain_list[name] = domain
  begin(sandbox, domain)
  return http.answer(201, { id = dcv.domain_id(sandbox, name),
    dcv_token = domain.token and show_token(domain) or nil })
end

-- POST /domain/{id}/validation
function domains.submit(sandbox, call, parameters)
  local domain, body = http.with_object(call, false,
    find(sandbox, parameters.id))
  if not domain then
    return body
  end
  local types = types_of(body.validations)
  if not types then
    return http.invalid("validations")
  end
  domain.types = types
  begin(sandbox, domain)
  return http.done()
end

-- PUT /domain/{id}/dcv/method
function domains.set_method(sandbox, call, parameters)
  local domain, body = http.with_object(call, false,
    find(sandbox, parameters.id))
  if not domain then
    return body
  elseif not dcv.METHODS[body.dcv_method] then
    return http.invalid("dcv_method")
  elseif domain.method == body.dcv_method or body.dcv_method == "email" then
    domain.method = body.dcv_method
    return http.answer(200, {})
  end
  domain.method = body.dcv_method
  new_token(sandbox, domain)
  return http.answer(200, { dcv_token = show_token(domain) })
end

-- POST /domain/{id}/dcv/token
function domains.token(sandbox, _, parameters)
  local domain, problem = find(sandbox, parameters.id)
  if not domain then
    return problem
  end
  new_token(sandbox, domain)
  return http.answer(200, show_token(domain))
end

-- PUT /domain/{id}/dcv/validate-token
function domains.check(sandbox, _, parameters)
  local domain, problem = find(sandbox, parameters.id)
  if not domain then
    return problem
  elseif domain.submitted then
    if not found_at(sandbox, domain) then
      return http.error(400, "invalid_dns_txt",
        "Unable to find the record of the domain.")
    end
    validate(sandbox, domain, sandbox.clock())
  end
  return http.answer(200, { token = domain.token, status = "active" })
end

return domains

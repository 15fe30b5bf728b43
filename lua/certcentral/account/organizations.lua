--- New organizations: who the certificates are for.

local arguments = require "certcentral.account.arguments"
local json = require "certcentral.json"
local core = require "certcentral.core"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local rules = require "certcentral.rules"

local organizations = {}

-- An order around it, for the form to check; the form's own body is what
-- stands between these two.
local FRAME = { certificate = { common_name = "example.com", csr = "x",
                                signature_hash = "sha256" },
                order_validity = { years = 1 } }
local BEFORE = '"organization":'

local VALIDATIONS = rules.choice { "ov", "ev", "cs", "ev_cs", "ds",
                                       "smime" }

local function validations(value)
  if type(value) ~= "table" or #value == 0 then
    return "list of validation types"
  end
  for _, entry in ipairs(value) do
    local expected = VALIDATIONS(entry)
    if expected then
      return "list of types, each " .. expected
    end
  end
end

-- Paths as the caller sees them.
local function shorten(list)
  for _, problem in ipairs(list) do
    problem.path = problem.path:gsub("^organization%.", "")
    problem.message = problem.message:gsub("'organization%.", "'")
    problem.hint = problem.hint and problem.hint:gsub("organization%.", "")
  end
  return list
end

local function as_order(details)
  local order = { organization = {} }
  for name, value in pairs(FRAME) do
    order[name] = value
  end
  for name, value in next, details do
    order.organization[name] = value
  end
  return order
end

-- What an order's organization may have and a new one may not.
local function misplaced(details)
  local problems = {}
  for _, name in ipairs { "contacts", "id" } do
    if details[name] ~= nil and details[name] ~= core.null then
      problems[#problems + 1] = {
        path = name, code = "unknown",
        message = ("'%s' is no field of a new organization"):format(name) }
    end
  end
  return problems
end

local function no_details(details)
  return next(details) == nil and { {
    path = "name", code = "missing",
    message = "'name' is required: a new organization needs it" } } or {}
end

-- The organization's own body; or nil, err with all problems of it.
local function write(details)
  local problems = misplaced(details)
  if #problems == 0 then
    problems = no_details(details)
  end
  if #problems > 0 then
    return nil, errors.invalid(problems, {}, #problems)
  end
  local text, err = order_of.check(as_order(details), { check_csr = false },
                                   true)
  if not text then
    local list = shorten(err.problems)
    return nil, errors.invalid(list, shorten(err.warnings or {}), #list)
  end
  local _, before = text:find(BEFORE, 1, true)
  return text:sub(before + 1, -2)
end

-- Adds the validations that it is to be submitted for.
local function with_validations(text, types)
  local list = {}
  for i, name in ipairs(types or {}) do
    list[i] = { type = name }
  end
  if #list == 0 then
    return text
  end
  return text:sub(1, -2) .. ","
         .. json.object({ { "validations", list } }):sub(2)
end

--- Makes an organization. Its details are checked by the order's form.
-- @param details name, address, organization_contact and the rest
-- @param options validations: a list of types ("ov") to submit it for
-- @return {id}; or nil, err
function organizations.create_organization(self, details, options)
  if type(details) ~= "table" then
    options_of.raise("bad argument #1 to 'create_organization' (table "
                     .. "expected, got %s)", arguments.shown(details))
  end
  options = arguments.options(options, { validations = validations },
                              "create_organization")
  local text, err = write(details)
  if not text then
    return nil, err
  end
  return orders.change(self, {
    method = "POST", path = "/organization",
    body = with_validations(text, options.validations),
    what = "the organization's registration", look = "client:organizations()",
  })
end

return organizations

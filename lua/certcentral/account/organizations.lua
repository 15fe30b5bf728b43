--- Organizations: who the certificates are for.

local arguments = require "certcentral.account.arguments"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local query = require "certcentral.account.query"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local organizations = {}

local LIST = { sort = query.LIST.sort, limit = query.LIST.limit,
               offset = query.LIST.offset, container_id = rules.is_id,
               include_validation = "boolean", filters = "table" }

--- Lists organizations: all pages.
-- @param options container_id, include_validation, filters (name -> value,
--   list or range), sort, limit (of a page), offset
-- @return list; or nil, err
function organizations.organizations(self, options)
  options = arguments.options(options, LIST, "organizations")
  local params = query.filters(options.filters or {}, {}, "organizations")
  params[#params + 1] = { "container_id", options.container_id }
  params[#params + 1] = { "include_validation", options.include_validation }
  params[#params + 1] = query.sort(options.sort)
  return query.all { client = self, path = "/organization",
                     member = "organizations", params = params,
                     limit = options.limit, offset = options.offset }
end

--- Asks for an organization within a call.
-- @return the organization; or nil, err
function organizations.read(call, id)
  local value, err = call:ask(("/organization/%d"):format(id))
  if not value then
    return nil, err
  end
  return shapes.about(shapes.tidy(value), id, "organization")
end

--- Reads an organization.
-- @return the organization; or nil, err
function organizations.organization(self, id)
  id = arguments.id(id, "organization", "organization")
  return organizations.read(arguments.call(self), id)
end

-- ---- making one ----------------------------------------------------------

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

-- The validations that it is to be submitted for, as the body has them.
local function submitted(types)
  local list = {}
  for i, name in ipairs(types or {}) do
    list[i] = { type = name }
  end
  return #list > 0 and { validations = list } or nil
end

--- Makes an organization. Its details are checked by the order's form.
-- @param details name, address, organization_contact and the rest
-- @param options validations: a list of types ("ov") to submit it for
-- @return {id}; or nil, err
function organizations.create_organization(self, details, options)
  arguments.table(details, 1, "create_organization")
  options = arguments.options(options, { validations = validations },
                              "create_organization")
  local text, err = order_of.check(details, { check_csr = false }, true, nil,
                                   nil, "organization",
                                   submitted(options.validations))
  if not text then
    return nil, err
  end
  return orders.change(self, {
    method = "POST", path = "/organization", body = text,
    what = "the organization's registration", look = "client:organizations()",
  })
end

--- Takes an organization out of use.
-- @return true; or nil, err
function organizations.deactivate_organization(self, id)
  id = arguments.id(id, "organization", "deactivate_organization")
  local done, err = orders.change(self, {
    path = ("/organization/%d/deactivate"):format(id),
    what = ("the deactivation of organization %d"):format(id),
    look = ("client:organization(%d)"):format(id),
  })
  return done and true, not done and err or nil
end

return organizations

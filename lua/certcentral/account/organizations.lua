--- New organizations: who the certificates are for.

local arguments = require "certcentral.account.arguments"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local rules = require "certcentral.rules"

local organizations = {}


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

return organizations

--- Where the methods of a client are that its own file does not have. Their
-- modules are loaded when they are first asked for.

local calls = require "certcentral.calls"
local printed = require "certcentral.printed"

local MODULES = {
  orders = { "order", "find_orders", "orders", "status_changes", "cancel" },
  requests = { "requests", "request", "approve", "reject" },
  revoke = { "revoke_order", "revoke_certificate" },
  reissue = { "reissue", "duplicate", "certificates" },
  dcv = { "dcv", "dcv_records", "check_dcv", "change_dcv_method",
          "new_dcv_value", "resend_dcv_email" },
  organizations = { "organizations", "organization", "create_organization",
                    "deactivate_organization" },
  wait = { "wait" },
  certificate = { "certificate", "save" },
  renew = { "renew", "renewal_advice" },
  preflight = { "preflight" },
  products = { "products", "product", "product_limits",
               "replacement_benefits", "me" },
}

local where = {}
for module, names in pairs(MODULES) do
  for _, name in ipairs(names) do
    where[name] = module
  end
end

--- Makes a table of methods answer for all these, too.
-- @param meta the metatable of clients
-- @return the table
return function(methods, meta)
  return setmetatable(methods, { __index = function(_, name)
    local module = where[name]
    if module then
      local f = require("certcentral." .. module)[name]
      local method = calls.method(meta, "client", name, function(...)
        return printed.answer(f(...))
      end)
      methods[name] = method
      return method
    end
  end })
end

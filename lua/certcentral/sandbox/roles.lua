-- Who the key belongs to and what it may do: the user's access role, and the
-- role that the key itself is restricted to.

local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")

local roles = {}

-- Access roles by id.
roles.USER = { "Administrator", "Limited user", "Finance manager", "Manager",
  "Standard user" }

local APPROVERS = { Administrator = true, Manager = true }

-- Restrictions of a key -> kinds of routes that it may use; false for none
-- but reading.
roles.KEY = {
  [0] = { orders = true, domains = true, organizations = true,
    products = true, users = true },
  [100] = { orders = true, products = true },
  [101] = { orders = true, domains = true, organizations = true,
    products = true },
  [102] = false,
  [103] = { users = true },
}

-- What the user is.
function roles.name(sandbox)
  return sandbox.settings.role or "Administrator"
end

function roles.is_administrator(sandbox)
  return roles.name(sandbox) == "Administrator"
end

-- True when the user may approve requests.
function roles.may_approve(sandbox)
  return APPROVERS[roles.name(sandbox)] == true
end

-- The user's roles as the API shows them.
function roles.list(sandbox)
  local list = json.array()
  for id, name in ipairs(roles.USER) do
    if name == roles.name(sandbox) then
      list[1] = { id = id, name = name }
    end
  end
  return list
end

-- Nil when the key may use a route of this kind ("orders", "domains",
-- "organizations", "products", "users"; nil for what each may), else the
-- answer that says no.
function roles.refusal(sandbox, method, kind)
  local allowed = roles.KEY[sandbox.settings.key_role or 0]
  if kind and (allowed and not allowed[kind]
    or not allowed and method ~= "GET") then
    return http.denied("The API key is restricted to other services.")
  end
end

return roles

-- The domains whose control the account has shown.

local dcv = require("certcentral.sandbox.dcv")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local paging = require("certcentral.sandbox.paging")

local domains = {}

local PROPERTIES = {
  id = function(domain) return domain.id end,
  name = function(domain) return domain.name end,
}

-- Those shown by now, sorted by name.
local function all(sandbox)
  local found, list, now = {}, {}, sandbox.clock()
  for _, known in ipairs({ sandbox.account.domains, sandbox.account.names }) do
    for name, at in pairs(known) do
      if at <= now and not found[name] then
        found[name] = true
        list[#list + 1] = { id = dcv.domain_id(sandbox, name), name = name }
      end
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- GET /domain. Its answer is known from public clients, not from a document.
function domains.list(sandbox, call)
  local part, problem, page = paging.select(call, all(sandbox), PROPERTIES,
    PROPERTIES)
  if not part then
    return problem
  end
  local list = json.array()
  for index, domain in ipairs(part) do
    list[index] = {
      id = domain.id, name = domain.name, is_active = true, status = "active",
      container = sandbox.account.container,
      validations = json.array({ { type = "ov", name = "OV",
        status = "active" }, { type = "ev", name = "EV",
        status = "active" } }),
    }
  end
  return http.list("domains", list, page)
end

return domains

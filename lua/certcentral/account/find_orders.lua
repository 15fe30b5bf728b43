--- Finding orders by the id that the account gave them. That none is there
-- comes as status 404, which only the look-up can tell from a wrong address.

local arguments = require "certcentral.account.arguments"
local lookup = require "certcentral.client.lookup"
local query = require "certcentral.account.query"
local response = require "certcentral.client.response"

local find = {}

local function name(value)
  if type(value) ~= "string" or #value > 64 or
     not value:find("^[%w%-_.]+$") then
    return "1 to 64 letters, digits, '-', '_' or '.'"
  end
end

--- Finds orders by the id that the account gave them.
-- @return list of {order_id, certificate_id, status}, empty where there is
--   none; or nil, err
function find.find_orders(self, alternative_order_id)
  arguments.check(alternative_order_id, name, "alternative order id",
                  "find_orders")
  local part = alternative_order_id
  if not part:find("[^.]") then -- as a path it would lead elsewhere
    part = part:gsub("%.", "%%2E")
  end
  local function read(answer, mask)
    if answer.status ~= 404 then
      return response.read(answer, mask)
    end
    local none, err = lookup.read(answer, mask, self.any_404)
    return none and {}, err
  end
  return query.all { client = self, member = "orders", how = { read = read },
                     path = "/order/alternate/" .. part }
end

return find

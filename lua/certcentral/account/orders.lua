--- What the methods for further certificates and organizations share: the path
-- of an order, and a change with a body that the form wrote.

local arguments = require "certcentral.account.arguments"

local orders = {}

--- The path of an order, and of what hangs on it.
function orders.path(id, tail)
  return ("/order/certificate/%d%s"):format(id, tail or "")
end

--- Changes something at a path, within a call of its own.
-- @param change {method, path, body, what, look}: see Call:change
-- @return the answer, the response; or nil, err
function orders.change(self, change)
  local value, answer = arguments.call(self):change(change.method or "PUT",
    change.path, change.body, nil, { change.what, change.look })
  if not value then
    return nil, answer
  end
  return value, answer
end

return orders

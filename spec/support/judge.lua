-- What validate() says of an order, in a form that is easy to compare:
-- lists of "path code".

local certcentral = require "certcentral"
local orders = require "support.orders"

local function lines(list)
  local result = {}
  for i, entry in ipairs(list) do
    result[i] = entry.path .. " " .. entry.code
  end
  return result
end

local judge = {}

--- The problems and the warnings of an order; options as orders.options.
function judge.order(order, options)
  local ok, found = certcentral.validate(order, orders.options(options))
  if ok then
    return {}, lines(found)
  end
  return lines(found.problems), lines(found.warnings)
end

--- The same of the minimal order with changes.
function judge.with(changes, options)
  return judge.order(orders.with(changes), options)
end

--- The error of the minimal order with changes.
function judge.err(changes, options)
  local ok, err = certcentral.validate(orders.with(changes),
                                       orders.options(options))
  assert(not ok, "the order has no problem")
  return err
end

return judge

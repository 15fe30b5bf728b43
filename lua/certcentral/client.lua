--- A client: all that it can do, and where that is. What a script does not
-- use is loaded when it is first asked for.

local calls = require "certcentral.calls"
local client_options = require "certcentral.client.options"
local errors = require "certcentral.error"
local object = require "certcentral.client.object"
local options_of = require "certcentral.options"
local order_of = require "certcentral.order"
local pcall = require "certcentral.pcall"
local printed = require "certcentral.printed"

require "certcentral.client.orders"

local client = { new = object.new }

local methods = object.methods

--- A queue of orders, for many at once: see many/queue.lua.
function methods:queue(options)
  return require("certcentral.many.queue").new(self, options)
end

--- Places many orders: see many/place_orders.lua.
function methods:place_orders(orders, options)
  return require("certcentral.many.place_orders")(self, orders, options)
end

calls.methods(object.meta, "client", methods)

-- ---- of the account --------------------------------------------------------

setmetatable(methods, { __index = function(_, name)
  local row = require("certcentral.account.endpoints").by_name[name]
  if row then
    local f = row.file and require("certcentral.account." .. row.file)[name]
              or require("certcentral.account.run").method(name)
    local method = calls.method(object.meta, "client", name, function(...)
      return printed.answer(f(...))
    end)
    methods[name] = method
    return method
  end
end })

-- ---- one order -------------------------------------------------------------

--- Places one order with a client of its own.
-- @param options those of new() and of place_order() together
function client.place_once(order, options)
  local for_client, for_order = {}, {}
  if options ~= nil and type(options) ~= "table" then
    options_of.raise("bad options to 'place_order' (table expected, got %s)",
                     type(options))
  end
  for name, value in pairs(options or {}) do
    local known = order_of.options[name] and for_order or for_client
    known[name] = value
  end
  options_of.check(for_client, client_options.rules, "place_order")
  for_order = order_of.check_options(for_order, order_of.options,
                                     "place_order")
  order_of.endpoint(for_order.product, "place_order")
  local self, err = client.new(for_client)
  if not self then
    return nil, errors.of_order(err)
  end
  local ok, result, info = pcall(self.place_order, self, order, for_order)
  self:close()
  if not ok then
    error(result, 0)
  end
  return result, info
end

return client

--- Orders that were placed: reading, finding, listing, cancelling.

local arguments = require "certcentral.account.arguments"
local json = require "certcentral.json"
local errors = require "certcentral.error"
local lookup = require "certcentral.client.lookup"
local options_of = require "certcentral.options"
local query = require "certcentral.account.query"
local response = require "certcentral.client.response"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local orders = {}

local WEEK = 7 * 86400

--- The path of an order, and of what hangs on it.
function orders.path(id, tail)
  return ("/order/certificate/%d%s"):format(id, tail or "")
end

--- Asks for an order within a call.
-- @return the order with its id as an integer; or nil, err
function orders.read(call, id, params)
  local value, err = call:ask(orders.path(id, query.text(params or {})))
  if not value then
    return nil, err
  end
  return shapes.about(shapes.tidy(value), id, "order")
end

--- Reads an order.
-- @param id the order's id
-- @param options include_caa_status: true for caa_status_message while the
--   order is pending
-- @return the order; or nil, err
function orders.order(self, id, options)
  id = arguments.id(id, "order", "order")
  options = arguments.options(options, { include_caa_status = "boolean" },
                              "order")
  return orders.read(arguments.call(self), id, {
    { "include_caa_status", options.include_caa_status } })
end

local function name(value)
  if type(value) ~= "string" or #value > 64 or
     not value:find("^[%w%-_.]+$") then
    return "1 to 64 letters, digits, '-', '_' or '.'"
  end
end

--- Finds orders by the id that the account gave them.
-- @return list of {order_id, certificate_id, status}, empty where there is
--   none; or nil, err
function orders.find_orders(self, alternative_order_id)
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

--- Iterates over the orders of the account, page after page:
--   for order, err in client:orders { status = "issued" } do
-- @param options filters by name: a value, a list of values or a range
--   {from =, to =}; and sort, limit (of a page), offset
-- @return an iterator: an order; false, err where a page cannot be had
function orders.orders(self, options)
  options = options == nil and {} or options
  if type(options) ~= "table" then
    options_of.raise("bad options to 'orders' (table expected, got %s)",
                     type(options))
  end
  for option, rule in pairs(query.LIST) do
    if options[option] ~= nil then
      arguments.check(options[option], rule, "option '" .. option .. "'",
                      "orders")
    end
  end
  arguments.call(self)
  local params = query.filters(options, query.LIST, "orders")
  params[#params + 1] = query.sort(options.sort)
  return query.each { client = self, path = "/order/certificate",
                      member = "orders", params = params,
                      limit = options.limit, offset = options.offset }
end

-- A day, or a moment, of the API's own time zone.
local function moment(value)
  if type(value) ~= "string" or
     not (value:find("^%d%d%d%d%-%d%d%-%d%d$") or
          value:find("^%d%d%d%d%-%d%d%-%d%d[ +]%d%d:%d%d:%d%d$")) then
    return "'yyyy-MM-dd' or 'yyyy-MM-dd HH:mm:ss' (Mountain time)"
  end
end

local CHANGES = { minutes = rules.integer(1, WEEK / 60),
                  seconds = rules.integer(1, WEEK),
                  from = moment, to = moment }

local function change_params(options)
  local span = (options.minutes or 0) * 60 + (options.seconds or 0)
  local dated = options.from or options.to
  if dated and not (options.from and options.to) or
     not dated and span == 0 then
    options_of.raise("bad options to 'status_changes' (minutes, seconds, or "
                     .. "from and to expected)")
  elseif span > WEEK then
    options_of.raise("bad options to 'status_changes' (at most 7 days "
                     .. "expected, got %s seconds)", tostring(span))
  end
  local range = dated and (options.from .. "..." .. options.to)
                          :gsub("%+", " ") or nil
  return { { "minutes", options.minutes }, { "seconds", options.seconds },
           { "filters[status_last_updated]", range } }
end

--- The orders whose status changed lately, or within a range of time.
-- @param options minutes and seconds, at most 7 days together; or from and
--   to, in Mountain time
-- @return list of {order_id, certificate_id, status}; or nil, err
function orders.status_changes(self, options)
  options = arguments.options(options, CHANGES, "status_changes")
  local params = change_params(options)
  local value, err = arguments.call(self)
    :ask("/order/certificate/status-changes" .. query.text(params))
  if not value then
    return nil, err
  end
  local list = shapes.list(shapes.tidy(value), "orders")
  if not list then
    return nil, errors.new("protocol", "the answer has no list of orders")
  end
  return list
end

--- Changes something at a path, within a call of its own.
-- @param change {method, path, body, what, look}: see Call:change
-- @return the answer in the one shape, the response; or nil, err
function orders.change(self, change)
  local value, answer = arguments.call(self):change(change.method or "PUT",
    change.path, change.body, nil, { change.what, change.look })
  if not value then
    return nil, answer
  end
  return shapes.tidy(value), answer
end

--- Cancels an order that is still pending, or a pending reissue.
-- @param options note; send_emails: whether to tell those concerned
-- @return true; or nil, err
function orders.cancel(self, id, options)
  id = arguments.id(id, "order", "cancel")
  options = arguments.options(options, {
    note = rules.text, send_emails = "boolean" }, "cancel")
  local done, err = orders.change(self, {
    path = orders.path(id, "/status"),
    body = json.object { { "status", "CANCELED" }, { "note", options.note },
                         { "send_emails", options.send_emails } },
    what = ("the cancellation of order %d"):format(id),
    look = ("client:order(%d)"):format(id),
  })
  return done and true, not done and err or nil
end

return orders

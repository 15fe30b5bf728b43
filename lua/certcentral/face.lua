--- The functions of the module "certcentral": see init.lua, which hands them
-- on.

local core = require "certcentral.core"
local own = require "certcentral.order"

local check_call, check_order = own.check_call, own.check_order

local function raise(...)
  return require("certcentral.options").raise(...)
end

local certcentral = {}

--- Checks an order without sending anything.
-- @param order the order table
-- @param options product, now, strict, allow_unknown, check_csr, blocklist,
--   once
-- @return true, list of warnings; or nil, err with err.problems
function certcentral.validate(order, options)
  return check_call(order, options, false, "validate")
end

--- Checks an order and writes it as JSON.
-- @return the body, list of warnings; or nil, err
function certcentral.encode(order, options)
  return check_call(order, options, true, "encode")
end

--- Checks an order and makes the HTTP request for it, without the API key.
-- @return {method, path, headers, body}, list of warnings; or nil, err
function certcentral.request(order, options)
  check_order(order, "request")
  options = own.check_options(options, own.options, "request")
  local path = own.endpoint(options.product, "request")
  local body, warnings = own.check(order, options, true)
  if not body then
    return nil, require("certcentral.error").of_order(warnings)
  end
  return {
    method = core.method, path = path, body = body,
    headers = {
      ["Content-Type"] = "application/json",
      ["Content-Length"] = ("%d"):format(#body),
      ["Accept"] = "application/json",
    },
  }, warnings
end

--- Iterates over the form's rows, in the page's order.
-- @return an iterator that gives one row (a table of its own) at a time
function certcentral.fields()
  local rows, i = core.fields(), 0
  return function()
    i = i + 1
    return rows[i]
  end
end

--- Text for a person at the prompt.
-- @param path a field's path; nil for an overview
-- @return the text
function certcentral.help(path)
  return require("certcentral.help")(path)
end

--- A copy of an order that is safe to print.
-- @param order the order table
-- @return a copy without card data, private keys and unknown fields' values
function certcentral.redact(order)
  check_order(order, "redact")
  return setmetatable(require("certcentral.order.redact")(order),
                      require("certcentral.printed").ORDER)
end

--- Writes any value for a person to read: long lists cut, secrets hidden.
-- Results, infos, warnings, problems, orders and the data of domain control
-- print so by themselves.
-- @return the text
function certcentral.show(value)
  return require("certcentral.show")(value)
end

--- Makes a client.
-- @param options see lua/REFERENCE.md
-- @return the client; or nil, err without an API key
function certcentral.new(options)
  return require("certcentral.client").new(options)
end

--- Places one order with a client made for it from `options` and the
-- environment.
-- @return result, info; or nil, err
function certcentral.place_order(order, options)
  check_order(order, "place_order")
  return require("certcentral.client").place_once(order, options)
end

--- Writes an order from a CSR.
-- @param pem the CSR
-- @param defaults further members of the order, or nil
-- @return the order; or nil, err
function certcentral.order_from_csr(pem, defaults)
  if type(pem) ~= "string" then
    raise("bad argument #1 to 'order_from_csr' (string expected, got %s)",
          type(pem))
  elseif defaults ~= nil and type(defaults) ~= "table" then
    raise("bad argument #2 to 'order_from_csr' (table expected, got %s)",
          type(defaults))
  end
  return require("certcentral.order.from_csr")(pem, defaults)
end

--- Writes a date as orders have it ("09 JUN 2027"), or reads one.
-- @param when seconds since 1970, {year, month, day}, or a text
-- @return the text; or of a text {year, month, day}, or nil, err
function certcentral.date(when)
  return require("certcentral.order.date")(when)
end

--- When to issue the certificates of a plan, so that the fewest cover it.
-- @param given {certificate_days, plan_days, least, now}
-- @return list of {at = seconds since 1970, days = how long it lasts}
function certcentral.schedule(given)
  return require("certcentral.order.schedule").of(given)
end

--- As Lua's assert, for what returns nil, err: raises the error's text, with
-- the caller's line. Lua 5.1's own assert and nginx print only that an error
-- was a table.
-- @return all that it was given
function certcentral.assert(value, err, ...)
  if not value then
    raise("%s", err == nil and "assertion failed!" or tostring(err))
  end
  return value, err, ...
end

return certcentral

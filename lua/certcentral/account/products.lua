--- Products, their limits, and who the key belongs to.

local arguments = require "certcentral.account.arguments"
local json = require "certcentral.json"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local query = require "certcentral.account.query"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local products = {}

local function ask(call, path)
  local value, err = call:ask(path)
  return value and shapes.tidy(value), not value and err or nil
end

--- Asks for the products within a call: list; or nil, err.
function products.list(call)
  local value, err = ask(call, "/product")
  if not value then
    return nil, err
  end
  local list = shapes.list(value, "products")
  if not list then
    return nil, errors.new("protocol", "the answer has no list of products")
  end
  return list
end

--- Asks for a container's limits within a call: answer; or nil, err.
function products.limits(call, container_id)
  return ask(call, ("/container/%d/product-limits"):format(container_id))
end

--- Asks within a call who the key belongs to: answer; or nil, err.
function products.whoami(call)
  return ask(call, "/user/me")
end

--- Lists the products that the account can order.
-- @return list; or nil, err
function products.products(self)
  return products.list(arguments.call(self))
end

--- Reads a product.
-- @param name_id its name, as "ssl_securesite_flex"
-- @param options container_id
-- @return the product; or nil, err
function products.product(self, name_id, options)
  arguments.check(name_id, rules.name_id, "product", "product")
  options = arguments.options(options, { container_id = rules.is_id },
                              "product")
  local value, err = ask(arguments.call(self), "/product/" .. name_id
    .. query.text { { "container_id", options.container_id } })
  if not value then
    return nil, err
  end
  return shapes.about(value, name_id, "product", "name_id")
end

--- Reads what a container may order, and who in it.
-- @return {is_limited, product_limits}, lifetimes as integers; or nil, err
function products.product_limits(self, container_id)
  container_id = arguments.id(container_id, "container", "product_limits")
  return products.limits(arguments.call(self), container_id)
end

--- Asks which of the domains' present certificates, of other CAs, earn a
-- discount.
-- @param domains list of host names
-- @param options offset, limit
-- @return list of certificates; or nil, err
function products.replacement_benefits(self, domains, options)
  local expected = rules.names(domains)
  if expected then
    options_of.raise("bad argument #1 to 'replacement_benefits' (%s "
      .. "expected, got %s)", expected, arguments.shown(domains))
  end
  options = arguments.options(options, { offset = query.LIST.offset,
                                         limit = query.LIST.limit },
                              "replacement_benefits")
  local text = json.object { { "domains", domains } }
  local value, err = arguments.call(self):ask(
    "/competitive-replacement/certificates" .. query.text {
      { "offset", options.offset }, { "limit", options.limit } },
    nil, { method = "POST", body = text })
  if not value then
    return nil, err
  end
  return shapes.list(shapes.tidy(value), "certificates") or {}
end

--- Reads whom the key belongs to and what that user may do.
-- @return the user; or nil, err
function products.me(self)
  return products.whoami(arguments.call(self))
end

return products

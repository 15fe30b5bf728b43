--- What an order goes through before it is sent: its options, its CSR, the
-- form's rules. For this package's own modules.

local core = require "certcentral.core"
local printed = require "certcentral.printed"
local verdicts = require "certcentral.order.verdicts"

local print_problems, PROBLEMS = printed.problems, printed.PROBLEMS
local setmetatable = setmetatable

local order_options = core.options -- name -> type's name
local YEAR_10000 = 253402300800 -- seconds since 1970

local function raise(...)
  return require("certcentral.options").raise(...)
end

local none = {}

local next, type, rawget = next, type, rawget
local core_check, known_verdict = core.check, verdicts.known

-- Tells good options quickly; for bad ones finds the words to raise.
local function check_options(options, known, who)
  if options == nil then
    return none
  end
  local good = type(options) == "table"
  if good then
    for name, value in next, options do
      if known[name] ~= type(value) then
        good = false
      end
    end
  end
  if not good then
    require("certcentral.options").check(options, known, who)
  end
  local now = options.now
  if now and not (now >= 0 and now < YEAR_10000) then
    raise("bad option 'now' to '%s' (seconds since 1970 expected, got %s)",
          who, tostring(now))
  end
  return options
end

local function check_order(order, who)
  if type(order) ~= "table" then
    raise("bad argument #1 to '%s' (order table expected, got %s)", who,
          order == nil and "no value" or type(order))
  end
end

-- What libcrypto says against the order's CSR, as verdicts.of; nil and false
-- where the core will find that there is none to look at.
local function csr_error(order, blocklist)
  local certificate = rawget(order, "certificate")
  local pem = type(certificate) == "table" and rawget(certificate, "csr")
  if type(pem) ~= "string" then
    return nil, false
  end
  return verdicts.of(pem, blocklist)
end

-- The options as a table without metamethods, as the core reads them.
local function plain(options)
  if not getmetatable(options) then
    return options
  end
  local copy = {}
  for name in next, order_options do
    copy[name] = options[name]
  end
  return copy
end

local known_products

-- Whether a product's name is one of those that the API has today.
local function is_known(product)
  if not known_products then
    known_products = {}
    for _, name in ipairs(require "certcentral.order.product_names") do
      known_products[name] = true
    end
  end
  return known_products[product]
end

-- A product that nobody knows is most often a mistyped one; what the account
-- has is for the service to say.
local function unknown_product(product)
  return {
    path = "product", code = "unknown",
    message = ("'product' must be a known product, got '%s'"):format(
      core.printable(product, 60)),
    hint = require("certcentral.nearest").of(product,
      require "certcentral.order.product_names"),
  }
end

-- Options that were put among the order's fields.
local function hint_at_options(list)
  for _, problem in ipairs(list) do
    if problem.code == "unknown" and order_options[problem.path] then
      problem.hint = ("it is an option, as in place_order(order, { %s = ... })")
                     :format(problem.path)
    end
  end
end

-- What the core's answer is for the caller.
local function answer(options, body, list, warnings, count)
  hint_at_options(list)
  hint_at_options(warnings or none)
  local product = options and options.product
  if product and not is_known(product) then
    local to = (body or options.strict) and list or warnings
    to[#to + 1] = unknown_product(product)
    if options.strict then
      body, warnings, count = nil, warnings or {}, (count or 0) + 1
    end
  end
  if body then
    return body, print_problems(list)
  end
  return nil, require("certcentral.error").invalid(list, warnings, count)
end

--- Checks an order, or another body that the form has a view of, and writes
-- its body.
-- @param order the order table; it is not changed
-- @param options checked order options
-- @param write whether to return the body; "secret": as a secret
-- @param name alternative_order_id for an order that has none, or nil
-- @param blocklist the client's, where the options have none; or nil
-- @param view what it is: "reissue", "duplicate", "organization"; nil: an
--   order
-- @param own members that the client adds, as they are, or nil
-- @return body (or true), warnings; or nil, err
local function check(order, options, write, name, blocklist, view, own)
  local message, fine, names
  if options.check_csr == false then
    fine = true -- only private keys are looked for
  else
    message, fine, names = csr_error(order, options.blocklist or blocklist or
                                            nil)
    if message == false then
      return nil, require("certcentral.error").new("config", fine)
    end
  end
  return answer(options, core_check(order, plain(options), write, fine,
                                    message, name, names, view, own))
end

-- What is known of the order's CSR; nil for nothing, or where it is not to be
-- judged without a blocklist.
local function known_names(order, options)
  if options ~= nil and (type(options) ~= "table" or
     options.check_csr == false or options.blocklist ~= nil) or
     type(order) ~= "table" then
    return nil
  end
  local certificate = rawget(order, "certificate")
  local pem = type(certificate) == "table" and rawget(certificate, "csr")
  return pem and known_verdict(pem) or nil
end

-- The same for a caller's arguments, which nobody has looked at yet. The core
-- sees at once whether all is good and nothing is to be read from the CSR, as
-- with most calls where speed counts; else it answers nothing.
local function check_call(order, options, write, who)
  local body, list, warnings, count = core_check(order, options, write, nil,
    nil, nil, known_names(order, options))
  if body and list[1] == nil and not (options and options.product) then
    return body, setmetatable(list, PROBLEMS)
  elseif body or list then
    body, list = answer(options, body, list, warnings, count)
  else
    check_order(order, who)
    body, list = check(order, check_options(options, order_options, who),
                       write)
  end
  return body, body and list or require("certcentral.error").of_order(list)
end

-- The path of a product's orders.
local function endpoint(product, who)
  local path = core.path(product or core.product)
  if not path then
    raise("bad option 'product' to '%s' (a product's name expected, such "
          .. "as %s)",
          who, core.product)
  end
  return path
end

return {
  options = order_options, check = check, check_call = check_call,
  check_options = check_options, check_order = check_order,
  endpoint = endpoint,
}

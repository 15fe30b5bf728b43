--- Domain control: what has to be put where, and whether it was found.

local arguments = require "certcentral.account.arguments"
local json = require "certcentral.json"
local options_of = require "certcentral.options"
local orders = require "certcentral.account.orders"
local printed = require "certcentral.printed"
local records = require "certcentral.account.dcv_records"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local dcv = {}

local METHOD = rules.choice(records.METHODS)

local function look(id)
  return ("client:dcv(%d)"):format(id)
end

-- The random value that is good for each name of the order. One that is still
-- valid comes again.
local function random_value(self, id)
  return orders.change(self, {
    path = orders.path(id, "/dcv-random-value"),
    what = ("the new random value of order %d"):format(id), look = look(id),
  })
end

-- The domains of an answer of the validation endpoint that are still open.
local function open_domains(validation)
  local list = {}
  local all = shapes.list(validation, "dns_name_validations") or {}
  for _, domain in ipairs(all) do
    if type(domain) == "table" and domain.status ~= "approved" then
      local names = type(domain.dns_names) == "table" and domain.dns_names
      list[#list + 1] = { name = domain.name_scope or names and names[1],
                          dns_names = names, id = domain.domain_id }
    end
  end
  return list
end

--- What an order still needs: its domains without control, and the record
-- to make for each.
-- @param options method: for another one than the order's
-- @return {order_id, order_status, method, dcv_random_value,
--   expiration_date, validations, records, text}; or nil, err
function dcv.dcv(self, id, options)
  id = arguments.id(id, "order", "dcv")
  options = arguments.options(options, { method = METHOD }, "dcv")
  local value, err = arguments.call(self):ask(orders.path(id, "/validation"))
  if value then
    value, err = shapes.about(shapes.tidy(value), id,
                              "the validation of order", "order_id")
  end
  if not value then
    return nil, err
  end
  local found = { order_id = id, order_status = value.order_status,
                  method = options.method or value.order_dcv_method,
                  validations = value, records = {} }
  local domains = open_domains(value)
  if #domains > 0 and records.are_known(found.method) then
    local answer
    answer, err = random_value(self, id)
    if not answer then
      return nil, err
    end
    found.dcv_random_value = answer.dcv_random_value
    found.expiration_date = answer.expiration_date
  end
  if found.method then
    found.records = records.of(found.method, domains, found.dcv_random_value)
  end
  setmetatable(found.records, printed.RECORDS)
  found.text = records.text(found.records)
  return setmetatable(found, printed.DCV)
end

-- A result does not say its method. Only a CNAME has a verification value.
local function method_of(domains)
  for _, domain in ipairs(domains) do
    local token = type(domain) == "table" and domain.dcv_token
    if type(token) == "table" and token.verification_value then
      return "dns-cname-token"
    end
  end
  return "dns-txt-token"
end

--- The records for an order that was just placed, out of its result.
-- @param result what place_order returned
-- @param options method: the order's dcv_method; where none is given,
--   dns-cname-token if the result has a value for a CNAME, else dns-txt-token
-- @return list of records, the same as text
function dcv.dcv_records(_, result, options)
  options = arguments.options(options, { method = METHOD }, "dcv_records")
  if type(result) ~= "table" then
    options_of.raise("bad argument #1 to 'dcv_records' (the result of an "
                     .. "order expected, got %s)", arguments.shown(result))
  end
  local domains = type(result.domains) == "table" and result.domains or {}
  local list = records.of(options.method or method_of(domains), domains,
                          result.dcv_random_value)
  return setmetatable(list, printed.RECORDS), records.text(list)
end

--- Has the domains looked at now.
-- @param options dns_names: those alone
-- @return {order_status, dcv_status, certificate_id, dns_name_validations};
--   or nil, err
function dcv.check_dcv(self, id, options)
  id = arguments.id(id, "order", "check_dcv")
  options = arguments.options(options, { dns_names = rules.names },
                              "check_dcv")
  return orders.change(self, {
    path = orders.path(id, "/check-dcv"),
    body = options.dns_names and json.object {
      { "dns_names_validations", options.dns_names } } or nil,
    what = ("the check of order %d"):format(id), look = look(id),
  })
end

--- Changes how an order that is pending shows control of its domains.
-- @return {dcv_random_value, expiration_date}, empty for "email"; or nil, err
function dcv.change_dcv_method(self, id, method)
  id = arguments.id(id, "order", "change_dcv_method")
  arguments.check(method, METHOD, "method", "change_dcv_method")
  return orders.change(self, {
    path = orders.path(id, "/dcv-method"),
    body = json.object { { "dcv_method", method } },
    what = ("the change of order %d"):format(id), look = look(id),
  })
end

--- The random value of an order; a new one where the old is over.
-- @return {dcv_random_value, expiration_date}; or nil, err
function dcv.new_dcv_value(self, id)
  return random_value(self, arguments.id(id, "order", "new_dcv_value"))
end

local function domain(value)
  return rules.names { value } and "host name" or nil
end

--- Sends the e-mails of an order again.
-- @param options email_domain: for this domain alone
-- @return true; or nil, err
function dcv.resend_dcv_email(self, id, options)
  id = arguments.id(id, "order", "resend_dcv_email")
  options = arguments.options(options, { email_domain = domain },
                              "resend_dcv_email")
  local done, err = orders.change(self, {
    path = orders.path(id, "/resend-emails"),
    body = options.email_domain and json.object {
      { "email_domain", options.email_domain } } or nil,
    what = ("the mail for order %d"):format(id), look = look(id),
  })
  return done and true, not done and err or nil
end

return dcv

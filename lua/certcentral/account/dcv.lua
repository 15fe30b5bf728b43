--- Domain control: what has to be put where.

local arguments = require "certcentral.account.arguments"
local options_of = require "certcentral.options"
local orders = require "certcentral.account.orders"
local printed = require "certcentral.printed"
local records = require "certcentral.account.dcv_records"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"

local dcv = {}

local METHOD = rules.choice(records.METHODS)

-- The random value that is good for each name of the order. One that is still
-- valid comes again.
local random_value = run.method "new_dcv_value"

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
    value, err = shapes.about(value, id,
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

return dcv

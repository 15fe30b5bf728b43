-- Domain control of an order as its owner works on it: what is open, the
-- value to show, the check, the method, the mails.

local checks = require("certcentral.sandbox.checks")
local dates = require("certcentral.sandbox.dates")
local dcv = require("certcentral.sandbox.dcv")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local names = require("certcentral.sandbox.names")
local orders = require("certcentral.sandbox.orders")
local organizations = require("certcentral.sandbox.organizations")
local show = require("certcentral.sandbox.show")

local validation = {}

-- The certificate of an order that is still to come, or the one in use.
local function current(order)
  for _, kind in ipairs({ "first", "reissue", "duplicate" }) do
    local certificate = life.open(order, kind)
    if certificate then
      return certificate, true
    end
  end
  return show.main(order), false
end

-- The order, its open certificate and the request's body; or nil and an
-- answer. An order without an open certificate has nothing to validate.
local function begin(sandbox, call, parameters)
  local order, body = http.with_object(call, true,
    orders.find(sandbox, parameters.id))
  if not order then
    return nil, body
  end
  local certificate, is_open = current(order)
  if not is_open then
    return nil, http.wrong_state(("An order that is %s has no domain to "
      .. "validate."):format(order.status))
  end
  return order, certificate, body
end

-- Showing ------------------------------------------------------------------

local function show_group(sandbox, certificate, group)
  local is_done = dcv.validated_at(sandbox, group) ~= nil
  return {
    domain_id = ("%d"):format(dcv.domain_id(sandbox, group.domain)),
    name_scope = group.domain,
    approval_scope = dcv.is_http(certificate.method) and "fqdn"
      or "subdomains",
    status = is_done and "approved" or "pending",
    method = certificate.method,
    dns_names = json.array(group.names),
  }
end

-- GET /order/certificate/{id}/validation. Its ids are strings.
function validation.info(sandbox, _, parameters)
  local order, problem = orders.find(sandbox, parameters.id)
  if not order then
    return problem
  end
  local certificate = current(order)
  local list = json.array()
  for index, group in ipairs(certificate.groups) do
    list[index] = show_group(sandbox, certificate, group)
  end
  return http.answer(200, {
    order_id = ("%d"):format(order.id),
    order_status = order.status,
    order_name_scope = certificate.scope or "base_domain",
    order_dcv_method = certificate.method,
    organization_id = ("%d"):format(order.organization.id),
    organization_name = order.organization.name,
    organization_validations = json.array({
      organizations.show_validation(sandbox, order.organization, true) }),
    dns_name_validations = list,
  })
end

-- The check ----------------------------------------------------------------

local MISSING = {
  ["dns-txt-token"] = { "invalid_dns_txt",
    "Could not find a valid TXT record for one or more domains." },
  ["dns-cname-token"] = { "invalid_dns_cname",
    "Could not find a valid CNAME record for one or more domains." },
  ["http-token"] = { "file_random_value_not_found", "Could not find the "
    .. "random value at the expected file location for one or more "
    .. "domains." },
}
MISSING["http-token-dynamic"] = MISSING["http-token"]

-- True when a group holds one of these names; nil asks for all.
local function is_wanted(group, wanted)
  for _, name in ipairs(wanted or { group.domain }) do
    local domain = names.domain(name)
    if domain == group.domain then
      return true
    end
    for _, own in ipairs(group.names) do
      if names.domain(own) == domain then
        return true
      end
    end
  end
  return false
end

local function is_known(certificate, name)
  for _, group in ipairs(certificate.groups) do
    if is_wanted(group, { name }) then
      return true
    end
  end
  return false
end

-- The names that a request asks for, nil for all; or false and an answer.
local function wanted_of(certificate, body)
  local wanted = body.dns_names_validations
  if wanted == nil then
    return nil
  elseif not json.is_array(wanted) or #wanted == 0 then
    return false, http.invalid("dns_names_validations")
  end
  for _, name in ipairs(wanted) do
    if type(name) ~= "string" or not is_known(certificate, name) then
      return false, http.invalid("dns_names_validations")
    end
  end
  return wanted
end

-- Looks at the wanted domains: their entries, and whether one is missing.
local function look(sandbox, certificate, wanted)
  local list, is_missing = json.array(), false
  for _, group in ipairs(certificate.groups) do
    if is_wanted(group, wanted) then
      local is_there = dcv.check(sandbox, certificate, group)
      is_missing = is_missing or not is_there
      list[#list + 1] = { dns_name = group.domain,
        status = is_there and "approved" or "pending" }
    end
  end
  return list, is_missing
end

-- PUT /order/certificate/{id}/check-dcv
function validation.check(sandbox, call, parameters)
  local order, certificate, body = begin(sandbox, call, parameters)
  if not order then
    return certificate
  end
  local wanted, problem = wanted_of(certificate, body)
  if problem then
    return problem
  end
  local list, is_missing = look(sandbox, certificate, wanted)
  life.settle(sandbox, order)
  local missing = is_missing and MISSING[certificate.method]
  if missing then
    return http.error(400, missing[1], missing[2])
  end
  return http.answer(200, {
    order_status = order.status,
    certificate_id = certificate.id,
    dcv_status = is_missing and "pending" or "valid",
    dns_name_validations = list,
  })
end

-- Values, methods, mails ---------------------------------------------------

local function value_answer(certificate)
  return http.answer(200, {
    dcv_random_value = certificate.dcv_random_value,
    expiration_date = dates.iso(certificate.value_till),
  })
end

-- PUT /order/certificate/{id}/dcv-random-value
function validation.random_value(sandbox, call, parameters)
  local order, certificate = begin(sandbox, call, parameters)
  if not order then
    return certificate
  end
  dcv.renew_value(sandbox, certificate)
  return value_answer(certificate)
end

-- PUT /order/certificate/{id}/dcv-method
function validation.set_method(sandbox, call, parameters)
  local order, certificate, body = begin(sandbox, call, parameters)
  if not order then
    return certificate
  end
  local method = body.dcv_method
  if not dcv.METHODS[method]
    or not checks.takes_method(method, certificate.names) then
    return http.invalid("dcv_method")
  end
  dcv.set_method(sandbox, certificate, method)
  return method == "email" and http.done() or value_answer(certificate)
end

-- PUT /order/certificate/{id}/resend-emails
function validation.resend(sandbox, call, parameters)
  local order, certificate, body = begin(sandbox, call, parameters)
  if not order then
    return certificate
  end
  local only = body.email_domain
  if only ~= nil and (type(only) ~= "string"
    or not is_known(certificate, only)) then
    return http.invalid("email_domain")
  elseif certificate.method ~= "email" then
    return http.wrong_state("The order's domains are not validated by mail.")
  end
  dcv.send_mails(sandbox, certificate, only and names.domain(only))
  return http.done()
end

return validation

-- Orders: placing them, finding them, showing them.
--
-- Each handler is a function of (sandbox, call, parameters); it never waits,
-- so that what it checks still holds when it stores.

local ca = require("certcentral.sandbox.ca")
local checks = require("certcentral.sandbox.checks")
local dates = require("certcentral.sandbox.dates")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local names = require("certcentral.sandbox.names")
local validity = require("certcentral.sandbox.validity")

local orders = {}

local MAX_PAGE = 1000
local TOKEN_DAYS = 30

-- Card data is not kept: digits become asterisks.
local function mask_card(body)
  local card = body.credit_card
  if not json.is_object(card) then
    return
  end
  if card.number ~= nil and card.number ~= json.null then
    card.number = ("*"):rep(#tostring(card.number))
  end
  if card.cvv ~= nil and card.cvv ~= json.null then
    card.cvv = "***"
  end
end

-- Issuing ------------------------------------------------------------------

local function subject_details(organization)
  return {
    { "C", organization.country:upper() },
    { "ST", organization.state },
    { "L", organization.city },
    { "O", organization.name },
  }
end

-- Makes the order's certificate and marks the order as issued.
local function issue(sandbox, order, organization)
  local certificate, now = order.body.certificate, order.time
  local till = validity.certificate_till(order.body, now)
  local crt = sandbox.ca:issue({
    key = sandbox.ca:read_csr(certificate.csr).key,
    names = order.names,
    details = subject_details(organization),
    not_before = now,
    not_after = till,
    hash = certificate.signature_hash,
    client_auth = certificate.profile_option == "server_client_auth_eku",
  })
  order.status = "issued"
  order.issued = {
    chain = sandbox.ca:chain(order.names[1], crt),
    date = now,
    till = till,
    thumbprint = crt:digest("sha1", "x"):upper(),
    serial_number = crt:getSerial():toHex():upper(),
  }
end

-- Domain control -----------------------------------------------------------

-- The names of the order that still need validation: with the scope "fqdn"
-- every name but those below another one, else the base domains.
local function open_domains(sandbox, order)
  local exact = order.body.certificate_dcv_scope == "fqdn"
  local wanted, seen = {}, {}
  for _, name in ipairs(order.names) do
    local domain = exact and names.domain(name) or names.base(name)
    if not seen[domain] and not sandbox.account:is_validated(name) then
      seen[domain] = true
      wanted[#wanted + 1] = domain
    end
  end
  local open = {}
  for _, domain in ipairs(wanted) do
    local is_covered = false
    for _, other in ipairs(wanted) do
      is_covered = is_covered
        or (other ~= domain and names.is_below(domain, other))
    end
    if not is_covered then
      open[#open + 1] = domain
    end
  end
  return open
end

local function dcv_token(order)
  local token = {
    token = order.dcv_random_value,
    status = "pending",
    expiration_date = dates.iso(order.time + TOKEN_DAYS * dates.DAY),
  }
  if order.body.dcv_method == "dns-cname-token" then
    token.verification_value = "dcv.digicert.com"
  end
  return token
end

-- The entries of the answer's `domains`; ids stay with the domain.
local function domain_entries(sandbox, order)
  local list = json.array()
  for _, domain in ipairs(order.open_domains) do
    sandbox.domain_ids[domain] = sandbox.domain_ids[domain]
      or sandbox.next_id()
    list[#list + 1] = {
      id = sandbox.domain_ids[domain],
      [sandbox.options.domain_key] = domain,
      dcv_token = dcv_token(order),
    }
  end
  return list
end

-- Placing ------------------------------------------------------------------

local function new_order(sandbox, product, body, raw)
  local now = sandbox.clock()
  local order = {
    id = sandbox.next_id(),
    certificate_id = sandbox.next_id(),
    request_id = sandbox.next_id(),
    product = product,
    time = now,
    body = body,
    received = raw,
    names = names.of_order(body.certificate),
    key_bits = sandbox.ca:read_csr(body.certificate.csr).bits,
    till = validity.order_till(body, now),
  }
  local organization = sandbox.account:organization_for(body.organization)
  order.organization = organization
  order.open_domains = open_domains(sandbox, order)
  local method = body.dcv_method or "email"
  if method ~= "email" and #order.open_domains > 0 then
    order.dcv_random_value = ca.random_text(32)
  end
  if not body.skip_approval then
    order.status = "needs_approval"
  elseif #order.open_domains > 0 or not organization.is_validated then
    order.status = "pending"
  else
    issue(sandbox, order, organization)
  end
  return order
end

local function keep(sandbox, order)
  table.insert(sandbox.order_list, order)
  sandbox.order_by_id[order.id] = order
  local alternative = order.body.alternative_order_id
  if alternative then
    local list = sandbox.orders_by_alternative[alternative] or {}
    sandbox.orders_by_alternative[alternative] = list
    table.insert(list, order)
  end
end

local REQUEST_STATUS = { needs_approval = "pending", issued = "approved" }

-- The 201 answer in the variant that the order's state asks for.
local function placed(sandbox, order)
  local answer = { id = order.id }
  local status = REQUEST_STATUS[order.status]
  if status then
    answer.requests = json.array({ { id = order.request_id,
      status = status } })
  end
  if order.status ~= "needs_approval" then
    answer.certificate_id = order.certificate_id
  end
  if order.issued then
    answer.certificate_chain = json.array(order.issued.chain)
  end
  if order.dcv_random_value then
    answer.dcv_random_value = order.dcv_random_value
    answer.domains = domain_entries(sandbox, order)
  end
  return http.answer(201, answer)
end

local function problems_of(sandbox, body)
  return checks.order(body, {
    now = sandbox.clock(),
    is_csr = function(text)
      return sandbox.ca:read_csr(text) ~= nil
    end,
    knows = function(id)
      return sandbox.account:organization(id) ~= nil
    end,
    is_taken = function(id)
      return sandbox.options.unique_alternative_order_ids
        and sandbox.orders_by_alternative[id] ~= nil
    end,
  })
end

-- POST /order/certificate/{product}
function orders.place(sandbox, call, parameters)
  local product = sandbox.account.product(parameters.product)
  if not product then
    return http.error(404, "not_found|product",
      "The specified product was not found.")
  end
  local raw, message = json.decode(call.body)
  if not json.is_object(raw) then
    return http.error(400, "bad_request_format",
      "The request body is not a JSON object" .. (message
        and ": " .. message or "") .. ".")
  end
  local problems = problems_of(sandbox, raw)
  if #problems > 0 then
    return http.errors(400, problems)
  end
  mask_card(raw)
  local order = new_order(sandbox, product, checks.without_nulls(raw), raw)
  keep(sandbox, order)
  return placed(sandbox, order)
end

-- Finding ------------------------------------------------------------------

local function page_number(call, name, default, most)
  local text = call.query[name]
  if not text then
    return default
  end
  local value = text:find("^%d+$") and tonumber(text)
  return value and math.min(value, most or value)
end

-- GET /order/alternate/{id}
function orders.by_alternative(sandbox, call, parameters)
  local offset = page_number(call, "offset", 0)
  local limit = page_number(call, "limit", MAX_PAGE, MAX_PAGE)
  if not offset or not limit then
    local name = offset and "limit" or "offset"
    return http.error(400, "invalid_value:" .. name,
      name .. " contains an invalid value.")
  end
  local found = sandbox.orders_by_alternative[parameters.id] or {}
  local list = json.array()
  for index = offset + 1, math.min(offset + limit, #found) do
    list[#list + 1] = {
      order_id = found[index].id,
      certificate_id = found[index].certificate_id,
      status = found[index].status,
    }
  end
  return http.answer(200, {
    orders = list,
    page = { total = #found, limit = limit, offset = offset },
  })
end

-- An order by its id, or by thumbprint or serial number of its certificate.
local function find(sandbox, text)
  if text:find("^%d+$") and sandbox.order_by_id[tonumber(text)] then
    return sandbox.order_by_id[tonumber(text)]
  end
  text = text:upper()
  for _, order in ipairs(sandbox.order_list) do
    local issued = order.issued
    if issued and (issued.thumbprint == text
      or issued.serial_number == text) then
      return order
    end
  end
end

-- Showing ------------------------------------------------------------------

local function show_certificate(sandbox, order)
  local given = order.body.certificate
  local certificate = {
    common_name = given.common_name,
    dns_names = json.array(order.names),
    date_created = dates.iso(order.time),
    csr = given.csr,
    organization = { id = order.organization.id },
    organization_units = given.organization_units,
    server_platform = { id = given.server_platform
      and given.server_platform.id or -1 },
    signature_hash = given.signature_hash,
    key_size = order.key_bits,
    cert_validity = given.cert_validity,
    ca_cert = { id = given.ca_cert_id or "SANDBOX",
      name = sandbox.ca.ica.common_name },
  }
  local issued = order.issued
  if issued then
    certificate.id = order.certificate_id
    certificate.thumbprint = issued.thumbprint
    certificate.serial_number = issued.serial_number
    certificate.date_issued = dates.iso(issued.date)
    certificate.valid_from = dates.plain(issued.date)
    certificate.valid_till = dates.plain(issued.till)
    certificate.days_remaining = math.max(0, math.floor(
      (issued.till - sandbox.clock()) / dates.DAY))
  end
  return certificate
end

local function show_organization(organization)
  return {
    id = organization.id, name = organization.name,
    assumed_name = organization.assumed_name,
    display_name = organization.assumed_name or organization.name,
    is_active = true, city = organization.city, state = organization.state,
    country = organization.country, telephone = organization.telephone,
  }
end

local function show_requests(order)
  return json.array({ {
    id = order.request_id,
    date = dates.iso(order.time),
    type = "new_request",
    status = order.status == "needs_approval" and "pending" or "approved",
    comments = order.body.comments,
  } })
end

-- Members that order info shows as they were ordered.
local AS_ORDERED = { "alternative_order_id", "organization_contact",
  "technical_contact", "custom_fields", "renewal_of_order_id" }

local function show(sandbox, order)
  local body = order.body
  local info = {
    id = order.id,
    status = order.status,
    certificate = show_certificate(sandbox, order),
    is_renewal = body.renewal_of_order_id ~= nil
      or body.renewed_thumbprint ~= nil,
    is_renewed = false,
    date_created = dates.iso(order.time),
    order_valid_till = dates.plain(order.till),
    organization = show_organization(order.organization),
    disable_renewal_notifications =
      body.disable_renewal_notifications or false,
    auto_renew = body.auto_renew or 0,
    container = body.container or sandbox.account.container,
    product = order.product,
    requests = show_requests(order),
    dcv_method = body.dcv_method or "email",
    disable_ct = body.disable_ct or false,
    payment_method = body.payment_method or "balance",
  }
  for _, name in ipairs(AS_ORDERED) do
    info[name] = body[name]
  end
  return info
end

-- GET /order/certificate/{id}
function orders.info(sandbox, _, parameters)
  local order = find(sandbox, parameters.id)
  if not order then
    return http.error(404, "not_found|order",
      "The specified order was not found.")
  end
  return http.answer(200, show(sandbox, order))
end

-- The orders as they were stored, for whoever tests a client: a list of
-- {order_id, certificate_id, alternative_order_id, product, status, time,
-- body}, oldest first. `body` is what was received, card data masked.
function orders.stored(sandbox)
  local list = json.array()
  for _, order in ipairs(sandbox.order_list) do
    list[#list + 1] = {
      order_id = order.id,
      certificate_id = order.certificate_id,
      alternative_order_id = order.body.alternative_order_id,
      product = order.product.name_id,
      status = order.status,
      time = order.time,
      body = order.received,
    }
  end
  return list
end

return orders

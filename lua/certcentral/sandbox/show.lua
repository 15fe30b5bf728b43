-- Orders, certificates, requests and organizations as the API shows them.

local dates = require("certcentral.sandbox.dates")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local products = require("certcentral.sandbox.products")

local show = {}

-- The user behind the key.
show.USER = { id = 1000, first_name = "Sandbox", last_name = "User",
  email = "sandbox@example.com" }

function show.user()
  local copy = {}
  for name, value in pairs(show.USER) do
    copy[name] = value
  end
  return copy
end

-- A certificate of an order, reissue or duplicate included. What is not
-- issued has no id here.
function show.certificate(sandbox, certificate)
  local given = certificate.body
  local order = certificate.order
  local shown = {
    common_name = given.common_name,
    dns_names = json.array(certificate.names),
    date_created = dates.iso(certificate.time),
    csr = given.csr,
    organization = { id = order.organization.id },
    organization_units = given.organization_units,
    server_platform = products.platform(given.server_platform
      and given.server_platform.id or -1),
    signature_hash = given.signature_hash,
    key_size = certificate.key_bits,
    cert_validity = given.cert_validity,
    ca_cert = { id = given.ca_cert_id or "SANDBOX",
      name = sandbox.ca.ica.common_name },
    status = life.certificate_status(sandbox, certificate),
  }
  local issued = certificate.issued
  if issued then
    shown.id = certificate.id
    shown.thumbprint = issued.thumbprint
    shown.serial_number = issued.serial_number
    shown.date_issued = dates.iso(issued.date)
    shown.valid_from = dates.plain(issued.date)
    shown.valid_till = dates.plain(issued.till)
    shown.days_remaining = math.max(0, math.floor(
      (issued.till - sandbox.clock()) / dates.DAY))
  end
  return shown
end

-- An organization as orders and lists show it.
function show.organization(organization)
  return {
    id = organization.id, name = organization.name,
    assumed_name = organization.assumed_name,
    display_name = organization.assumed_name or organization.name,
    is_active = organization.is_active, city = organization.city,
    state = organization.state, country = organization.country,
    telephone = organization.telephone,
  }
end

-- A request as an order shows it.
local function brief_request(request)
  return {
    id = request.id, date = dates.iso(request.time), type = request.type,
    status = request.status, comments = request.comments,
  }
end

-- Members that order info shows as they were ordered.
local AS_ORDERED = { "alternative_order_id", "organization_contact",
  "technical_contact", "custom_fields", "renewal_of_order_id",
  "additional_emails" }

local function notes_of(order)
  local list = json.array()
  for index, text in ipairs(order.notes) do
    list[index] = { id = index, text = text }
  end
  return list
end

local function requests_of(order)
  local list = json.array()
  for index, request in ipairs(order.requests) do
    list[index] = brief_request(request)
  end
  return list
end

-- The certificate that stands for an order.
function show.main(order)
  return order.primary or order.certificates[1]
end

-- An order with everything.
function show.order(sandbox, order)
  local body, main = order.body, show.main(order)
  local info = {
    id = order.id,
    status = order.status,
    certificate = show.certificate(sandbox, main),
    is_renewal = body.renewal_of_order_id ~= nil
      or body.renewed_thumbprint ~= nil,
    is_renewed = order.renewed_by ~= nil,
    renewed_order_id = order.renewed_by or 0,
    date_created = dates.iso(order.time),
    order_valid_till = dates.plain(order.till),
    organization = show.organization(order.organization),
    validity_years = body.order_validity and body.order_validity.years
      or body.validity_years,
    disable_renewal_notifications =
      body.disable_renewal_notifications or false,
    auto_renew = body.auto_renew or 0,
    auto_reissue = body.auto_reissue or 0,
    container = body.container or sandbox.account.container,
    product = order.product,
    user = show.user(),
    requests = requests_of(order),
    notes = notes_of(order),
    dcv_method = order.certificates[#order.certificates].method,
    disable_ct = body.disable_ct or false,
    allow_duplicates = true,
    user_assignments = json.array({ show.user() }),
    payment_method = body.payment_method or "balance",
  }
  for _, name in ipairs(AS_ORDERED) do
    info[name] = body[name]
  end
  return info
end

-- An order in the list of orders.
function show.brief_order(sandbox, order)
  local info = show.order(sandbox, order)
  local certificate = info.certificate
  local is_bare = sandbox.shapes.empty_as_list and not order.primary
  return {
    id = info.id, status = info.status, is_renewed = info.is_renewed,
    certificate = {
      id = certificate.id, common_name = certificate.common_name,
      dns_names = certificate.dns_names,
      valid_till = certificate.valid_till,
      days_remaining = certificate.days_remaining,
      signature_hash = certificate.signature_hash,
      status = certificate.status,
    },
    date_created = info.date_created,
    order_valid_till = info.order_valid_till,
    organization = is_bare and {} or { id = order.organization.id,
      name = order.organization.name },
    validity_years = info.validity_years,
    disable_renewal_notifications = info.disable_renewal_notifications,
    container = info.container,
    product = { name_id = order.product.name_id, name = order.product.name,
      type = order.product.type },
    has_duplicates = show.has_duplicates(order),
    alternative_order_id = info.alternative_order_id,
  }
end

function show.has_duplicates(order)
  for _, certificate in ipairs(order.certificates) do
    if certificate.kind == "duplicate" and certificate.issued then
      return true
    end
  end
  return false
end

-- A request in the list of requests.
function show.request(sandbox, request)
  local order = request.order
  return {
    id = request.id, date = dates.iso(request.time), type = request.type,
    status = request.status, requester = show.user(),
    comments = request.comments,
    order = {
      id = order.id,
      certificate = { common_name = order.body.certificate.common_name },
      organization = { id = order.organization.id,
        name = order.organization.name },
      container = order.body.container or sandbox.account.container,
      product = { name_id = order.product.name_id,
        name = order.product.name, type = order.product.type },
    },
  }
end

-- A request with everything.
function show.full_request(sandbox, request)
  local shown = show.request(sandbox, request)
  local certificate = request.certificate or show.main(request.order)
  shown.order.certificate = show.certificate(sandbox, certificate)
  shown.processor_comment = request.processor_comment
  if request.processed then
    shown.date_processed = dates.iso(request.processed)
    shown.reviewer, shown.processor = show.user(), show.user()
  end
  return shown
end

return show

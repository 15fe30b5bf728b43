-- Orders: placing them, finding them, showing them, cancelling them.
--
-- Each handler is a function of (sandbox, call, parameters); it never waits,
-- so that what it checks still holds when it stores.

local ca = require("certcentral.sandbox.ca")
local checks = require("certcentral.sandbox.checks")
local dates = require("certcentral.sandbox.dates")
local dcv = require("certcentral.sandbox.dcv")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local names = require("certcentral.sandbox.names")
local paging = require("certcentral.sandbox.paging")
local products = require("certcentral.sandbox.products")
local roles = require("certcentral.sandbox.roles")
local show = require("certcentral.sandbox.show")
local validity = require("certcentral.sandbox.validity")

local orders = {}

-- Finding ------------------------------------------------------------------

local function by_certificate(sandbox, text)
  text = text:upper()
  for _, order in ipairs(sandbox.order_list) do
    local issued = order.primary and order.primary.issued
    if issued and (issued.thumbprint == text
      or issued.serial_number == text) then
      return order
    end
  end
end

-- An order by its id, or by thumbprint or serial number of its primary
-- certificate, brought up to now; nil and an answer without one.
function orders.find(sandbox, text)
  local order = sandbox.order_by_id[http.id(text)]
    or by_certificate(sandbox, text)
  if not order then
    return nil, http.not_found("order")
  end
  return life.settle(sandbox, order)
end

-- Placing ------------------------------------------------------------------

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

-- What a renewal says of the order before it.
local function mark_renewed(sandbox, order)
  local body = order.body
  local before = sandbox.order_by_id[body.renewal_of_order_id]
    or body.renewed_thumbprint
    and by_certificate(sandbox, body.renewed_thumbprint)
  if before then
    before.renewed_by = order.id
  end
end

local function new_order(sandbox, product, body, raw)
  local now = sandbox.clock()
  local order = {
    id = sandbox.next_id(),
    product = product,
    time = now, touched = now,
    body = body,
    received = raw,
    till = validity.order_till(body, now),
    organization = sandbox.account:organization_for(body.organization, now),
    certificates = {}, requests = {}, notes = {},
  }
  order.organization.submitted_at = order.organization.submitted_at or now
  life.add(sandbox, order, {
    kind = "first", body = body.certificate,
    names = names.of_order(body.certificate),
    scope = body.certificate_dcv_scope, method = body.dcv_method,
    request = life.request(sandbox, order, "new_request", body.comments,
      body.skip_approval),
  })
  mark_renewed(sandbox, order)
  return life.settle(sandbox, order)
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

local function dcv_token(certificate)
  return {
    token = certificate.dcv_random_value,
    status = "pending",
    expiration_date = dates.iso(certificate.value_till),
    verification_value = certificate.method == "dns-cname-token"
      and "dcv.digicert.com" or nil,
  }
end

-- The entries of an answer's `domains`; ids stay with the domain.
local function domain_entries(sandbox, certificate)
  local list = json.array()
  for _, group in ipairs(dcv.open(sandbox, certificate)) do
    list[#list + 1] = {
      id = dcv.domain_id(sandbox, group.domain),
      [sandbox.options.domain_key] = group.domain,
      dcv_token = dcv_token(certificate),
    }
  end
  return list
end

-- What an answer says of a certificate's domains that are open.
function orders.show_domains(sandbox, certificate, answer)
  if certificate.dcv_random_value and not certificate.issued then
    answer.dcv_random_value = certificate.dcv_random_value
    answer.domains = domain_entries(sandbox, certificate)
  end
end

-- The 201 answer in the variant that the order's state asks for.
local function placed(sandbox, order)
  local answer, certificate = { id = order.id }, order.certificates[1]
  local request = certificate.request
  if request.status ~= "approved" or certificate.issued then
    answer.requests = json.array({ { id = request.id,
      status = request.status } })
  end
  if request.status == "approved" then
    answer.certificate_id = certificate.id
  end
  if certificate.issued then
    answer.certificate_chain = json.array(ca.show_chain(
      life.chain(sandbox, certificate)))
  end
  orders.show_domains(sandbox, certificate, answer)
  return http.answer(201, answer)
end

local function problems_of(sandbox, body)
  return checks.order(body, {
    now = sandbox.clock(),
    is_csr = function(text)
      return sandbox.ca:read_csr(text) ~= nil
    end,
    knows = function(id)
      local organization = sandbox.account:organization(id)
      return organization ~= nil and organization.is_active
    end,
    is_taken = function(id)
      return sandbox.options.unique_alternative_order_ids
        and sandbox.orders_by_alternative[id] ~= nil
    end,
  })
end

-- POST /order/certificate/{product}
function orders.place(sandbox, call, parameters)
  local product = products.find(sandbox, parameters.product)
  if not product then
    return http.not_found("product")
  end
  local raw, problem = http.object(call)
  if not raw then
    return problem
  end
  local problems = problems_of(sandbox, raw)
  local body = #problems == 0 and checks.without_nulls(raw)
  if body then
    problems = products.problems(sandbox, product, body)
  end
  if #problems > 0 then
    return http.errors(400, problems)
  elseif body.skip_approval and not roles.may_approve(sandbox) then
    return http.denied("The user of this key may not skip the approval.")
  end
  mask_card(raw)
  local order = new_order(sandbox, product, body, raw)
  keep(sandbox, order)
  return placed(sandbox, order)
end

-- Showing ------------------------------------------------------------------

-- GET /order/certificate/{id}
function orders.info(sandbox, call, parameters)
  local order, problem = orders.find(sandbox, parameters.id)
  if not order then
    return problem
  end
  local info = show.order(sandbox, order)
  if call.query.include_caa_status == "true" and not order.primary
    and not order.ending then
    info.caa_status_message = {}
    for _, name in ipairs(order.certificates[1].names) do
      info.caa_status_message[name] = "CAA check passed."
    end
  end
  return http.answer(200, info)
end

local function reference(order)
  return {
    order_id = order.id,
    certificate_id = show.main(order).id,
    status = order.status,
  }
end

-- GET /order/alternate/{id}
function orders.by_alternative(sandbox, call, parameters)
  local found = sandbox.orders_by_alternative[parameters.id] or {}
  local part, problem, page = paging.page(call, found)
  if not part then
    return problem
  end
  local list = json.array()
  for index, order in ipairs(part) do
    list[index] = reference(life.settle(sandbox, order))
  end
  return http.list("orders", list, page)
end

-- The orders as they were stored, for whoever tests a client: a list of
-- {order_id, certificate_id, alternative_order_id, product, status, time,
-- body}, oldest first. `body` is what was received, card data masked.
function orders.stored(sandbox)
  local list = json.array()
  life.settle_all(sandbox)
  for _, order in ipairs(sandbox.order_list) do
    local entry = reference(order)
    entry.alternative_order_id = order.body.alternative_order_id
    entry.product = order.product.name_id
    entry.time = order.time
    entry.body = order.received
    list[#list + 1] = entry
  end
  return list
end

-- Lists --------------------------------------------------------------------

local function certificate_till(order)
  local issued = order.primary and order.primary.issued
  return issued and dates.plain(issued.till)
end

local PROPERTIES = {
  order_id = function(order) return order.id end,
  status = function(order) return order.status end,
  common_name = function(order)
    return show.main(order).names[1]
  end,
  product_name_id = function(order) return order.product.name_id end,
  product_name = function(order) return order.product.name end,
  organization_id = function(order) return order.organization.id end,
  container_id = function(order)
    return order.body.container and order.body.container.id or 5
  end,
  date_created = function(order) return dates.iso(order.time) end,
  valid_till = certificate_till,
  validity_years = function(order)
    return order.body.order_validity and order.body.order_validity.years
      or order.body.validity_years
  end,
  search = function(order)
    local texts = { tostring(order.id) }
    for _, name in ipairs(show.main(order).names) do
      texts[#texts + 1] = name
    end
    return texts
  end,
}

-- GET /order/certificate
function orders.list(sandbox, call)
  life.settle_all(sandbox)
  local part, problem, page = paging.select(call, sandbox.order_list,
    PROPERTIES, PROPERTIES)
  if not part then
    return problem
  end
  local list = json.array()
  for index, order in ipairs(part) do
    list[index] = show.brief_order(sandbox, order)
  end
  return http.list("orders", list, page)
end

local WEEK = 7 * dates.DAY
local MOUNTAIN = 6 * 3600 -- what MDT is behind UTC

-- "yyyy-MM-dd" or "yyyy-MM-dd HH:mm:ss" in Mountain time as epoch seconds.
local function moment(text, is_end)
  local day, hour, minute, second =
    text:match("^(%d%d%d%d%-%d%d%-%d%d)[ +]?(%d*):?(%d*):?(%d*)$")
  local seconds = day and dates.parse_plain(day)
  if not seconds then
    return nil
  elseif hour == "" then
    return seconds + MOUNTAIN + (is_end and dates.DAY - 1 or 0)
  end
  return seconds + MOUNTAIN + hour * 3600 + (tonumber(minute) or 0) * 60
    + (tonumber(second) or 0)
end

-- From when to when a query asks for changes; nil and an answer.
local function window(sandbox, query)
  local range = query["filters[status_last_updated]"]
  if range then
    local from, to = range:match("^(.-)%.%.%.(.*)$")
    from, to = from and moment(from), to and moment(to, true)
    if not from or not to then
      return nil, http.invalid("filters[status_last_updated]")
    end
    return from, to
  end
  local span = 0
  for name, size in pairs({ minutes = 60, seconds = 1 }) do
    local value = query[name]
    if value and not value:find("^%d+$") then
      return nil, http.invalid(name)
    end
    span = span + (tonumber(value) or 0) * size
  end
  if span == 0 then
    return nil, http.invalid("minutes")
  elseif span > WEEK then
    return nil, http.error(400, "time_frame_too_long",
      "The time frame must not be longer than 7 days.")
  end
  return sandbox.clock() - span, sandbox.clock()
end

-- GET /order/certificate/status-changes
function orders.status_changes(sandbox, call)
  life.settle_all(sandbox)
  local from, to = window(sandbox, call.query)
  if not from then
    return to
  end
  local list = json.array()
  for _, order in ipairs(sandbox.order_list) do
    if order.changed >= from and order.changed <= to then
      list[#list + 1] = reference(order)
    end
  end
  return http.answer(200, #list > 0 and { orders = list } or {})
end

-- Changing -----------------------------------------------------------------

local CANCELLABLE = { pending = true, waiting_pickup = true,
  reissue_pending = true }
local RENEWABLE_FOR = 90 * dates.DAY

local function set_renewed(sandbox, order, status)
  local issued = order.primary and order.primary.issued
  if not issued or issued.till - sandbox.clock() > RENEWABLE_FOR then
    return http.wrong_state(
      "The order must be within 90 days of its expiration.")
  end
  order.renewed_by = status == "renewed" and (order.renewed_by or 0) or nil
end

-- PUT /order/certificate/{id}/status
function orders.set_status(sandbox, call, parameters)
  local order, body = http.with_object(call, false,
    orders.find(sandbox, parameters.id))
  if not order then
    return body
  end
  local problem
  local status = type(body.status) == "string" and body.status:lower()
  if status == "renewed" or status == "not_renewed" then
    problem = set_renewed(sandbox, order, status)
  elseif status ~= "canceled" then
    problem = http.invalid("status")
  elseif not CANCELLABLE[order.status] then
    problem = http.wrong_state(("An order that is %s cannot be canceled.")
      :format(order.status))
  else
    life.cancel(order, sandbox.clock(),
      type(body.note) == "string" and body.note or nil)
    life.settle(sandbox, order)
  end
  if not problem and type(body.note) == "string" then
    table.insert(order.notes, body.note)
  end
  return problem or http.done()
end

return orders

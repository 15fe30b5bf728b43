-- Further certificates of an order: reissues and duplicates.

local ca = require("certcentral.sandbox.ca")
local checks = require("certcentral.sandbox.checks")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local names = require("certcentral.sandbox.names")
local orders = require("certcentral.sandbox.orders")
local roles = require("certcentral.sandbox.roles")
local show = require("certcentral.sandbox.show")

local reissue = {}

local function problems_of(sandbox, body)
  return checks.certificate(body, {
    now = sandbox.clock(),
    is_csr = function(text)
      return sandbox.ca:read_csr(text) ~= nil
    end,
  })
end

-- True when all names of a certificate are on the order's.
local function has_names(order, certificate)
  local known = {}
  for _, name in ipairs(order.primary.names) do
    known[name] = true
  end
  for _, name in ipairs(names.of_order(certificate)) do
    if not known[name] then
      return false
    end
  end
  return true
end

-- A certificate of this kind cannot be had of the order now: the answer that
-- says why, or nil.
local function obstacle(sandbox, order, kind, body)
  if order.status ~= "issued" then
    return http.wrong_state(("An order that is %s has no %s.")
      :format(order.status, kind))
  elseif body.skip_approval and not roles.may_approve(sandbox) then
    return http.denied("The user of this key may not skip the approval.")
  elseif kind == "duplicate" and not has_names(order, body.certificate) then
    return http.invalid("certificate.dns_names")
  end
end

-- What a duplicate does not say is as on the order's certificate.
local function names_for(order, kind, certificate)
  if kind == "duplicate" then
    return order.primary.names
  end
  return names.of_order(certificate)
end

local function add(sandbox, order, kind, body)
  local certificate = life.add(sandbox, order, {
    kind = kind, body = body.certificate,
    names = names_for(order, kind, body.certificate),
    scope = body.certificate_dcv_scope,
    method = body.dcv_method or order.primary.method,
    request = life.request(sandbox, order, kind, body.comments,
      body.skip_approval),
  })
  life.settle(sandbox, order)
  return certificate
end

local function answer_of(sandbox, certificate)
  local request = certificate.request
  local answer = { id = certificate.order.id,
    requests = json.array({ { id = request.id, status = request.status } }) }
  if certificate.issued then
    answer.certificate_id = certificate.id
    answer.certificate_chain = ca.show_chain(
      life.chain(sandbox, certificate))
  end
  orders.show_domains(sandbox, certificate, answer)
  return http.answer(201, answer)
end

local function place(kind)
  return function(sandbox, call, parameters)
    local order, body = http.with_object(call, false,
      orders.find(sandbox, parameters.id))
    if not order then
      return body
    end
    local problems = problems_of(sandbox, body)
    if #problems > 0 then
      return http.errors(400, problems)
    end
    body = checks.without_nulls(body)
    return obstacle(sandbox, order, kind, body)
      or answer_of(sandbox, add(sandbox, order, kind, body))
  end
end

-- The list of reissues has those that were rejected, that of duplicates not.
local function is_listed(certificate, kind)
  return certificate.kind == kind and
         (kind == "reissue" or not certificate.dropped)
end

local function status_of(certificate, shown)
  return certificate.dropped and "rejected" or shown.status
    or certificate.issued and "approved" or "pending"
end

local function list(kind)
  return function(sandbox, _, parameters)
    local order, problem = orders.find(sandbox, parameters.id)
    if not order then
      return problem
    end
    local certificates = json.array()
    for _, certificate in ipairs(order.certificates) do
      if is_listed(certificate, kind) then
        local shown = show.certificate(sandbox, certificate)
        shown.id = certificate.id
        shown.status = status_of(certificate, shown)
        certificates[#certificates + 1] = shown
      end
    end
    return http.list("certificates", certificates)
  end
end

-- POST /order/certificate/{id}/reissue and .../duplicate
reissue.reissue = place("reissue")
reissue.duplicate = place("duplicate")

-- GET /order/certificate/{id}/reissue and .../duplicate
reissue.reissues = list("reissue")
reissue.duplicates = list("duplicate")

return reissue

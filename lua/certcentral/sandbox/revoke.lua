-- Revocation, of one certificate or of all that an order has.

local certificates = require("certcentral.sandbox.certificates")
local dates = require("certcentral.sandbox.dates")
local http = require("certcentral.sandbox.http")
local life = require("certcentral.sandbox.life")
local orders = require("certcentral.sandbox.orders")
local roles = require("certcentral.sandbox.roles")
local show = require("certcentral.sandbox.show")

local revoke = {}

local REASONS = { unspecified = true, keyCompromise = true,
  affiliationChanged = true, superseded = true, cessationOfOperation = true }

-- The table of the documentation says "comment", its examples "comments".
local KINDS = { skip_approval = "boolean", comments = "string",
  comment = "string" }

local function problem_of(sandbox, body)
  local reason = body.revocation_reason
  if reason ~= nil and not REASONS[reason] then
    return http.invalid("revocation_reason")
  end
  for name, kind in pairs(KINDS) do
    if body[name] ~= nil and type(body[name]) ~= kind then
      return http.invalid(name)
    end
  end
  if body.skip_approval and not roles.is_administrator(sandbox) then
    return http.denied("Only administrators may skip the approval.")
  end
end

-- True when a request to revoke one of these is waiting.
local function is_asked(order, list)
  for _, request in ipairs(order.requests) do
    for _, certificate in ipairs(request.certificates or {}) do
      if life.is_waiting(request) and certificate == list[1] then
        return true
      end
    end
  end
  return false
end

local function act(sandbox, order, list, body)
  if #list == 0 then
    return http.wrong_state("There is no certificate left to revoke.")
  elseif body.skip_approval then
    life.request(sandbox, order, "revoke", nil, true).certificates = list
    life.revoke(order, list, sandbox.clock())
    life.settle(sandbox, order)
    return http.done()
  elseif is_asked(order, list) then
    return http.wrong_state("The revocation waits for approval.")
  end
  local request = life.request(sandbox, order, "revoke",
    body.comments or body.comment)
  request.certificates = list
  request.reason = body.revocation_reason
  return http.answer(201, {
    id = request.id, date = dates.iso(request.time), type = "revoke",
    status = request.status, requester = show.user(),
    comments = request.comments,
  })
end

local function in_use(list)
  local kept = {}
  for _, certificate in ipairs(list) do
    kept[#kept + 1] = certificate.issued and not certificate.revoked
      and certificate or nil
  end
  return kept
end

-- PUT /order/certificate/{id}/revoke
function revoke.order(sandbox, call, parameters)
  local order, body = http.with_object(call, true,
    orders.find(sandbox, parameters.id))
  if not order then
    return body
  end
  return problem_of(sandbox, body)
    or act(sandbox, order, in_use(order.certificates), body)
end

-- PUT /certificate/{id or serial number}/revoke
function revoke.certificate(sandbox, call, parameters)
  local certificate, body = http.with_object(call, true,
    certificates.find(sandbox, parameters.id))
  if not certificate then
    return body
  end
  return problem_of(sandbox, body)
    or act(sandbox, certificate.order, in_use({ certificate }), body)
end

return revoke

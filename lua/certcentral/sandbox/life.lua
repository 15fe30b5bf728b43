-- What becomes of an order: approval, domain control, issuance, reissues,
-- revocation, expiry. All of it happens by the sandbox's clock, and is
-- worked out when somebody looks: an order that could be issued at noon was
-- issued at noon, whenever it is asked for.
--
-- An order has
--   certificates  all of them, oldest first, each with its own `kind`
--                 ("first", "reissue", "duplicate"), names, request, dcv
--   primary       the one in use: the first, or its last reissue
--   requests      what has to be approved, oldest first
--   ending        {status, time} of an order that is over
-- and after life.settle its `status`, and `changed`, since when.

local dcv = require("certcentral.sandbox.dcv")
local validity = require("certcentral.sandbox.validity")

local life = {}

-- Paces --------------------------------------------------------------------

-- How long things take by themselves, in seconds; what is false waits for
-- somebody. See sandbox:set_pace.
life.PACE = {
  approve_after = false,      -- a request, from when it was made
  validate_after = false,     -- a domain, from when its value was given
  poll_after = 300,           -- a record that was published, until it is seen
  organization_after = false, -- an organization, from when it was submitted
  issue_after = 0,            -- a certificate, when nothing else is missing
}

-- Issuing ------------------------------------------------------------------

local function subject_details(organization)
  return {
    { "C", organization.country:upper() },
    { "ST", organization.state },
    { "L", organization.city },
    { "O", organization.name },
  }
end

local function issue(sandbox, certificate, at)
  local order, body = certificate.order, certificate.body
  local till = validity.certificate_till(body, order.till, at)
  local crt = sandbox.ca:issue({
    key = sandbox.ca:read_csr(body.csr).key,
    names = certificate.names,
    details = subject_details(order.organization),
    not_before = at,
    not_after = till,
    hash = body.signature_hash,
    client_auth = body.profile_option == "server_client_auth_eku",
  })
  certificate.issued = {
    crt = crt,
    date = at,
    till = till,
    thumbprint = crt:digest("sha1", "x"):upper(),
    serial_number = crt:getSerial():toHex():upper(),
  }
  if certificate.kind == "first" and sandbox.settings.subscription then
    order.till = till
  end
  if certificate.kind ~= "duplicate" then
    order.primary = certificate
  end
  order.touched = at
end

-- True for a certificate that is still to come.
function life.is_open(certificate)
  return not certificate.issued and not certificate.dropped
end

-- The order's certificate of this kind that is still to come, or nil.
function life.open(order, kind)
  for _, certificate in ipairs(order.certificates) do
    if certificate.kind == kind and life.is_open(certificate) then
      return certificate
    end
  end
end

local function is_waiting(request)
  return request.status == "pending" or request.status == "submitted"
end

-- When nothing was missing any more for a certificate; nil as long as
-- something is.
local function ready_at(sandbox, certificate)
  local request = certificate.request
  if request.status ~= "approved" then
    return nil
  end
  local organization = sandbox.account:organization_validated_at(
    certificate.order.organization, sandbox.pace.organization_after,
    certificate.time)
  local domains = dcv.done_at(sandbox, certificate)
  if not organization or organization > sandbox.clock() or not domains then
    return nil
  end
  return math.max(request.processed, organization, domains)
end

-- Requests -----------------------------------------------------------------

-- A new request of this type ("new_request", "reissue", "duplicate",
-- "revoke") about an order; `approved` when nobody has to be asked.
function life.request(sandbox, order, kind, comments, approved)
  local now = sandbox.clock()
  local request = {
    id = sandbox.next_id(), type = kind, order = order, time = now,
    comments = comments, status = approved and "approved" or "pending",
    processed = approved and now or nil,
  }
  table.insert(order.requests, request)
  sandbox.request_by_id[request.id] = request
  table.insert(sandbox.request_list, request)
  return request
end

local function drop(order, certificate, at)
  certificate.dropped = true
  order.touched = at
end

-- Ends an order for good.
local function finish(order, status, at)
  for _, certificate in ipairs(order.certificates) do
    certificate.dropped = not certificate.issued or nil
  end
  order.ending = { status = status, time = at }
end

-- Revokes certificates; without another one left, the order is revoked.
function life.revoke(order, certificates, at)
  for _, certificate in ipairs(certificates) do
    certificate.revoked = at
  end
  for _, certificate in ipairs(order.certificates) do
    if certificate.issued and not certificate.revoked
      or life.is_open(certificate) then
      return
    end
  end
  finish(order, "revoked", at)
end

-- Approves or rejects a request that waits; "pending" and "submitted" leave
-- it waiting.
function life.decide(request, status, at)
  local order = request.order
  request.status = status
  if is_waiting(request) then
    return
  end
  request.processed, order.touched = at, at
  if status == "approved" and request.type == "revoke" then
    life.revoke(order, request.certificates, at)
  elseif status == "rejected" and request.type == "new_request" then
    finish(order, "rejected", at)
  elseif status == "rejected" and request.certificate then
    drop(order, request.certificate, at)
  end
end

-- Cancels an order without a certificate, or its reissue that waits; the
-- reissue's request says why.
function life.cancel(order, at, note)
  local reissue = life.open(order, "reissue")
  if not order.primary then
    return finish(order, "canceled", at)
  end
  drop(order, reissue, at)
  local request = reissue.request
  request.status, request.processed = "rejected", at
  request.processor_comment = note
end

-- Certificates -------------------------------------------------------------

-- A certificate to come for an order. `what`: kind, body (what is to stand
-- in it), names, scope, method, request.
function life.add(sandbox, order, what)
  local certificate = {
    id = sandbox.next_id(), order = order, time = sandbox.clock(),
    kind = what.kind, body = what.body, names = what.names,
    scope = what.scope, request = what.request,
    key_bits = sandbox.ca:read_csr(what.body.csr).bits,
  }
  certificate.request.certificate = certificate
  table.insert(order.certificates, certificate)
  sandbox.certificate_by_id[certificate.id] = certificate
  dcv.begin(sandbox, certificate, what.method)
  return certificate
end

-- Leaf, issuing CA and root: a list of {subject_common_name, crt, is_root}.
function life.chain(sandbox, certificate)
  return sandbox.ca:chain(certificate.names[1], certificate.issued.crt)
end

-- Why a certificate is not in use any more: "revoked", "reissued" or
-- "expired", else nil.
function life.certificate_status(sandbox, certificate)
  if certificate.revoked then
    return "revoked"
  elseif certificate.issued
    and sandbox.clock() > certificate.issued.till then
    return "expired"
  elseif certificate.kind ~= "duplicate" and certificate.issued
    and certificate.order.primary ~= certificate then
    return "reissued"
  end
end

-- Settling -----------------------------------------------------------------

-- Status and its moment as they follow from everything else.
local function status_of(sandbox, order)
  local now, first = sandbox.clock(), order.certificates[1]
  if order.forced then
    return order.forced.status, order.forced.time
  elseif order.ending then
    return order.ending.status, order.ending.time
  elseif now > order.till then
    return "expired", order.till
  elseif order.primary then
    local reissue = life.open(order, "reissue")
    return reissue and "reissue_pending" or "issued",
      reissue and reissue.time or order.touched
  elseif first.request.status ~= "approved" then
    return "needs_approval", order.time
  end
  local ready = ready_at(sandbox, first)
  return ready and "processing" or "pending",
    ready or first.request.processed
end

local function settle_requests(sandbox, order, now)
  local after = sandbox.pace.approve_after
  for _, request in ipairs(order.requests) do
    if after and is_waiting(request) and request.time + after <= now
      and not order.ending then
      life.decide(request, "approved", request.time + after)
    end
  end
end

local function settle_certificates(sandbox, order, now)
  for _, certificate in ipairs(order.certificates) do
    if life.is_open(certificate) and not order.ending then
      dcv.settle(sandbox, certificate, now)
      local ready = ready_at(sandbox, certificate)
      local at = ready and ready + (sandbox.pace.issue_after or 1 / 0)
      if at and at <= now and at <= order.till then
        issue(sandbox, certificate, at)
      end
    end
  end
end

-- Brings an order up to the clock's time.
function life.settle(sandbox, order)
  local now = sandbox.clock()
  settle_requests(sandbox, order, now)
  settle_certificates(sandbox, order, now)
  local status, at = status_of(sandbox, order)
  if status ~= order.status then
    order.status, order.changed = status, at
  end
  return order
end

-- The same for all orders.
function life.settle_all(sandbox)
  for _, order in ipairs(sandbox.order_list) do
    life.settle(sandbox, order)
  end
end

life.is_waiting = is_waiting

return life

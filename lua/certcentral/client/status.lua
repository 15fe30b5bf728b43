--- What an order's status means.

local core = require "certcentral.core"

local status = {}

-- Over: such an order will never be issued (again), and its
-- alternative_order_id may be used again.
local OVER = { canceled = true, cancelled = true, rejected = true,
               revoked = true, expired = true }

local OPEN = { pending = true, needs_approval = true, processing = true,
               needs_csr = true, reissue_pending = true,
               waiting_pickup = true, approved = true }

--- An order's status in lower case, fit for a message.
function status.of(order)
  local text = order.status
  return type(text) == "string" and core.printable(core.lower(text), 64)
         or "without a status"
end

--- Whether an order has its certificate. The older API says "approved".
function status.is_issued(order)
  local state, certificate = status.of(order), order.certificate
  return state == "issued" or state == "approved" and
         type(certificate) == "table" and certificate.id ~= nil and
         certificate.valid_till ~= nil
end

--- Whether an order is over.
function status.is_over(order)
  return OVER[status.of(order)] == true
end

--- Whether the status of an order is one that is documented.
function status.is_known(order)
  local state = status.of(order)
  return OPEN[state] or OVER[state] or status.is_issued(order) or false
end

return status

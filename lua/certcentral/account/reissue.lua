--- Further certificates of an order: reissues and duplicates. They may cost,
-- so that nothing is sent twice: what is unclear stays unclear.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local shapes = require "certcentral.client.shapes"

local reissue = {}

local function send(self, who, id, members)
  id = arguments.id(id, "order", who)
  arguments.table(members, 2, who)
  local text, warnings = order_of.check(members, {}, true, nil,
                                        self.blocklist, who)
  if not text then
    return nil, warnings
  end
  local value, answer = orders.change(self, {
    method = "POST", path = orders.path(id, "/" .. who), body = text,
    what = ("the %s of order %d"):format(who, id),
    look = ("client:certificates(%d)"):format(id),
  })
  if not value then
    answer.warnings = warnings
    return nil, answer
  elseif value.id ~= id then
    return nil, errors.new("unknown", ("the response to the %s of order %d has "
      .. "%s; client:certificates(%d) shows whether it was done"):format(who,
      id, value.id and "another order's id" or "no id", id),
      { status = answer.status, warnings = warnings })
  end
  return value, { status = answer.status, warnings = warnings }
end

--- Reissues an order's certificate: the new one has the names given here, and
-- no others.
-- @param members certificate = {common_name, dns_names, csr,
--   signature_hash, …}, skip_approval, certificate_dcv_scope, comments
-- @return {id, requests, …}, info (status, warnings); or nil, err
function reissue.reissue(self, id, members)
  return send(self, "reissue", id, members)
end

--- Makes another certificate with the same names, for another server.
-- @param members, return as for reissue
function reissue.duplicate(self, id, members)
  return send(self, "duplicate", id, members)
end

-- Adds the certificates of one list, those that are not yet there.
local function add(list, seen, value, kind)
  for _, certificate in ipairs(shapes.list(value, "certificates") or {}) do
    local id = type(certificate) == "table" and certificate.id
    if id and not seen[id] then
      seen[id] = true
      certificate.kind = kind
      list[#list + 1] = certificate
    end
  end
end

--- Lists the further certificates of an order.
-- @return list of certificates, each with kind = "reissue" or "duplicate";
--   or nil, err
function reissue.certificates(self, id)
  id = arguments.id(id, "order", "certificates")
  local call, list, seen = arguments.call(self), {}, {}
  for _, kind in ipairs { "reissue", "duplicate" } do
    local value, err = call:ask(orders.path(id, "/" .. kind))
    if not value then
      return nil, err
    end
    add(list, seen, shapes.tidy(value), kind)
  end
  return list
end

return reissue

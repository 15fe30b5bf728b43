--- Further certificates of an order: reissues and duplicates. They may cost,
-- so that nothing is sent twice: what is unclear stays unclear.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local shapes = require "certcentral.client.shapes"

local reissue = {}

-- What the order's form demands and these requests do not have. It is cut out
-- of the body that the form wrote: within a text of the caller's each quote
-- would have a backslash, so that these bytes stand nowhere else.
local ORDER_VALIDITY = ',"order_validity":{"years":3}'
local ORGANIZATION = ',"organization":{"id":1}'

local MEMBERS = { certificate = true, skip_approval = true,
                  certificate_dcv_scope = true, comments = true }

local function cut(text, part)
  local first, last = text:find(part, 1, true)
  return text:sub(1, first - 1) .. text:sub(last + 1)
end

-- The request as an order that the form can check.
local function as_order(members, who)
  if type(members) ~= "table" then
    options_of.raise("bad argument #2 to '%s' (table expected, got %s)", who,
                     members == nil and "no value" or type(members))
  end
  local order = { order_validity = { years = 3 }, organization = { id = 1 } }
  for name, value in next, members do
    if not MEMBERS[name] then
      options_of.raise("unknown member %s to '%s' (known are certificate, "
        .. "certificate_dcv_scope, comments, skip_approval)",
        arguments.shown(name), who)
    end
    order[name] = value
  end
  return order
end

-- The body; or nil, err with all problems of it.
local function write(self, members, who)
  local text, err = order_of.check(as_order(members, who), {}, true, nil,
                                   self.csr_memory)
  if not text then
    return nil, err
  end
  return cut(cut(text, ORDER_VALIDITY), ORGANIZATION), err
end

local function send(self, who, id, members)
  id = arguments.id(id, "order", who)
  local text, warnings = write(self, members, who)
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
    return nil, errors.new("unknown", ("the answer to the %s of order %d has "
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

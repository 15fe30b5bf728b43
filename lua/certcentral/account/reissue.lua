--- Further certificates of an order: reissues and duplicates. They may cost,
-- so that nothing is sent twice: what is unclear stays unclear.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local names = require "certcentral.account.names"
local options_of = require "certcentral.options"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local policy = require "certcentral.client.policy"
local shapes = require "certcentral.client.shapes"

local reissue = {}

-- The body with all its names; or nil, err. The order need not be asked for
-- them where all are given and any are good.
local function with_names(call, who, id, members, options)
  if options.allow_names and names.are_full(members) then
    return members
  end
  local order, err = names.order(call, id)
  if not order then
    return nil, err
  end
  local filled, problem = names.fill(who, members, order)
  if not filled or problem and not options.allow_names then
    return nil, problem
  end
  return filled
end

local function change(call, who, id, text)
  local look = ("client:certificates(%d)"):format(id)
  local value, answer = call:change("POST", orders.path(id, "/" .. who), text,
                                    nil, { call.what, look })
  if not value then
    return nil, answer
  end
  if value.id == id then
    return value, answer
  end
  return nil, errors.new("unknown", ("the response to %s has %s; %s shows "
    .. "whether it was done"):format(call.what, value.id and
    "another order's id" or "no id", look), { status = answer.status })
end

local function send(self, who, id, members, options)
  id, options = names.arguments(who, id, members, options)
  if self.closed then
    options_of.raise("this client is closed")
  end
  local err = names.problems(self, who, members)
  if err then
    return nil, err
  end
  local call = policy.call(self, nil, ("the %s of order %d"):format(who, id))
  members, err = with_names(call, who, id, members, options)
  if not members then
    return nil, err
  end
  local text, warnings = order_of.check(members, {}, true, nil,
                                        self.blocklist, who)
  if not text then
    return nil, warnings
  end
  local value, answer = change(call, who, id, text)
  if not value and who == "duplicate" and answer.kind == "refused" then
    answer.message = answer.message .. "; where the validation of a domain has "
                     .. "ended, reissue first"
  end
  if not value then
    answer.warnings = warnings
    return nil, answer
  end
  return value, { status = answer.status, warnings = warnings }
end

--- Reissues an order's certificate, with the order's names where none are
-- given. Other names are refused unless that is said.
-- @param members certificate = {csr, signature_hash, common_name, dns_names,
--   …}, skip_approval, certificate_dcv_scope, comments
-- @param options allow_names: whether other names than the order's are good
-- @return {id, requests, …}, info (status, warnings); or nil, err
function reissue.reissue(self, id, members, options)
  return send(self, "reissue", id, members, options)
end

--- Makes another certificate with the same names, for another server.
-- @param members, options, return as for reissue
function reissue.duplicate(self, id, members, options)
  return send(self, "duplicate", id, members, options)
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
    add(list, seen, value, kind)
  end
  return list
end

return reissue

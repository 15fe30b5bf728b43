--- Renewals: the order after an order.

local arguments = require "certcentral.account.arguments"
local candidates = require "certcentral.client.candidates"
local core = require "certcentral.core"
local defaults = require "certcentral.order.defaults"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local policy = require "certcentral.client.policy"
local status = require "certcentral.client.status"
local reissues = require "certcentral.client.reissues"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"
local term = require "certcentral.account.term"

local renew = {}

local DAY = term.DAY
local YEAR = 365 -- days
local MOST_YEARS = 3
local MOST_CERT_DAYS = 397 -- more, as certificates once had, is refused
local HASHES = { sha384 = true, sha512 = true } -- else sha256
local PAYMENTS = { balance = true, profile = true }
local PERSON = { "first_name", "last_name", "email", "job_title",
                 "telephone", "telephone_extension" }
-- What is carried over as it is, by its type.
local SAME = { dcv_method = "string", custom_renewal_message = "string",
               locale = "string", disable_renewal_notifications = "boolean",
               disable_ct = "boolean" }
local FLAGS = { "auto_renew", "auto_reissue" }

-- ---- the renewal ---------------------------------------------------------

local function is_text(value)
  return type(value) == "string" and value ~= ""
end

local function is_count(value, most)
  return type(value) == "number" and value % 1 == 0 and value >= 1 and
         value <= most
end

-- A member of an object, nil where that is none.
local function member(object, name)
  return type(object) == "table" and object[name] or nil
end

local function person(from)
  local copy = {}
  for _, name in ipairs(PERSON) do
    copy[name] = is_text(member(from, name)) and from[name] or nil
  end
  return copy.first_name and copy.last_name and copy.email and copy or nil
end

local function other_names(certificate)
  local list, main = {}, core.lower(tostring(certificate.common_name))
  for _, name in ipairs(type(certificate.dns_names) == "table"
                        and certificate.dns_names or {}) do
    if is_text(name) and core.lower(name) ~= main then
      list[#list + 1] = name
    end
  end
  return #list > 0 and list or nil
end

local function cert_validity(old)
  if is_count(member(old, "days"), MOST_CERT_DAYS) then
    return { days = old.days }
  end
  return is_count(member(old, "years"), 1) and { years = old.years } or nil
end

-- As long as the old order: as it says, or by its dates.
local function order_validity(old)
  if is_count(old.validity_years, MOST_YEARS) then
    return { years = old.validity_years }
  end
  local certificate = old.certificate
  local from = term.time_of(old.date_created) or
               term.time_of(certificate.valid_from)
  local till = term.time_of(old.order_valid_till) or
               term.time_of(certificate.valid_till)
  local days = from and till and math.floor((till - from) / DAY)
  if not days or days < 1 then
    return { years = 1 }
  elseif days < YEAR - 5 then
    return { days = days }
  end
  return { years = math.max(1, math.min(math.floor(days / YEAR + 0.1),
                                        MOST_YEARS)) }
end

local function custom_fields(old)
  local list = {}
  for _, field in ipairs(type(old) == "table" and old or {}) do
    local id = rules.id(member(field, "metadata_id"))
    if id and is_text(field.value) then
      list[#list + 1] = { metadata_id = id, value = field.value }
    end
  end
  return #list > 0 and list or nil
end

local function id_in(object, least)
  local id = member(object, "id")
  return type(id) == "number" and id >= least and { id = id } or nil
end

local function certificate_of(old)
  return {
    common_name = old.common_name, dns_names = other_names(old),
    csr = reissues.pem(old.csr),
    cert_validity = cert_validity(old.cert_validity),
    signature_hash = HASHES[old.signature_hash] and old.signature_hash
                     or "sha256",
    server_platform = id_in(old.server_platform, 0),
  }
end

-- The order that renews an old one, without changes.
local function renewal_of(old)
  local order = {
    certificate = certificate_of(old.certificate),
    order_validity = order_validity(old),
    organization = id_in(old.certificate.organization, 1)
                   or id_in(old.organization, 1),
    organization_contact = person(old.organization_contact),
    technical_contact = person(old.technical_contact),
    container = id_in(old.container, 1),
    custom_fields = custom_fields(old.custom_fields),
    payment_method = PAYMENTS[old.payment_method] and old.payment_method
                     or nil,
    renewal_of_order_id = old.id,
    alternative_order_id = ("renewalOf%d"):format(old.id),
  }
  for name, kind in pairs(SAME) do
    order[name] = type(old[name]) == kind and old[name] ~= "" and old[name]
                  or nil
  end
  for _, name in ipairs(FLAGS) do
    order[name] = (old[name] == 1 or old[name] == true) and 1 or nil
  end
  return order
end

-- Changed in one piece, not member by member: what is left out is out.
local function make_room(order, changes)
  if changes.order_validity ~= nil or changes.validity_years ~= nil or
     changes.custom_expiration_date ~= nil then
    order.order_validity = nil
    order.certificate.cert_validity = nil -- it may be longer than that
  end
  if member(changes.certificate, "cert_validity") ~= nil then
    order.certificate.cert_validity = nil
  end
  local organization = changes.organization
  if member(organization, "id") ~= nil or member(organization, "name") then
    order.organization = nil -- another one
  end
  if changes.renewed_thumbprint ~= nil then
    order.renewal_of_order_id = nil
  end
end

local function check_changes(changes)
  changes = changes == nil and {} or changes
  if type(changes) ~= "table" or getmetatable(changes) ~= nil then
    options_of.raise("bad argument #2 to 'renew' (plain table of an order's "
                     .. "members expected, got %s)", arguments.shown(changes))
  end
  return changes
end

-- In these states an order's certificate can be reissued.
local EARLY = { issued = true, approved = true, reissue_pending = true }
local RENEWABLE = { issued = true, approved = true, expired = true,
                    reissue_pending = true, revoked = true }

local function refused(order, said)
  return errors.new("refused", ("order %d %s"):format(order.id, said),
                    { order_id = order.id, order_status = order.status })
end

-- Whether a live order of the renewal's name is there; or nil, err.
local function is_there(call)
  local list, err = candidates.named(call, call.ask)
  if not list then
    err.outcome = "unknown"
    return nil, err
  end
  for _, entry in ipairs(list) do
    if not status.is_over(entry) then
      return true
    end
  end
  return false
end

-- Why an order cannot be renewed, or nil.
local function obstacle(call, old)
  if type(old.certificate) ~= "table" then
    return errors.new("protocol", ("order %d came without its certificate")
                                  :format(old.id))
  elseif type(old.status) ~= "string" or
         not RENEWABLE[core.lower(old.status)] then
    return refused(old, ("is %s: there is nothing to renew")
                        :format(core.printable(tostring(old.status), 40)))
  elseif old.is_renewed == true or old.is_renewed == 1 then
    local there, err = is_there(call)
    return err or not there and refused(old, "has been renewed already")
           or nil
  end
end

-- Why it is too early to renew, or nil. What a plan of which there is more
-- left needs is a reissue, which costs nothing; a renewal is a purchase.
local function too_early(call, old)
  local left = term.order_days_left(old, call.client.world.time())
  if not left or left <= term.RENEW_AHEAD or
     not EARLY[core.lower(old.status)] then
    return nil
  end
  local there, err = is_there(call)
  if there or err then
    return err
  end
  return refused(old, ("lasts %d more days, in which a new certificate is a "
    .. "reissue that costs nothing: call client:ensure_reissue(%d, ...), renew "
    .. "in the last %d days, or give renew_early = true to buy now")
    :format(left, old.id, term.RENEW_AHEAD))
end

-- The options of an order, with the old order's product where they name none;
-- and renew_early.
local function split(options, old)
  if options ~= nil and type(options) ~= "table" then
    return options, false
  end
  local product = member(old.product, "name_id")
  local all, early = { product = is_text(product) and core.path(product) and
                                 product or nil }, false
  for option, value in pairs(options or {}) do
    if option == "renew_early" then
      early = value
    else
      all[option] = value
    end
  end
  return all, early
end

local function check_early(options)
  local early = type(options) == "table" and options.renew_early
  if early and early ~= true then
    options_of.raise("bad option 'renew_early' to 'renew' (boolean expected, "
                     .. "got %s)", type(early))
  end
end

--- Renews an order: a new order like the old one, placed at most once,
-- however often this is called. It has the alternative_order_id
-- "renewalOf<id>" and is found by that.
-- @param id the old order's id
-- @param changes members of the new order that differ, as in an order; a
--   validity or another organization replaces the old one whole, null takes
--   a member out. Without certificate.csr the old CSR, and so the old key, is
--   used again.
-- @param options as for place_order; the product is the old order's.
--   renew_early: true, to buy though the order has many days left
-- @return result, info (info.existed: it was there already); or nil, err
function renew.renew(self, id, changes, options)
  id = arguments.id(id, "order", "renew")
  changes = check_changes(changes)
  check_early(options)
  arguments.call(self)
  local usual = ("renewalOf%d"):format(id)
  local name = is_text(changes.alternative_order_id) and
               changes.alternative_order_id or usual
  local call = policy.call(self, name)
  return self._claimed(call, { "renewal " .. usual, "order " .. name },
                       function()
    local old, err = run.within(call, "order", id)
    if not old then
      err.outcome = "unknown" -- it may have been renewed before
      return nil, err
    end
    local own, early = split(options, old)
    err = obstacle(call, old) or not early and too_early(call, old)
    if err then
      return nil, errors.of_order(err)
    end
    local order = renewal_of(old)
    make_room(order, changes)
    local ready
    ready, err = self:_ready_to_ensure(defaults.merge(order, changes),
                                       own, "renew")
    if not ready then
      return nil, err
    end
    return self:_ensure(call, ready)
  end)
end

return renew

--- Renewals: the order after an order, and whether it is time for one.

local arguments = require "certcentral.account.arguments"
local candidates = require "certcentral.client.candidates"
local core = require "certcentral.core"
local defaults = require "certcentral.order.defaults"
local errors = require "certcentral.error"
local http_date = require "certcentral.client.http_date"
local options_of = require "certcentral.options"
local policy = require "certcentral.client.policy"
local status = require "certcentral.client.status"
local wait = require "certcentral.account.wait"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"

local renew = {}

local DAY = 86400
local YEAR = 365 -- days
local MOST_YEARS = 3
local HASHES = { sha256 = true, sha384 = true, sha512 = true }
local PAYMENTS = { balance = true, profile = true }
local PERSON = { "first_name", "last_name", "email", "job_title",
                 "telephone", "telephone_extension" }
-- What is carried over as it is, by its type.
local SAME = { dcv_method = "string", custom_renewal_message = "string",
               locale = "string", disable_renewal_notifications = "boolean",
               disable_ct = "boolean" }
local FLAGS = { "auto_renew", "auto_reissue" }

-- ---- dates ---------------------------------------------------------------

-- The first second of a day, or a moment: seconds since 1970, or nil.
local function time_of(text)
  if type(text) ~= "string" then
    return nil
  end
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if year then
    return http_date.epoch(year, month, day, 0, 0, 0)
  end
  return http_date.parse_iso(text)
end

-- Whole days from now to the end of a day; below 0 where that is over.
local function days_until(text, now)
  local time = time_of(text)
  return time and math.floor((time + DAY - 1 - now) / DAY)
end

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

-- The old CSR; some answers have it without the lines around it.
local function csr_of(certificate)
  local csr = certificate.csr
  if is_text(csr) and not csr:find("-", 1, true) then
    return "-----BEGIN CERTIFICATE REQUEST-----\n" .. csr
           .. "\n-----END CERTIFICATE REQUEST-----\n"
  end
  return csr
end

local function cert_validity(old)
  if is_count(member(old, "days"), MOST_YEARS * YEAR) then
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
  local from = time_of(old.date_created) or time_of(certificate.valid_from)
  local till = time_of(old.order_valid_till) or time_of(certificate.valid_till)
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
    csr = csr_of(old), cert_validity = cert_validity(old.cert_validity),
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

-- The options, with the old order's product where they name none.
local function with_product(options, old)
  local product = member(old.product, "name_id")
  if options ~= nil and type(options) ~= "table" or
     not is_text(product) or not core.path(product) then
    return options
  end
  local all = { product = product }
  for option, value in pairs(options or {}) do
    all[option] = value
  end
  return all
end

--- Renews an order: a new order like the old one, placed at most once,
-- however often this is called. It has the alternative_order_id
-- "renewalOf<id>" and is found by that.
-- @param id the old order's id
-- @param changes members of the new order that differ, as in an order; a
--   validity or another organization replaces the old one whole, null takes
--   a member out. Without certificate.csr the old CSR, and so the old key, is
--   used again.
-- @param options as for place_order; the product is the old order's
-- @return result, info (info.existed: it was there already); or nil, err
function renew.renew(self, id, changes, options)
  id = arguments.id(id, "order", "renew")
  changes = check_changes(changes)
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
    err = obstacle(call, old)
    if err then
      return nil, errors.of_order(err)
    end
    local order = renewal_of(old)
    make_room(order, changes)
    local ready
    ready, err = self:_ready_to_ensure(defaults.merge(order, changes),
                                       with_product(options, old), "renew")
    if not ready then
      return nil, err
    end
    return self:_ensure(call, ready)
  end)
end

-- ---- advice --------------------------------------------------------------

local DAYS = 30 -- before the end that one should act at

renew.DAYS = DAYS

local function ends_in(what, days)
  if days < 0 then
    return ("the %s ended %d day%s ago"):format(what, -days,
                                               days == -1 and "" or "s")
  elseif days == 0 then
    return ("the %s ends today"):format(what)
  end
  return ("the %s ends in %d day%s"):format(what, days,
                                           days == 1 and "" or "s")
end

-- What the order is at, where that decides: action, reason.
local function by_state(order)
  local state = core.lower(tostring(order.status))
  if order.is_renewed == true or order.is_renewed == 1 then
    return "wait", "the order has been renewed already"
  elseif state == "reissue_pending" then
    return "wait", "a reissue is under way"
  elseif state ~= "expired" and not status.is_issued(order) then
    return "wait", "the order is " .. core.printable(state, 40)
  end
end

-- By the days that are left: action, reason.
local function by_days(order, advice, days)
  local left, order_left = advice.days_left, advice.order_days_left
  if left > days then
    return "wait", ends_in("certificate", left)
  elseif core.lower(tostring(order.status)) ~= "expired" and
         advice.plan == "multi-year" and order_left > days then
    return "reissue", ("%s, and the order has %d days left, in which a new "
      .. "certificate is part of the plan"):format(
      ends_in("certificate", left), order_left)
  end
  return "renew", ends_in("certificate", left) .. ", and "
                  .. ends_in("order", order_left)
end

-- What CertCentral is set to do by itself.
local function by_itself(order, advice)
  local flag = advice.action == "renew" and order.auto_renew or
               advice.action == "reissue" and order.auto_reissue
  if flag == 1 or flag == true then
    advice.auto = true
    advice.reason = advice.reason .. "; the order is set to do so by itself"
  end
end

local function advise(order, now, days)
  local certificate = type(order.certificate) == "table"
                      and order.certificate or {}
  local left = days_until(certificate.valid_till, now)
               or certificate.days_remaining
  local order_left = days_until(order.order_valid_till, now) or left
  local advice = { order_id = order.id, days_left = left,
                   order_days_left = order_left }
  if left then
    advice.plan = order_left > left + 1 and "multi-year" or "single"
  end
  advice.action, advice.reason = by_state(order)
  if not advice.action and not left then
    return nil, errors.new("protocol", ("order %d came without the date "
      .. "that its certificate ends at"):format(order.id))
  elseif not advice.action then
    advice.action, advice.reason = by_days(order, advice, days)
    by_itself(order, advice)
  end
  return advice
end

--- Tells whether to renew an order, to reissue its certificate or to wait.
-- @param options days: how long before the end to act (default 30)
-- @return {action = "renew", "reissue" or "wait", reason, days_left,
--   order_days_left, plan = "single" or "multi-year", auto: true where the
--   order is set to do so by itself, order_id}; or nil, err, "refused" where
--   the order is over and only a new one helps
function renew.renewal_advice(self, id, options)
  id = arguments.id(id, "order", "renewal_advice")
  options = arguments.options(options, { days = rules.integer(1, 1095) },
                              "renewal_advice")
  local order, err = run.within(arguments.call(self), "order", id)
  if not order then
    return nil, err
  elseif status.is_over(order) and core.lower(order.status) ~= "expired" then
    return nil, wait.not_issued("refused", order, ": place a new order")
  end
  return advise(order, self.world.time(), options.days or DAYS)
end

return renew

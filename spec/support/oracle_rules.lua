-- Rules of an order that look at more than one field, from the page once
-- more. With support.oracle they are all that the tests know of an order.

local formats = require "support.oracle_formats"
local oracle = require "support.oracle"

local given, say, warn = oracle.given, oracle.say, oracle.warn

local function as_object(value)
  return type(value) == "table" and oracle.is_plain(value) and value or nil
end

-- ---- validity --------------------------------------------------------------

local function member(object, name)
  object = as_object(object)
  local value = object and object[name]
  if value == oracle.null then
    return nil
  end
  return value
end

-- A date beats days, days beat years: the name that counts.
local function winner(object, names)
  for _, name in ipairs(names) do
    if given(member(object, name)) then
      return name
    end
  end
end

local NAMES = { "custom_expiration_date", "days", "years" }
local OLD_NAMES = { "custom_expiration_date", "validity_years" }

local function within(value, max)
  return type(value) == "number" and value == math.floor(value) and value >= 1
    and value <= max
end

-- The last day, or nil where the winner does not say one.
local function last_day(today, name, value, limits)
  if name == "custom_expiration_date" then
    return type(value) == "string" and limits.read(value) or nil
  elseif name == "days" then
    return within(value, limits.days) and today + value or nil
  end
  return within(value, limits.years) and formats.add_years(today, value) or nil
end

local CERT = { years = 1, days = 397, read = formats.read_date }
local ORDER = { years = 3, days = 1095, read = formats.read_date }
local OLD = { years = 3, read = formats.read_iso_date }

local function order_end(today, order)
  local name = winner(order.order_validity, NAMES)
  if name then
    return last_day(today, name, member(order.order_validity, name), ORDER)
  end
  name = winner(order, OLD_NAMES)
  return name and last_day(today, name, member(order, name), OLD)
end

local function check_date(found, today, path, value, read, latest)
  local day = type(value) == "string" and read(value)
  if day and (day <= today or day > latest) then
    say(found, path, "range")
  end
end

local function warn_losers(found, path, object, names, wins)
  local after = false
  for _, name in ipairs(names) do
    if after and given(member(object, name)) then
      warn(found, path .. name, "overridden")
    end
    after = after or name == wins
  end
end

-- The Baseline Requirements' steps, a day less, from DigiCert's day on.
local function longest_now(today)
  for _, step in ipairs { { 2029, 3, 15, 46 }, { 2027, 3, 15, 99 },
                          { 2026, 2, 24, 199 } } do
    if today >= formats.day(step[1], step[2], step[3]) then
      return step[4]
    end
  end
  return 397
end

local function check_cert_validity(found, today, order)
  local validity = member(order.certificate, "cert_validity")
  local prefix = "certificate.cert_validity."
  if not as_object(validity) then
    return
  end
  local wins = winner(validity, NAMES)
  if not wins then
    return say(found, prefix .. "years", "missing")
  end
  warn_losers(found, prefix, validity, NAMES, wins)
  check_date(found, today, prefix .. "custom_expiration_date",
             validity.custom_expiration_date, formats.read_date, today + 397)
  local cert = last_day(today, wins, validity[wins], CERT)
  local latest = order_end(today, order)
  if cert and latest and cert > latest then
    say(found, prefix .. wins, "range")
  elseif cert and cert - today > longest_now(today) then
    warn(found, prefix .. wins, "limit")
  end
end

local function check_order_validity(found, today, order)
  local validity = member(order, "order_validity")
  local latest = formats.add_years(today, 3)
  local old = winner(order, OLD_NAMES)
  if validity == nil and not old then
    say(found, "order_validity", "missing")
  elseif as_object(validity) then
    local wins = winner(validity, NAMES)
    if not wins then
      say(found, "order_validity.years", "missing")
    else
      warn_losers(found, "order_validity.", validity, NAMES, wins)
      check_date(found, today, "order_validity.custom_expiration_date",
                 validity.custom_expiration_date, formats.read_date, latest)
    end
  end
  warn_losers(found, "", order, OLD_NAMES, old)
  check_date(found, today, "custom_expiration_date",
             order.custom_expiration_date, formats.read_iso_date, latest)
end

-- ---- names -----------------------------------------------------------------

-- A list that is one, or nil.
local function items(value)
  value = as_object(value)
  local count = 0
  for key in next, value or {} do
    if type(key) ~= "number" then
      return nil
    end
    count = count + 1
  end
  return value and count == #value and value or nil
end

local function check_names(found, order)
  local common = member(order.certificate, "common_name")
  local names = items(member(order.certificate, "dns_names")) or {}
  local seen, wildcard = {}, false
  if type(common) == "string" then
    seen[common:lower()] = true
    wildcard = formats.is_wildcard(common)
  end
  for i, name in ipairs(names) do
    if type(name) == "string" then
      if seen[name:lower()] then
        warn(found, ("certificate.dns_names[%d]"):format(i), "duplicate")
      end
      seen[name:lower()] = true
      wildcard = wildcard or formats.is_wildcard(name)
    end
  end
  if #names > 250 then
    warn(found, "certificate.dns_names", "limit")
  end
  -- what stands in a list with holes may be seen or not
  local broken = as_object(member(order.certificate, "dns_names"))
  for _, name in next, broken and not items(broken) and broken or {} do
    if type(name) == "string" and formats.is_wildcard(name) then
      found.may["dcv_method conflict"] = true
    end
  end
  if wildcard and (order.dcv_method == "http-token" or
                   order.dcv_method == "http-token-dynamic") then
    say(found, "dcv_method", "conflict")
  end
end

-- ---- payment ---------------------------------------------------------------

local function check_payment(found, today, order)
  local by_card = order.payment_method == "card"
  local card = member(order, "credit_card")
  if by_card and card == nil then
    say(found, "credit_card", "missing")
  elseif not by_card and card ~= nil then
    say(found, "credit_card", "conflict")
  end
  if by_card and member(order, "billing_address") == nil then
    say(found, "billing_address", "missing")
  end
  local year = member(card, "expiration_year")
  local month = member(card, "expiration_month")
  local _, this_year, this_month = formats.add_years(today, 0)
  if within(year, 9999) and year >= 1000 and
     (year < this_year or year == this_year and within(month, 12) and
      month < this_month) then
    say(found, "credit_card.expiration_year", "range")
  end
  local licenses = member(order, "server_licenses")
  if type(licenses) == "number" and licenses > 1 and licenses <= 2 ^ 53
     and licenses == math.floor(licenses) then
    warn(found, "server_licenses", "cost")
  end
end

-- ---- the organization ------------------------------------------------------

local DETAILS = { "name", "assumed_name", "country", "address", "address2",
                  "city", "state", "zip", "telephone",
                  "organization_contact" }
local OF_A_NEW_ONE = { "name", "country", "address", "city", "state", "zip",
                       "telephone" }
local OF_A_NEW_CONTACT = { "first_name", "last_name", "job_title",
                           "telephone", "email" }

local function check_contacts(found, contacts)
  local named = false
  for i, contact in ipairs(contacts) do
    local is_user = given(member(contact, "user_id"))
    named = named or
      member(contact, "contact_type") == "organization_contact"
    for _, name in ipairs(as_object(contact) and OF_A_NEW_CONTACT or {}) do
      local path = ("organization.contacts[%d].%s"):format(i, name)
      if not is_user and not given(contact[name]) then
        say(found, path, "missing")
      elseif is_user and contact[name] == "" then
        say(found, path, "format")
      end
    end
  end
  return named
end

local function check_organization(found, order)
  local organization = as_object(member(order, "organization"))
  if not organization then
    return
  end
  local contacts = items(organization.contacts) or {}
  local named = check_contacts(found, contacts)
  local detail = false
  for _, name in ipairs(DETAILS) do
    detail = detail or given(organization[name])
  end
  if given(organization.id) and detail then
    say(found, "organization.id", "conflict")
  elseif not given(organization.id) and not detail then
    say(found, "organization.id", "missing")
  elseif detail then
    for _, name in ipairs(OF_A_NEW_ONE) do
      if not given(organization[name]) then
        say(found, "organization." .. name, "missing")
      end
    end
    if not given(organization.organization_contact) and not named then
      say(found, "organization.organization_contact", "missing")
    end
  end
end

-- ---- the product -----------------------------------------------------------

-- Names of products, brand by brand: before the braces what their names begin
-- with, "-" for nothing behind it.
local PRODUCTS = {
  "ssl{- basic plus multi_domain wildcard cloud_wildcard securesite "
    .. "geotrust_truebizid thawte_webserver}",
  "ssl_securesite{flex pro multi_domain wildcard}",
  "ssl_ev{basic plus multi_domain securesite geotrust_truebizid "
    .. "thawte_webserver}",
  "ssl_ev_securesite{flex pro multi_domain}",
  "ssl_dv{geotrust geotrust_flex rapidssl}",
  "wildcard_dv{geotrust rapidssl}", "cloud_dv{geotrust}",
  "private_ssl{plus wildcard multi_domain}",
}

local function is_product(name)
  for _, brand in ipairs(PRODUCTS) do
    local first, rest = brand:match("^(.-){(.*)}$")
    for last in rest:gmatch("%S+") do
      if name == (last == "-" and first or first .. "_" .. last) then
        return true
      end
    end
  end
  return false
end

local function check_product(found, product)
  if product ~= nil and not is_product(product) then
    warn(found, "product", "unknown")
  end
end

--- What is to be said of an order.
-- @param options now, strict, allow_unknown, product; the CSR is not looked
--   into
-- @return problems (path -> set of codes that are right), warnings (set of
--   "path code"), with strict those warnings that must be among the
--   problems, and those problems that may be told or not
function oracle.judge(order, options)
  local found = { problems = {}, warnings = {}, also = {}, may = {},
                  options = options, strict = options.strict }
  local today = math.floor(options.now / 86400)
  oracle.check_object(found, oracle.form, "", order)
  check_names(found, order)
  check_cert_validity(found, today, order)
  check_order_validity(found, today, order)
  check_payment(found, today, order)
  check_organization(found, order)
  check_product(found, options.product)
  return found.problems, found.warnings, found.also, found.may
end

return oracle

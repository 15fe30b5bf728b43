--- What the account will say to an order, before it is placed.

local arguments = require "certcentral.account.arguments"
local core = require "certcentral.core"
local date = require "certcentral.order.date"
local defaults = require "certcentral.order.defaults"
local domains_of = require "certcentral.account.domains"
local errors = require "certcentral.error"
local http_date = require "certcentral.client.http_date"
local order_of = require "certcentral.order"
local printed = require "certcentral.printed"
local query = require "certcentral.account.query"
local schedule = require "certcentral.order.schedule"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"

local preflight = {}

local APPROVERS = { [1] = true, [4] = true } -- administrator, manager

-- ---- the order, which may be any table -----------------------------------

-- What stands at a path of names; nil where there is nothing.
local function at(value, ...)
  for _, name in ipairs { ... } do
    if type(value) ~= "table" then
      return nil
    end
    value = rawget(value, name)
  end
  if value ~= core.null then
    return value
  end
end

-- The names of an order, each once: {name, path}.
local function names_of(order)
  local list, seen = {}, {}
  local function add(name, path)
    if type(name) == "string" and name ~= "" and
       not seen[core.lower(name)] then
      seen[core.lower(name)] = true
      list[#list + 1] = { name = core.lower(name), path = path }
    end
  end
  add(at(order, "certificate", "common_name"), "certificate.common_name")
  local more = at(order, "certificate", "dns_names")
  for i, name in ipairs(type(more) == "table" and more or {}) do
    add(name, ("certificate.dns_names[%d]"):format(i))
  end
  return list
end

local function is_wildcard(entry)
  return entry.name:sub(1, 2) == "*."
end

-- ---- what is found -------------------------------------------------------

local Report = {}
Report.__index = Report

function Report:problem(path, code, format, ...)
  local list = self.problems
  list[#list + 1] = { path = path, code = code,
                      message = ("'%s' "):format(path) .. format:format(...) }
end

function Report:warning(path, code, format, ...)
  local list = self.warnings
  list[#list + 1] = { path = path, code = code,
                      message = ("'%s' "):format(path) .. format:format(...) }
end

local function is_invalid_key(err)
  for _, entry in ipairs(err.errors or {}) do
    if tostring(entry.code):find("invalid_key", 1, true) then
      return true
    end
  end
  return err.status == 401
end

-- Whether a question may go unanswered: the key may not ask it, or the
-- service does not know it.
local function is_harmless(err)
  return err.kind == "denied" and not is_invalid_key(err) or
         err.kind == "refused" or err.kind == "protocol"
end

-- Notes that something could not be asked; an error that ends it all is kept.
-- Returns nothing, for `return self:unasked(...)`.
function Report:unasked(path, what, err)
  if is_harmless(err) then
    self:warning(path, "unchecked", "could not be checked: %s: %s", what,
                 err.message)
  else
    self.fatal = self.fatal or err
  end
end

-- ---- lists of what is allowed --------------------------------------------

local function same(a, b)
  return core.lower(tostring(a)) == core.lower(tostring(b)) or
         tonumber(a) ~= nil and tonumber(a) == tonumber(b)
end

-- A list's values, or the ids of its objects; nil for an empty list, which
-- restricts nothing.
local function values(list)
  local found = {}
  for _, item in ipairs(type(list) == "table" and list or {}) do
    found[#found + 1] = type(item) == "table" and item.id or item
  end
  return #found > 0 and found or nil
end

-- A problem unless the value is in the list; absent values are fine.
function Report:allowed(path, value, list, who)
  list = values(list)
  if value == nil or type(value) == "table" or not list then
    return
  end
  local shown = {}
  for i, item in ipairs(list) do
    if same(item, value) then
      return
    end
    shown[i] = core.printable(tostring(item), 60)
  end
  self:problem(path, "choice", "must be one of %s for %s, got %s",
               table.concat(shown, ", "), who,
               core.printable(tostring(value), 60))
end

-- Years of a validity, where nothing in it beats them.
local function years(validity)
  return at(validity, "days") == nil and
         at(validity, "custom_expiration_date") == nil and
         at(validity, "years") or nil
end

-- ---- the questions -------------------------------------------------------

local function check_user(self)
  local me, err = run.within(self.call, "me")
  if not me then
    return self:unasked("api_key", "whom it belongs to", err)
  end
  self.me, self.roles = me, {}
  local approves = false
  for _, role in ipairs(type(me.access_roles) == "table"
                        and me.access_roles or {}) do
    local id = rules.id(at(role, "id"))
    if id then
      self.roles[id] = true
      approves = approves or APPROVERS[id] or false
    end
  end
  if type(me.status) == "string" and core.lower(me.status) ~= "active" then
    self:problem("api_key", "conflict", "must belong to an active user, got "
                 .. "one that is %s", core.printable(me.status, 40))
  end
  if at(self.order, "skip_approval") == true and next(self.roles) and
     not approves then
    self:warning("skip_approval", "pending", "needs the right to approve "
                 .. "requests; an administrator or manager may have to approve "
                 .. "this order")
  end
end

local function check_product(self)
  local list, err = run.within(self.call, "products")
  if not list then
    return self:unasked("product", "what the account may order", err)
  end
  local found
  for _, product in ipairs(list) do
    found = found or at(product, "name_id") == self.product and product
  end
  if not found then
    return self:problem("product", "choice", "must be enabled for the "
                        .. "account, and %s is not", self.product)
  end
  local who, order = "this product", self.order
  self.validation = at(found, "validation_type") or self.validation
  self:allowed("container.id", at(order, "container", "id"),
               at(found, "allowed_container_ids"), who)
  self:allowed("certificate.signature_hash",
               at(order, "certificate", "signature_hash"),
               at(found, "signature_hash_types", "allowed_hash_types"), who)
  self:allowed("certificate.ca_cert_id",
               at(order, "certificate", "ca_cert_id"),
               at(found, "allowed_ca_certs"), who)
  self:allowed("order_validity.years", years(at(order, "order_validity")),
               at(found, "allowed_order_validity_years"), who)
  self:allowed("validity_years", at(order, "validity_years"),
               at(found, "allowed_order_validity_years"), who)
end

local function check_wildcards(self, limit)
  if limit.allowed_wildcards ~= false then
    return
  end
  for _, entry in ipairs(self.names) do
    if is_wildcard(entry) then
      self:problem(entry.path, "conflict",
                   "is a wildcard, which the account's limits do not allow")
    end
  end
end

local function check_limit(self, limit)
  local who, order = "the account's limits", self.order
  self:allowed("certificate.signature_hash",
               at(order, "certificate", "signature_hash"),
               limit.allowed_hashes, who)
  self:allowed("certificate.ca_cert_id",
               at(order, "certificate", "ca_cert_id"),
               limit.allowed_intermediates, who)
  self:allowed("certificate.cert_validity.years",
               years(at(order, "certificate", "cert_validity")),
               limit.allowed_lifetimes, who)
  self:allowed("order_validity.years", years(at(order, "order_validity")),
               limit.allowed_order_lifetimes, who)
  check_wildcards(self, limit)
  for _, name in ipairs { "auto_renew", "auto_reissue" } do
    local flag = at(order, name)
    if (flag == 1 or flag == true) and limit["allow_" .. name] == false then
      self:problem(name, "conflict", "is not allowed by the account's limits")
    end
  end
end

local function check_limits(self)
  local container = rules.id(at(self.order, "container", "id")) or
                    rules.id(at(self.me, "container", "id"))
  if not container then
    return
  end
  local answer, err = run.within(self.call, "product_limits",
                                 container)
  if not answer then
    return self:unasked("product", "the account's limits", err)
  end
  for _, limit in ipairs(answer.is_limited ~= false and
                         shapes.list(answer, "product_limits") or {}) do
    local role = tonumber(at(limit, "role_id")) or 0
    if at(limit, "product_name_id") == self.product and
       (role == 0 or not self.roles or self.roles[role]) then
      check_limit(self, limit)
    end
  end
end

-- Seconds since 1970 of a moment, or of the end of a day.
local function time_of(text)
  text = type(text) == "string" and text or ""
  local day = text:match("^%d%d%d%d%-%d%d%-%d%d$")
  return http_date.parse_iso(day and day .. "T23:59:59Z"
                             or text:gsub(" ", "T"))
end

-- Whether one of the validations is of this type, and holds.
local function is_validated(list, kind, now)
  for _, entry in ipairs(type(list) == "table" and list or {}) do
    local status = core.lower(tostring(at(entry, "status")))
    local till = time_of(at(entry, "validated_until"))
    if core.lower(tostring(at(entry, "type"))) == kind and
       (status == "active" or status == "complete") and
       (not till or till > now) then
      return true
    end
  end
  return false
end

local function check_organization(self)
  local path = "organization.id"
  local id = rules.id(at(self.order, "organization", "id"))
  if not id then
    return -- a new one, or a problem that is known
  end
  local found, err = run.within(self.call, "organization", id)
  if not found and err.status == 404 then
    return self:problem(path, "choice", "must be an organization of the "
                        .. "account, and %d is not", id)
  elseif not found then
    return self:unasked(path, "the organization", err)
  elseif found.is_active == false or found.status == "inactive" then
    self:problem(path, "conflict", "must be an active organization, and %d "
                 .. "is not", id)
  end
  local answer
  answer, err = self.call:ask(("/organization/%d/validation"):format(id))
  if not answer then
    return self:unasked(path, "its validation", err)
  elseif not is_validated(answer.validations, self.validation, self.now) then
    self:warning(path, "pending", "has to be validated for %s before the "
                 .. "certificate is issued",
                 core.printable(core.upper(self.validation), 20))
  end
end

-- Whether control of a domain was shown, and still counts.
local function is_controlled(domain, kind, now)
  local till = time_of(at(domain, "dcv_expiration", kind)) or
               time_of(at(domain, "dcv_expiration_datetime"))
  if at(domain, "is_active") == false then
    return false
  elseif till then
    return till > now
  end
  return is_validated(at(domain, "validations"), kind, now)
end

-- Whether control of a domain counts for a name.
local function covers(domain, name)
  return name == domain or
         name:sub(-#domain - 1) == "." .. domain
end

local function is_count(value)
  return type(value) == "number" and value >= 1 and value < 1e6 and
         value % 1 == 0
end

-- When the order's second certificate is due; nil where it has one alone, or
-- nobody knows how long it lasts.
local function next_issue(self)
  local validity = at(self.order, "order_validity")
  local days, span = at(validity, "days"), at(validity, "years")
  days = is_count(days) and days or is_count(span) and span * 365
  if not days then
    return nil
  end
  local list = schedule.of { now = self.now,
    certificate_days = math.min(days, schedule.longest(self.now)),
    plan_days = math.min(days, schedule.PLAN_DAYS_MAX) }
  return list[2] and list[2].at
end

-- Whether a domain that counts now does so on the day of the next issue.
local function lasts(self, domain)
  local ends = domains_of.ends(domain)
  return not (ends and self.next_issue and ends < self.next_issue)
end

local function check_domains(self)
  local domains, err = query.all { client = self.client, path = "/domain",
                                   member = "domains" }
  if not domains then
    return self:unasked("certificate.common_name", "control of the domains",
                        err)
  end
  self.next_issue = next_issue(self)
  for _, entry in ipairs(self.names) do
    local shown, last = false, false
    for _, domain in ipairs(domains) do
      local name = at(domain, "name")
      if type(name) == "string" and
         covers(core.lower(name), (entry.name:gsub("^%*%.", ""))) and
         is_controlled(domain, self.validation, self.now) then
        shown, last = true, last or lasts(self, domain)
      end
    end
    if not shown then
      self:warning(entry.path, "pending", "needs domain control validation "
                   .. "first: %s", core.printable(entry.name, 253))
    elseif not last then
      self:warning(entry.path, "pending", "needs domain control validation "
                   .. "again before the next certificate, on %s: %s",
                   date(self.next_issue), core.printable(entry.name, 253))
    end
  end
end

-- The name that is free beside another one: with "www." or without it.
local function twin_of(name)
  return name:match("^www%.(.*)$") or "www." .. name
end

-- What the page and the price list name as an extra; the form itself tells of
-- server licenses.
local function check_costs(self)
  local further, free = 0, self.names[1] and twin_of(self.names[1].name)
  for i, entry in ipairs(self.names) do
    if is_wildcard(entry) then
      self:warning(entry.path, "cost", "is a wildcard: it costs extra")
    elseif i > 1 and entry.name ~= free then
      further = further + 1
    end
  end
  if further > 0 then
    self:warning("certificate.dns_names", "cost", "has %d name%s beyond the "
                 .. "first one: each may cost extra", further,
                 further == 1 and "" or "s")
  end
end

local CHECKS = { check_user, check_product, check_limits, check_organization,
                 check_domains, check_costs }

-- ---- all together --------------------------------------------------------

-- A report that begins with what validation finds; or nil, err where even
-- that cannot be done.
local function begin(self, order, options)
  local _, found = order_of.check(order, options, false, nil,
                                  self.blocklist)
  local problems, warnings = {}, found
  if found.kind then
    if found.kind ~= "invalid" then
      return nil, found
    end
    problems, warnings = found.problems, found.warnings or {}
  end
  return setmetatable({
    client = self, order = order, problems = problems, warnings = warnings,
    product = options.product or core.product, validation = "ov",
    now = options.now or self.world.time(), names = names_of(order),
    call = arguments.call(self),
  }, Report)
end

local function finish(report, strict)
  local problems = report.problems
  if strict then
    for _, warning in ipairs(report.warnings) do
      problems[#problems + 1] = warning
    end
    report.warnings = {}
  end
  if #problems > 0 then
    return nil, errors.invalid(problems, report.warnings, #problems)
  end
  return true, printed.problems(report.warnings)
end

--- Checks an order as validate() does, and asks the account: whether the key's
-- user is active and may skip approvals, whether the product is enabled and
-- its limits allow the order, whether the organization is there and validated,
-- which names need domain control, what costs extra. Buys nothing.
-- @param options as for validate
-- @return true, warnings; or nil, err. Beside validate()'s there are the
--   warnings "pending" (something that has to be done before the certificate
--   is issued) and "unchecked" (the key may not ask).
function preflight.preflight(self, order, options)
  order_of.check_order(order, "preflight")
  options = order_of.check_options(options, order_of.options, "preflight")
  order_of.endpoint(options.product, "preflight")
  arguments.call(self)
  local report, err = begin(self, defaults.merge(self.defaults, order),
                            options)
  if not report then
    return nil, err
  end
  for _, check in ipairs(CHECKS) do
    check(report)
    if report.fatal then
      return nil, report.fatal
    end
  end
  return finish(report, options.strict)
end

return preflight

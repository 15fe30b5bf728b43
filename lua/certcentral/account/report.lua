--- What is due in an account: a row for each order that needs something soon.

local advice = require "certcentral.account.advice"
local arguments = require "certcentral.account.arguments"
local core = require "certcentral.core"
local domains = require "certcentral.account.domains"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"
local term = require "certcentral.account.term"

local report = {}

local DAY = term.DAY
local WITHIN = 30
-- A certificate that can last long may be due long before the present one
-- ends: on the last day on which such are made.
local EARLY = 110

report.WITHIN = WITHIN

-- ---- domains ---------------------------------------------------------------

-- When the validations of the account's domains end, by their names; empty
-- where the API key may not ask.
local function ends_of_domains(self)
  local ends = {}
  for domain in run.within(arguments.call(self), "domains") do
    if domain and type(domain.name) == "string" then
      ends[core.lower(domain.name)] = domains.ends(domain)
    end
  end
  return ends
end

-- The end of the validation that counts for a name: of the longest domain that
-- it is, or is below of.
local function end_for(ends, name)
  name = core.lower(name):gsub("^%*%.", "")
  while name and not ends[name] do
    name = name:match("^[^.]*%.(.+)$")
  end
  return name and ends[name]
end

local function validation_ends(ends, certificate)
  local first
  local list = type(certificate.dns_names) == "table" and certificate.dns_names
               or {}
  for i = 0, #list do
    local name = i == 0 and certificate.common_name or list[i]
    local time = type(name) == "string" and end_for(ends, name)
    first = time and math.min(first or time, time) or first
  end
  return first
end

-- ---- orders ----------------------------------------------------------------

local function end_of(text)
  local time = term.time_of(text)
  return time and time + DAY - 1
end

local function row_of(order, ends, now)
  local certificate = type(order.certificate) == "table" and order.certificate
                      or {}
  local found, err = advice.advise(order, now, {})
  if not found then
    return nil, err
  end
  return { order_id = order.id, common_name = certificate.common_name,
           serial_number = certificate.serial_number,
           not_after = end_of(certificate.valid_till),
           plan_ends = end_of(order.order_valid_till),
           validation_ends = validation_ends(ends, certificate),
           action = found.action, at = found.at, reason = found.reason }
end

local function is_due(row, till)
  return (row.at or 0) <= till or
         row.validation_ends ~= nil and row.validation_ends <= till
end

local function day(time)
  return os.date("!%Y-%m-%d", time)
end

local OPTIONS = { within = rules.integer(0, 1095) }

--- What is due: orders that have to be reissued or renewed, that wait, or whose
-- domains have to be validated.
-- @param options within: days (default 30)
-- @return list of {order_id, common_name, serial_number, not_after, plan_ends,
--   validation_ends, action, at, reason}, times in seconds since 1970, what is
--   due first before the others; or nil, err
function report.report(self, options)
  options = arguments.options(options, OPTIONS, "report")
  local now, list = self.world.time(), {}
  local till = now + (options.within or WITHIN) * DAY
  local ends = ends_of_domains(self)
  for entry, err in run.within(arguments.call(self), "orders", {
      status = { "issued", "reissue_pending" },
      valid_till = { from = day(now - WITHIN * DAY),
                     to = day(till + EARLY * DAY) } }) do
    local order = entry
    if entry then
      order, err = run.within(arguments.call(self), "order", entry.id)
    end
    local row
    if order then
      row, err = row_of(order, ends, now)
    end
    if not row then
      return nil, err
    end
    list[#list + 1] = is_due(row, till) and row or nil
  end
  table.sort(list, function(a, b)
    if a.at ~= b.at then
      return (a.at or 0) < (b.at or 0)
    end
    return a.order_id < b.order_id
  end)
  return list
end

return report

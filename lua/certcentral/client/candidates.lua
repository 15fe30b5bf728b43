--- Which of the orders that a look-up finds is the one that was sent. A name
-- may have been used before; an order that is wrongly taken for ours leaves
-- ours unseen.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local http_date = require "certcentral.client.http_date"
local lookup = require "certcentral.client.lookup"
local status = require "certcentral.client.status"
local rules = require "certcentral.rules"

local candidates = {}

local DAY = 86400
local SKEW = 30 -- seconds: the clocks of one service may differ by so much
local DETAILS_MAX = 10 -- orders that are looked at, of one look-up

-- ---- reading --------------------------------------------------------------

local function escaped(name)
  if name:find("^%.+$") then
    return (name:gsub("%.", "%%2E"))
  end
  return (name:gsub("[^%w%-_.~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

--- The orders of a call's name; `ask` is ask or ask_once of the call.
-- @return list (empty where there is none), the response; or nil, err
function candidates.named(call, ask)
  call.lookups = call.lookups + 1
  local any_404 = call.client.any_404
  return ask(call, "/order/alternate/" .. escaped(call.name), "lookup", {
    read = function(answer, mask)
      return lookup.read(answer, mask, any_404)
    end,
  })
end

--- An order by its id: the order, the response; or nil, err.
function candidates.details(call, id)
  local value, answer = call:ask(("/order/certificate/%d"):format(id))
  if not value then
    return nil, answer
  end
  if value.id ~= nil and value.id ~= id then
    return nil, errors.new("protocol", ("the response is not order %d")
                                       :format(id))
  end
  return value, answer
end

--- An order as a result: what the look-up said, completed by its details
-- where there are any.
function candidates.result(entry, details)
  local result = details or {}
  local certificate = result.certificate
  result.id, result.status = entry.id, result.status or entry.status
  result.certificate_id = result.certificate_id or
    type(certificate) == "table" and rules.id(certificate.id) or
    entry.certificate_id
  return result
end

--- The ids of a list of entries, for a message.
function candidates.ids(list)
  local ids = {}
  for i, entry in ipairs(list) do
    ids[i] = entry.id and ("%d"):format(entry.id) or "one without an id"
  end
  return table.concat(ids, ", ")
end

-- ---- comparing -------------------------------------------------------------

-- A name as it is compared: an address has many spellings.
local function canonical(name)
  return core.address(name) or core.lower(name)
end

candidates.canonical = canonical

--- The common name of an order's details; nil where they have none.
function candidates.common_name(details)
  local certificate = details.certificate
  local name = type(certificate) == "table" and certificate.common_name
  return type(name) == "string" and name or nil
end

--- Whether an order's details can be those of an order with this common name.
function candidates.has_name(details, common_name)
  local name = candidates.common_name(details)
  return not name or type(common_name) ~= "string" or
         canonical(name) == canonical(common_name)
end

local function squeezed(pem)
  return type(pem) == "string" and pem:gsub("%-%-%-%-%-[^-]*%-%-%-%-%-", "")
                                      :gsub("%s", "") or ""
end

local function has_csr(details, csr)
  local certificate = details.certificate
  local theirs = type(certificate) == "table" and squeezed(certificate.csr)
                 or ""
  return theirs == "" or not csr or theirs == squeezed(csr)
end

-- When ours was sent, `since`, and what time it is, `now`, by the clock of the
-- service as `answer` has it (`is_sure`); by ours where it does not say.
local function times_of(call, answer, time)
  local date = answer.headers and answer.headers.date
  local now = call.world.time()
  local ago = time and now - time or call.world.clock() - call.started
  date = type(date) == "string" and http_date.parse(date, now) or nil
  return { now = date or now, since = (date or now) - ago,
           is_sure = date ~= nil }
end

-- By the time that an order was created at: "ours", "other" (a day before and
-- more, whatever its time zone), or "unsure".
local function by_time(details, ours, times)
  local created = type(details.date_created) == "string"
                  and http_date.parse_iso(details.date_created)
  if not created then
    return status.is_over(details) and "unsure" or "ours"
  elseif times.is_sure and created < times.since - DAY then
    return "other"
  elseif ours.fresh then
    return "ours"
  end
  local fits = created >= times.since - SKEW and created <= times.now + DAY
  return fits and "ours" or "unsure"
end

--- By the time that an entry of a list was created at: "ours", "other" or
-- "unsure".
-- @param answer the response with the list
-- @param time when ours was sent, by our clock; nil: in this call
function candidates.by_time(call, entry, answer, time)
  return by_time(entry, {}, times_of(call, answer, time))
end

-- "ours", "other" or "unsure"; and the details. No other order can have had a
-- name that was made up for ours (`fresh`).
local function judge(call, entry, ours, times)
  local details = candidates.details(call, entry.id)
  if not details then
    return ours.fresh and "ours" or "unsure"
  elseif not candidates.has_name(details, ours.common_name) or
         not has_csr(details, ours.csr) then
    return "other"
  end
  return by_time(details, ours, times), details
end

-- ---- choosing --------------------------------------------------------------

-- Those that may be ours, the newest first where the name may be an old one.
local function likely(call, list, ours)
  local some = {}
  local placed = ours.over_too and {} or call.client.placed
  for _, entry in ipairs(list) do
    if not call.known[entry.id] and not placed[entry.id] and
       (ours.over_too or not status.is_over(entry)) then
      some[#some + 1] = entry
    end
  end
  if not ours.fresh then
    table.sort(some, function(a, b) return a.id > b.id end)
  end
  return some
end

local function warn_of_many(call, list)
  call.warnings[#call.warnings + 1] = {
    path = "alternative_order_id", code = "duplicate",
    message = ("'alternative_order_id' must name one order, got %d: %s")
      :format(#list, candidates.ids(list)),
  }
end

--- The found order that is this call's.
-- @param list what the look-up found
-- @param answer its response
-- @param ours {common_name, csr, time: when it was sent, by our clock (nil: in
--   this call), fresh: its name was made up for it, over_too: it may be over}
-- @return the order as a result; or nil, a list of those that can be ours or
--   not
function candidates.pick(call, list, answer, ours)
  local times = times_of(call, answer, ours.time)
  local fits, unsure, first = {}, {}, nil
  for i, entry in ipairs(likely(call, list, ours)) do
    local verdict, details = "unsure", nil
    if i <= DETAILS_MAX then
      verdict, details = judge(call, entry, ours, times)
    end
    if verdict == "ours" then
      fits[#fits + 1] = entry
      first = first or candidates.result(entry, details)
    elseif verdict == "other" then
      call.known[entry.id] = true
    else
      unsure[#unsure + 1] = entry
    end
  end
  if #fits > 1 then
    table.sort(fits, function(a, b) return a.id < b.id end)
    warn_of_many(call, fits)
  end
  return first, unsure
end

--- Sorts the live orders of a call's name by their common name; those that
-- are over are known from then on, for none of them is this call's work.
-- @return {fits: entries, results: of these, others: names, unsure: entries}
function candidates.live(call, list, common_name)
  local found = { fits = {}, results = {}, others = {}, unsure = {} }
  for _, entry in ipairs(list) do
    if status.is_over(entry) then
      call.known[entry.id] = true
    elseif not call.known[entry.id] then
      local looked = #found.fits + #found.others < DETAILS_MAX
      local details = looked and candidates.details(call, entry.id)
      if not details then
        found.unsure[#found.unsure + 1] = entry
      elseif candidates.has_name(details, common_name) then
        found.fits[#found.fits + 1] = entry
        found.results[#found.results + 1] = candidates.result(entry, details)
      else
        found.others[#found.others + 1] = {
          id = entry.id, common_name = candidates.common_name(details) }
      end
    end
  end
  if #found.fits > 1 then
    warn_of_many(call, found.fits)
  end
  return found
end

return candidates

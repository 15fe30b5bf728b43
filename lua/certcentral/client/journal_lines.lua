--- What a client writes into its journal, and what it makes of an open entry.

local candidates = require "certcentral.client.candidates"
local core = require "certcentral.core"
local errors = require "certcentral.error"
local http_date = require "certcentral.client.http_date"
local reissues = require "certcentral.client.reissues"
local scans = require "certcentral.journal.scan"
local policy = require "certcentral.client.policy"
local rules = require "certcentral.rules"

local journal_lines = {}

--- Seconds after which an order that is not found counts as not placed.
journal_lines.SETTLE = 3600

local ENTRY_LENGTH = 26
local LEAST = 1 -- seconds that an outcome waits for other writers
local EARLIEST = 1735689600 -- 2025-01-01: no order of ours is older
local AHEAD = 300 -- seconds: two clocks may differ by so much

-- ---- writing ---------------------------------------------------------------

-- Waits as the call does, at most until `ends`.
local function waiter(call, ends)
  return function(seconds)
    local left = ends - call.world.clock()
    if call.cancelled or left <= 0 then
      return false
    end
    call:wait(math.min(seconds, left), "journal")
    return true
  end
end

-- A journal may be the caller's own and do anything.
local function write(journal, line, wait)
  local ok, written, message = errors.try(journal.write, journal, line, wait)
  if not ok then
    return nil, errors.told(written)
  elseif not written then
    return nil, errors.told(message)
  end
  return true
end

local function config(client, what, message)
  return nil, errors.new("config", ("the journal cannot be %s: %s"):format(
    what, core.printable(client.mask(message), 300)))
end

local function write_outcome(call, entry, outcome)
  outcome.step, outcome.entry = "outcome", entry
  outcome.time = math.floor(call.world.time())
  local _, problem = write(call.client.journal, outcome, waiter(call,
    math.max(call.ends, call.world.clock() + LEAST)))
  return problem and call.client.mask(problem)
end

--- Writes that an order is about to go out.
-- @param order with `intent` where the line of an order is not what it needs
-- @return a function(result, answer) that writes what became of it and
--   returns in words what went wrong; or nil, err
function journal_lines.intent(client, call, order)
  local entry = core.random_id(ENTRY_LENGTH) or
                error("no random bytes from the system", 0)
  local line = {
    step = "intent", entry = entry, time = math.floor(client.world.time()),
    base_url = client.base_url, account = client:_account(),
    alternative_order_id = call.name, product = order.product,
    common_name = order.ours.common_name,
    sha256 = require("certcentral.x509").sha256(order.body),
  }
  for name, value in pairs(order.intent or {}) do
    line[name] = value
  end
  local ok, message = write(client.journal, line, waiter(call, call.ends))
  if not ok then
    return config(client, "written", message)
  end
  return function(result, answer)
    if result then
      return write_outcome(call, entry, { status = answer.status,
        outcome = "placed", order_id = result.id,
        certificate_id = order.intent and rules.id(result.certificate_id) })
    end
    return write_outcome(call, entry, { status = answer.status,
      outcome = errors.of_order(answer).outcome, kind = answer.kind })
  end
end

-- ---- whose, and how old ----------------------------------------------------

-- "ours"; "others" for another account or service; "untold" where the line
-- does not say (version 0.1.0).
local function owner(client, intent)
  if intent.base_url == nil and intent.account == nil then
    return "untold"
  end
  return intent.base_url == client.base_url and
         intent.account == client:_account() and "ours" or "others"
end

--- Seconds since a time that was noted; nil where it cannot be true: the clock
-- was wrong then, or is now.
function journal_lines.age(time, now)
  if type(time) ~= "number" or time < EARLIEST or time > now + AHEAD then
    return nil
  end
  return now - time
end

-- Seconds since an order was sent, or nil as above.
local function age_of(order, now)
  local age = journal_lines.age(order.intent.time, now)
  return age and math.min(age, now - (order.since or -math.huge))
end

local TYPES = { alternative_order_id = "string", common_name = "string",
                base_url = "string", account = "string", time = "number",
                reissue_of = "number", key_sha256 = "string" }

-- What is wrong with the types of an intent, or nil.
local function wrong_type(intent)
  for name, kind in pairs(TYPES) do
    if intent[name] ~= nil and type(intent[name]) ~= kind then
      return ("its '%s' must be a %s, got %s"):format(name, kind,
                                                      type(intent[name]))
    end
  end
end

-- ---- the past of a name ----------------------------------------------------

-- A line that may be of an order that was sent not long ago, in words; what
-- was cut off as it was written was of an order that was not sent.
local function recent_damage(skipped, now)
  for _, lost in ipairs(skipped) do
    local before = lost.before or lost.changed or lost.time
    local old = type(before) == "number" and before >= EARLIEST and
                before <= now + AHEAD and
                now - before >= journal_lines.SETTLE
    if not old and lost.line and not lost.cut then
      return ("line %d, %s"):format(lost.line, lost.why)
    elseif not old and lost.time then
      return lost.why
    end
  end
end

local function is_recent(order, now)
  local age = age_of(order, now)
  return not age or age < journal_lines.SETTLE
end

-- Adds what the last holder of the claim noted. Where there is a journal, that
-- has what was sent, and recover() settles it.
local function add_note(call, past)
  local note = call.claim and call.claim:noted_before()
  if note and note.what == "placed" then
    past.noted, past.noted_at = note.id, note.time
  elseif note and note.what == "sent" and not call.client.journal then
    local age = journal_lines.age(note.time, call.world.time())
    if not age then
      call.claim:note "sent" -- it settles an hour from now
    end
    past.open = (not age or age < journal_lines.SETTLE) and
                { age = age, time = note.time } or nil
  end
  return past
end

local function has_name(call, intent)
  return intent.alternative_order_id == call.name
end

--- What the journal and the last holder of the claim say of the orders of a
-- call's name.
-- @param is_ours nil, or a function(call, intent): whether it is of what the
--   call is about, which has no name
-- @return {placed = id of the last that was placed, at placed_at; noted,
--   noted_at: the same of the claim's note; open = {time, age} of one that was
--   sent and is not settled (age nil: not known), damaged = in words a line
--   that may be of one}; or nil, err
function journal_lines.past(call, is_ours)
  local client, past = call.client, {}
  if not client.journal then
    return add_note(call, past)
  end
  local now = call.world.time()
  is_ours = is_ours or has_name
  local function wanted(intent)
    return is_ours(call, intent) and owner(client, intent) ~= "others"
  end
  local orders, skipped = scans.scan(client.journal, now, wanted)
  if not orders then
    return config(client, "read", errors.told(skipped))
  end
  for _, order in ipairs(orders) do
    local outcome = order.outcome
    if not wanted(order.intent) then -- luacheck: ignore
      -- of another name, or somebody else's
    elseif not outcome and is_recent(order, now) then
      past.open = { age = age_of(order, now), time = order.intent.time }
    elseif outcome and outcome.outcome == "placed" and
           type(outcome.order_id) == "number" then
      past.placed, past.placed_at = outcome.order_id, outcome.time
    end
  end
  past.damaged = recent_damage(skipped, now)
  return add_note(call, past)
end

-- ---- recovering ------------------------------------------------------------

-- By the earlier of the two clocks, ours and that of the service: one that is
-- ahead settles nothing.
local function now_by(call, answer)
  local date = answer.headers and answer.headers.date
  local now = call.world.time()
  date = type(date) == "string" and http_date.parse(date, now)
  return date and math.min(date, now) or now
end

local UNFOUND = "it was not found, and may still be in progress"

-- Why an order that the service does not find is not settled, or nil.
local function unsettled(call, order, answer, how)
  local age = age_of(order, now_by(call, answer))
  if not age then
    return "it was not found, and its time cannot be true: a clock was wrong"
  elseif age < how.settle then
    return UNFOUND
  elseif how.shared and owner(call.client, order.intent) == "untold" then
    return "it was not found, and the journal does not say which account it "
           .. "was sent with"
  end
end

-- Looks for an open order: its outcome, and what `found` gets of it.
local function look_up(call, order, how)
  local list, answer = candidates.named(call, call.ask)
  if not list then
    return "unknown", { message = answer.message }
  end
  local known = age_of(order, call.world.time())
  local result = candidates.pick(call, list, answer, { over_too = true,
    common_name = order.intent.common_name,
    time = known and order.intent.time })
  if result then
    return "placed", { order_id = result.id, result = result,
                       warnings = call.warnings }
  elseif #list > 0 then
    return "unknown", { message = "there are orders with its name, but "
      .. "none is known to be this one: " .. candidates.ids(list) }
  end
  local why = unsettled(call, order, answer, how)
  return why and "unknown" or "not_placed", { message = why }
end

-- Looks for an open reissue, in the same way.
local function look_up_reissue(call, order, how)
  local intent = order.intent
  local list, answer = reissues.list(call, intent.reissue_of, call.ask)
  if not list then
    return "unknown", { message = answer.message }
  end
  local known = age_of(order, call.world.time())
  local found = reissues.sort(list, intent.key_sha256)
  local entry = found.ours[1] or
                reissues.over_since(call, found, answer, known and intent.time)
  if entry then
    local result = reissues.result(intent.reissue_of, entry)
    return "placed", { order_id = result.id, result = result,
      certificate_id = result.certificate_id, warnings = call.warnings }
  elseif #found.unsure > 0 then
    return "unknown", { message = "there are reissues whose CSR cannot be "
      .. "read: " .. candidates.ids(found.unsure) }
  end
  local why = unsettled(call, order, answer, how)
  return why and "unknown" or "not_placed", { message = why }
end

local function settle_one(client, order, how)
  local wrong = wrong_type(order.intent)
  local name, reissue = order.intent.alternative_order_id,
                        order.intent.reissue_of and order.intent.key_sha256
  if wrong then
    return "unknown", { message = "its entry is invalid: " .. wrong }
  elseif not name and not reissue then
    return "unknown",
           { message = "it has no alternative_order_id to be looked up by" }
  elseif how.ends <= client.world.clock() then
    return "unknown", { message = "the deadline passed before it was looked "
                                  .. "up" }
  end
  local call = policy.call(client, name)
  call.ends = math.min(call.ends, how.ends)
  local outcome, more = (reissue and look_up_reissue or look_up)(call, order,
                                                                 how)
  if outcome ~= "unknown" then
    more.journal_error = write_outcome(call, order.intent.entry, {
      outcome = outcome, order_id = more.order_id,
      certificate_id = more.certificate_id })
  end
  return outcome, more
end

-- The open orders that may be this client's, and whether others share its
-- journal.
local function ours_of(client, orders)
  local list, shared = {}, false
  for _, order in ipairs(orders) do
    if owner(client, order.intent) == "others" then
      shared = true
    else
      list[#list + 1] = order
    end
  end
  return list, shared
end

--- Looks up all open entries, and closes those that are clear. Entries of
-- other accounts and services are left alone.
-- @param options settle, deadline: seconds
-- @return list, with `skipped`: a list of {line, why}; or nil, err
function journal_lines.recover(client, options)
  local orders, skipped = scans.scan(client.journal, client.world.time())
  if not orders then
    return config(client, "read", errors.told(skipped))
  end
  local list = { skipped = {} }
  for i, line in ipairs(skipped) do
    list.skipped[i] = { line = line.line, why = line.why }
  end
  local how = { settle = options.settle or journal_lines.SETTLE,
    ends = client.world.clock() + (options.deadline or client.deadline) }
  orders, how.shared = ours_of(client, orders)
  for i, order in ipairs(orders) do
    local found = {}
    for name, value in pairs(order.intent) do
      found[name] = value
    end
    found.step = nil
    local outcome, more = settle_one(client, order, how)
    found.outcome = outcome
    for name, value in pairs(more) do
      found[name] = value
    end
    list[i] = found
  end
  return list
end

return journal_lines

--- One order of a name, however often and by however many processes it is
-- asked for. What is known of the name is asked first: the order that the
-- journal or the last holder of the claim has placed, then the service.

local candidates = require "certcentral.client.candidates"
local core = require "certcentral.core"
local errors = require "certcentral.error"
local journal_lines = require "certcentral.client.journal_lines"
local lookup = require "certcentral.client.lookup"
local placing = require "certcentral.client.placing"
local status = require "certcentral.client.status"

-- ---- errors ----------------------------------------------------------------

local function unknown(call, format, ...)
  return nil, errors.new("unknown", ("nothing was sent: the order '%s' may "
    .. "have been placed: "):format(core.printable(call.name, 64))
    .. format:format(...))
end

-- The error of a question about earlier orders: they may be there.
local function unasked(err)
  err.outcome = err.outcome or "unknown"
  return nil, err
end

local function for_another(call, found, ours)
  return nil, errors.new("refused", ("order %d has the alternative_order_id "
    .. "'%s', but its common name is '%s' and not '%s': nothing was sent")
    :format(found.id, core.printable(call.name, 64),
            core.printable(found.common_name, 253),
            core.printable(ours.common_name, 253)),
    { order_id = found.id, outcome = "not_placed" })
end

-- ---- orders that are known by their id -------------------------------------

-- What became of an order that was placed under this name, as the journal
-- (`lasting`) or the last holder of the claim has noted: result, response; or
-- nil, err; or nil where it is over or another one.
local function ask_noted(call, id, ours, lasting)
  local details, answer = candidates.details(call, id)
  if not details and not lasting and answer.status == 404 and
     lookup.says_none(answer.errors) then
    return nil -- it was placed with a service that is no more: a sandbox
  elseif not details then
    return unknown(call, "it has been placed as order %d, which cannot be "
                   .. "read: %s", id, answer.message)
  end
  local name = details.alternative_order_id
  if type(name) == "string" and name ~= "" and name ~= call.name then
    return nil -- not what was noted
  elseif status.is_over(details) then
    call.known[id] = true
    return nil
  elseif not candidates.has_name(details, ours.common_name) then
    return for_another(call, { id = id,
      common_name = candidates.common_name(details) }, ours)
  end
  return candidates.result({ id = id }, details), answer
end

-- ---- orders that the service finds -----------------------------------------

local function look(call, ours)
  local list, answer = candidates.named(call, call.ask)
  if not list then
    return unasked(answer)
  end
  local found = candidates.live(call, list, ours.common_name)
  if #found.fits > 0 then
    return found.results[1], answer
  elseif #found.unsure > 0 then
    return unknown(call, "orders with this name exist, but cannot be read: "
                   .. "%s", candidates.ids(found.unsure))
  elseif #found.others > 0 then
    return for_another(call, found.others[1], ours)
  end
end

local function ago(seconds)
  return ("%d second%s ago"):format(seconds, seconds == 1 and "" or "s")
end

-- An order of this name was sent and is not settled. One that was sent just
-- now may be found soon.
local function find_open(call, open, ours)
  if open.age and open.age < call.client.recover_for then
    ours.time = open.time
    local result, answer = placing.recover(call, ours)
    ours.time = nil
    if result then
      return result, answer
    end
  end
  return unknown(call, "it was sent %s and cannot be found",
                 open.age and ago(math.max(0, math.floor(open.age)))
                 or "at an unknown time")
end

-- ---- all of it -------------------------------------------------------------

local function known_before(call, past, ours)
  for _, known in ipairs { { past.placed, true }, { past.noted, false } } do
    if known[1] and not call.known[known[1]] then
      local result, answer = ask_noted(call, known[1], ours, known[2])
      if result or answer then
        return result, answer
      end
    end
  end
end

--- The order of a call's name that is there.
-- @param call a call that holds the claim on its name
-- @return result, response; or nil, err; or nil where there certainly is none
return function(call, ours)
  local past, err = journal_lines.past(call)
  if not past then
    return unasked(err)
  end
  local result, answer = known_before(call, past, ours)
  if not result and not answer then
    result, answer = look(call, ours)
  end
  if result or answer then
    return result, answer
  elseif past.open then
    return find_open(call, past.open, ours)
  elseif past.damaged then
    return unknown(call, "the journal is damaged: %s", past.damaged)
  end
end

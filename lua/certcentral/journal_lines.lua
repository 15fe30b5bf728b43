--- What a client writes into its journal, and what it makes of an open entry.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local policy = require "certcentral.policy"

local journal_lines = {}

local ENTRY_LENGTH = 26

-- A journal may be the caller's own and do anything.
local function write(journal, line)
  local ok, written, message = pcall(journal.write, journal, line)
  if not ok then
    return nil, errors.told(written)
  elseif not written then
    return nil, errors.told(message)
  end
  return true
end

local function no_journal(client, message)
  return nil, errors.new("config", "the journal cannot be written: "
                         .. core.printable(client.mask(message), 300))
end

--- Writes that an order is about to go out.
-- @return a function(result, answer) that writes what became of it and
--   returns in words what went wrong; or nil, err
function journal_lines.intent(client, call, order)
  local time = client.world.time
  local entry = core.random_id(ENTRY_LENGTH) or
                error("no random bytes from the system", 0)
  local sha256 = require("certcentral.csr").sha256(order.body)
  local ok, message = write(client.journal, {
    step = "intent", entry = entry, time = math.floor(time()),
    alternative_order_id = call.name, product = order.product,
    common_name = order.ours.common_name, sha256 = sha256,
  })
  if not ok then
    return no_journal(client, message)
  end
  return function(result, answer)
    local line = { step = "outcome", entry = entry,
                   time = math.floor(time()), status = answer.status }
    if result then
      line.outcome, line.order_id = "placed", result.id
    else
      line.outcome, line.kind = answer.outcome, answer.kind
    end
    local _, problem = write(client.journal, line)
    return problem and client.mask(problem)
  end
end

-- Looks one open entry up: its outcome, and the order or why it is unclear.
local function look_up(client, found, settle)
  if not found.alternative_order_id then
    found.message = "it has no alternative_order_id to be looked up by"
    return "unknown"
  end
  local call = policy.call(client, found.alternative_order_id)
  local result, err = call:find { common_name = found.common_name,
                                  time = found.time }
  if result then
    found.order_id, found.result = result.id, result
    found.warnings = call.warnings
    return "placed"
  elseif err then
    found.message = err.message
    return "unknown"
  elseif client.world.time() - found.time < settle then
    found.message = "it was not found, and may still be under way"
    return "unknown"
  end
  return "not_placed"
end

--- Looks up all open entries, and closes those that are clear.
-- @return list; or nil, err
function journal_lines.recover(client, settle)
  local open, message = require("certcentral.journal")
    .open_orders(client.journal)
  if not open then
    return nil, errors.new("config", "the journal cannot be read: "
      .. core.printable(client.mask(errors.told(message)), 300))
  end
  local list = {}
  for i, entry in ipairs(open) do
    local found = {}
    for name, value in pairs(entry) do
      found[name] = value
    end
    found.step = nil
    found.outcome = look_up(client, found, settle)
    if found.outcome ~= "unknown" then
      local _, problem = write(client.journal, {
        step = "outcome", entry = entry.entry, outcome = found.outcome,
        time = math.floor(client.world.time()), order_id = found.order_id })
      found.journal_error = problem
    end
    list[i] = found
  end
  return list
end

return journal_lines

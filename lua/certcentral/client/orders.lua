--- The orders of a client: made ready, placed once, ensured by their name, and
-- recovered.

local core = require "certcentral.core"
local defaults = require "certcentral.order.defaults"
local errors = require "certcentral.error"
local methods = require("certcentral.client.object").methods
local options_of = require "certcentral.options"
local journal_lines = require "certcentral.client.journal_lines"
local order_of = require "certcentral.order"
local pcall = require "certcentral.pcall"
local placing = require "certcentral.client.placing"
local policy = require "certcentral.client.policy"
local printed = require "certcentral.printed"
local rules = require "certcentral.rules"

local orders = {}

local ID_LENGTH = 26 -- 62^26 names: as good as never the same twice
local REMEMBERED = 1000 -- orders that were placed last

local function given(value)
  return value ~= nil and value ~= core.null
end

-- The name that the order has or is to get, and whether it is made up here;
-- nil with once = false.
local function name_for(order, options)
  local name = rawget(order, "alternative_order_id")
  if given(name) then
    return name, false
  elseif options.once ~= false then
    return core.random_id(ID_LENGTH) or
           error("no random bytes from the system", 0), true
  end
end

-- An order that is ready to go: {path, body, once, ours, warnings}; or nil,
-- err.
local function prepare(self, order, options, name, who)
  local path = order_of.endpoint(options.product, who)
  local body, warnings = order_of.check(order, options, "secret", name,
                                        self.blocklist)
  if not body then
    return nil, errors.of_order(warnings)
  end
  local certificate = rawget(order, "certificate")
  local ready = {
    path = path, body = body, warnings = warnings, name = name,
    product = options.product or core.product,
    once = options.once ~= false and name ~= nil,
    ours = { common_name = rawget(certificate, "common_name"),
             csr = rawget(certificate, "csr") },
  }
  self.hide_secrets(ready, order)
  return ready
end

local function with_more(warnings, more)
  for _, warning in ipairs(more) do
    warnings[#warnings + 1] = warning
  end
  return warnings
end

-- Remembers that an order is some call's already: none of another call.
local function remember(self, id)
  local at = self.last_placed % REMEMBERED + 1
  self.placed[self.placed[-at] or 0] = nil
  self.placed[-at], self.placed[id], self.last_placed = id, true, at
end

-- What the call returns: result, info; or nil, err.
local function finish(call, order, result, answer)
  local info = {
    attempts = call.attempts, alternative_order_id = call.name,
    warnings = with_more(order.warnings, call.warnings),
    event_error = call.event_error, journal_error = call.journal_error,
  }
  if not result then
    local err = errors.of_order(answer)
    for name, value in pairs(info) do
      err[name] = value
    end
    call:emit { event = "outcome", outcome = err.outcome, kind = err.kind,
                message = err.message, attempts = call.attempts,
                reissue_of = call.order_id }
    return nil, err
  end
  remember(call.client, result.id)
  printed.answer(result)
  setmetatable(info, printed.INFO)
  info.status, info.recovered = answer.status, call.recovered or false
  info.existed = call.existed
  info.seconds = call.world.clock() - call.started
  call:emit { event = "outcome", outcome = "placed", order_id = result.id,
              recovered = info.recovered, attempts = call.attempts,
              reissue_of = call.order_id }
  return result, info
end

-- What stops a script (Ctrl-C) must not cost the order's name.
local function raise_interrupted(call, message)
  if type(message) == "string" then
    message = ("%s (%s%s %s)"):format(message, call.what or "the order",
      call.name and (" '%s'"):format(call.name) or "",
      call.attempts == 0 and "was not sent" or
      call.what and "may have been done" or "may have been placed")
  end
  error(message, 0)
end

require "certcentral.interpreted"(finish, with_more)

-- Places it, with a line in the journal before and one after.
local function place_noted(self, call, order)
  local record, err
  if self.journal then
    record, err = journal_lines.intent(self, call, order)
    if not record then
      return finish(call, order, nil, err)
    end
  end
  local result, answer = placing.place(call, order)
  order.body:wipe()
  if record then
    call.journal_error = record(result, answer)
  end
  return finish(call, order, result, answer)
end

--- The error of an order whose name another one in progress has.
function orders.name_taken(name)
  return errors.of_order(errors.invalid({ {
    path = "alternative_order_id", code = "conflict",
    message = "'alternative_order_id' must differ from that of an order in "
              .. "progress, got " .. core.printable(name, 64),
  } }, {}, 1))
end

-- Two orders that have one name at once cannot be told from each other when
-- one of them is looked up, nor two reissues of one key.
local function place(self, call, order)
  local name = order.once and (order.wish or call.name)
  if name and self.under_way[name] then
    collectgarbage() -- one that was dropped on its way is not in progress,
    collectgarbage() -- nor is one of a queue that this ends
  end
  if name and self.under_way[name] then
    return finish(call, order, nil, order.wish and
      errors.new("unavailable", call.what .. " was not sent: this client is "
        .. "already sending it", { outcome = "unknown" })
      or orders.name_taken(name))
  elseif name then
    self.under_way[name] = call
  end
  local ok, result, info = pcall(place_noted, self, call, order)
  if name then
    self.under_way[name] = nil
  end
  if not ok then
    raise_interrupted(call, result)
  end
  return result, info
end

local function begin(self, order, options, who)
  order_of.check_order(order, who)
  options = order_of.check_options(options, order_of.options, who)
  if self.closed then
    options_of.raise("this client is closed")
  end
  return options, defaults.merge(self.defaults, order)
end

--- An order that is ready to go, for _place and for queues; or nil, err.
function methods:_ready(order, options, who)
  options, order = begin(self, order, options, who)
  local name, fresh = name_for(order, options)
  local ready, err = prepare(self, order, options, name, who)
  if ready then
    ready.ours.fresh = fresh
  end
  return ready, err
end

methods._place = place
orders.finish = finish

--- Places an order.
-- @param order the order table; it is not changed
-- @param options product, now, strict, allow_unknown, check_csr, once
-- @return result, info; or nil, err
function methods:place_order(order, options)
  local ready, err = self:_ready(order, options, "place_order")
  if not ready then
    return nil, err
  end
  return place(self, policy.call(self, ready.name), ready)
end

-- The error of an order that has no name to be looked up by.
local function nameless(err)
  local problems = err and err.problems or {}
  for _, problem in ipairs(problems) do
    if problem.path == "alternative_order_id" then
      return err
    end
  end
  problems[#problems + 1] = {
    path = "alternative_order_id", code = "missing",
    message = "'alternative_order_id' is required to ensure an order",
  }
  return errors.of_order(errors.invalid(problems, err and err.warnings or {},
                                        #problems))
end

--- An order with a name of the caller's that is ready to go; or nil, err.
function methods:_ready_to_ensure(order, options, who)
  options, order = begin(self, order, options, who)
  local name = rawget(order, "alternative_order_id")
  name = given(name) and name ~= "" and name or nil
  local ready, err = prepare(self, order, options, name, who)
  if not name then
    return nil, nameless(err)
  end
  return ready, err
end

--- Runs f, which returns result, info or nil, err, with a claim on names.
function methods._claimed(call, names, f)
  local claim, err = require("certcentral.client.claims").take(call, names)
  if claim == nil then
    return nil, errors.of_order(err)
  end
  call.claim = claim
  local ok, result, info = pcall(f)
  if claim then
    if not ok and call.attempts == 0 then
      pcall(claim.note, claim, nil)
    end
    claim:release()
  end
  if not ok then
    error(result, 0)
  end
  return result, info
end

--- Places an order for a call that has the claim on its name, unless it is
-- there.
function methods:_ensure(call, ready)
  local result, answer = require("certcentral.client.ensure")(call, ready.ours)
  local claim = call.claim
  call.existed = result ~= nil
  if result and claim and call.lookups > 0 then
    claim:note(nil) -- the service finds it by its name
  end
  if result or answer then
    return finish(call, ready, result, answer)
  elseif claim then
    claim:note "sent"
  end
  result, answer = place(self, call, ready)
  if claim then
    claim:note_end(result, answer)
  end
  return result, answer
end

--- Places an order unless a live order of its alternative_order_id is there:
-- for scripts that may run twice, also at the same time.
-- @param order the order table, with alternative_order_id
-- @param options as for place_order
-- @return result, info (info.existed tells a found order); or nil, err
function methods:ensure_order(order, options)
  local ready, err = self:_ready_to_ensure(order, options, "ensure_order")
  if not ready then
    return nil, err
  end
  local call = policy.call(self, ready.name)
  return self._claimed(call, { "order " .. ready.name }, function()
    return self:_ensure(call, ready)
  end)
end

--- Looks up what a crash left open in the journal.
-- @param options settle: seconds (default 3600) after which an order that is
--   not found counts as not placed; deadline: seconds for all of it (default
--   the client's)
-- @return list of {alternative_order_id, outcome, order_id, result, warnings,
--   time, product, common_name, sha256, message}, with `skipped`: a list of
--   {line, why} of what the journal has that cannot be read; or nil, err
function methods:recover(options)
  options = options or {}
  options_of.check(options,
                    { settle = rules.seconds_or_none,
                      deadline = rules.seconds_or_none }, "recover")
  if self.closed then
    options_of.raise("this client is closed")
  elseif not self.journal then
    options_of.raise("this client has no journal to recover from")
  end
  return journal_lines.recover(self, options)
end

return orders

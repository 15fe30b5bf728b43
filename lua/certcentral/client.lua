--- The client: which request goes out, and what its answer means. It knows
-- no socket: a transport does the exchange.

local core = require "certcentral.core"
local calls = require "certcentral.calls"
local client_options = require "certcentral.client_options"
local defaults = require "certcentral.defaults"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local journal_lines = require "certcentral.journal_lines"
local order_of = require "certcentral.order"
local placing = require "certcentral.placing"
local policy = require "certcentral.policy"
local order_secrets = require "certcentral.order_secrets"
local printed = require "certcentral.printed"
local transports = require "certcentral.transports"

local client = {}

local min = math.min
local is_callable = client_options.is_callable

local ID_LENGTH = 26 -- 62^26 names: as good as never the same twice
local ACCOUNT_DIGITS = 16
local REMEMBERED = 1000 -- orders that were placed last

-- ---- making and closing --------------------------------------------------

local meta = { __name = "certcentral.client" }
local methods = require("certcentral.methods")({}, meta)
meta.__index = methods

function meta.__tostring(self)
  return ("certcentral client for %s%s"):format(self.base_url,
    self.closed and " (closed)" or "")
end

local function set_policy(self, options)
  if options.budget and options.rate ~= nil then
    options_of.raise("options 'rate' and 'budget' to 'new' exclude each "
                     .. "other")
  end
  self.retry = {}
  for name, usual in pairs(client_options.RETRY) do
    self.retry[name] = options.retry and options.retry[name] or usual
  end
  self.deadline = options.deadline or 120
  self.recover_for = options.recover_for or 60
  self.unique_ids, self.any_404 = options.unique_ids, options.any_404
  self.store = options.store -- nil: the usual one, when it is needed
  self.own_store = options.store ~= nil
  self.journal, self.on_event = options.journal, options.on_event
  self.defaults = options.defaults and defaults.copy(options.defaults)
end

-- A random number from 0 up to 1, unlike that of any other process.
local function random()
  local id, sum = core.random_id(8) or "", 0
  for i = 1, #id do
    sum = (sum * 62 + id:byte(i)) % 1048576
  end
  return sum / 1048576
end

-- The world of a client: perform(request) sends, sleep(seconds) waits,
-- clock() gives seconds that never go back, time() seconds since 1970,
-- random() a number from 0 up to 1. Without one of the caller's own, a wire
-- sends: see transports.lua.
-- @return true; or nil, err
local function set_world(self, options, ca_file)
  local given = type(options.transport) == "table" and
                not is_callable(options.transport) and options.transport or {}
  self.world = {
    sleep = given.sleep or transports.sleep,
    clock = given.clock or core.clock,
    time = given.time or os.time, random = given.random or random,
  }
  self.custom = given.perform or
                is_callable(options.transport) and options.transport or nil
  if not self.custom then
    local err
    self.wire, err = transports.new(options.transport, {
      api_key = self.secret, proxy = options.proxy, ca_file = ca_file })
    if not self.wire then
      return nil, err
    end
  end
  self.budget = options.budget
  if not self.budget and options.rate ~= false then
    self.budget = require("certcentral.budget")
      .from_rate(options.rate, self.world.clock)
  end
  return true
end

-- Gives the client's warnings to its on_event, too.
local function tell(self, warnings)
  for _, warning in ipairs(self.on_event and warnings or {}) do
    errors.try(self.on_event, { event = "warning", code = warning.code,
                                message = errors.hinted(warning) })
  end
  return warnings
end

--- Makes a client; see the README for the options.
-- @return the client, and a list of warnings where there are any; or nil, err
--   (kind "config")
function client.new(options)
  options = options or {}
  options_of.check(options, client_options.rules, "new")
  local found, err = client_options.find(options)
  if not found then
    return nil, err
  end
  local secret = core.secret(found.key)
  -- orders that are ready or on their way -> what hides their secrets
  local hiding = setmetatable({}, { __mode = "k" })
  local shared = setmetatable({}, { __mode = "v" }) -- for order_secrets
  local self = setmetatable({
    base_url = found.url,
    secret = secret,
    -- out of sight of who looks into the client: it leads to the orders
    hide_secrets = function(ready, order)
      hiding[ready] = order_secrets(order, shared)
    end,
    -- what the other side says may hold the key, and card data of an order
    mask = function(text)
      text = secret:mask(text)
      for _, hide in next, shared do
        text = hide(text)
      end
      return text
    end,
    timeout = options.timeout or 30,
    connect_timeout = options.connect_timeout or 10,
    headers = { ["Content-Type"] = "application/json",
                ["Accept"] = "application/json",
                ["User-Agent"] = found.agent },
    get_headers = { ["Accept"] = "application/json",
                    ["User-Agent"] = found.agent },
    csr_memory = { client_blocklist = options.blocklist },
    queues = setmetatable({}, { __mode = "k" }), -- those that are open
    under_way = setmetatable({}, { __mode = "v" }), -- name -> its call
    placed = {}, last_placed = 0, -- ids of the last orders, also as keys
  }, meta)
  set_policy(self, options)
  local ok
  self.ca_file = found.ca_file ~= true and found.ca_file or nil
  ok, err = set_world(self, options, self.ca_file)
  if not ok then
    return nil, err
  end
  return self, tell(self, client_options.warnings(options, found))
end

--- Whether what libcurl frees is wiped, with the requests that were in it:
-- see README, "Security". False where this client does not use libcurl.
function methods:wipes_memory()
  return self.wire ~= nil and self.wire:wipes_memory()
end

--- Closes the connection and wipes the key, and closes its queues: what they
-- have under way is given up. Twice is fine.
function methods:close()
  if self.closed then
    return
  end
  local problem
  for queue in pairs(self.queues) do
    local _, told = pcall(queue._end, queue) -- the key is wiped in any case
    problem = told or problem
  end
  self.closed = true
  self.secret:wipe()
  self.csr_memory = {}
  if self.wire then
    self.wire:close()
  end
  if problem then
    error(problem, 0)
  end
end

meta.__gc = methods.close
meta.__close = methods.close

-- ---- one exchange --------------------------------------------------------

local function bad_answer(what)
  return nil, { sent = "maybe", message = "the transport " .. what }
end

local function copy_headers(given)
  local headers = {}
  if type(given) == "table" then
    for name, value in next, given do
      if type(name) == "string" then
        headers[core.lower(name)] = value
      end
    end
  end
  return headers
end

-- A transport of the caller's own gets the key as a header. It may do
-- anything, raise included; what it did to the order is then not known. Its
-- tables are read without asking their metatables.
local function call_custom(self, request)
  request.headers = transports.with_key(self.secret, request.headers)
  local ok, answer, failure = errors.try(self.custom, request)
  if not ok then
    return bad_answer("raised: " .. errors.told(answer))
  elseif answer == nil then
    if type(failure) ~= "table" then
      return bad_answer("failed: " .. errors.told(failure))
    end
    return nil, failure
  elseif type(answer) ~= "table" or
         type(rawget(answer, "status")) ~= "number" then
    return bad_answer("returned no response with a status")
  end
  local body = rawget(answer, "body")
  if body ~= nil and type(body) ~= "string" then
    return bad_answer("returned a body that is no string")
  end
  return { status = rawget(answer, "status"), body = body,
           headers = copy_headers(rawget(answer, "headers")) }
end

--- A request for a transport, for _exchange and for queues.
-- @param left seconds until the deadline
-- @param accept the Accept header of a GET whose answer is no JSON
function methods:_request(method, path, body, left, accept)
  local headers = method == "GET" and self.get_headers or self.headers
  headers = accept and { ["Accept"] = accept,
    ["User-Agent"] = headers["User-Agent"] } or headers
  return {
    method = method, url = self.base_url .. path,
    headers = headers, body = body,
    timeout = min(self.timeout, left),
    connect_timeout = min(self.connect_timeout, left),
  }
end

--- The outcome of an exchange, with what may be done about a server whose
-- certificate is not trusted.
function methods:_explained(response, failure)
  local message = failure and rawget(failure, "message")
  if type(message) == "string" and (message:find("issuer", 1, true) or
     message:find("self.signed certificate") or
     message:find("CA file", 1, true)) then
    failure.message = ("%s (%s)"):format(message, self.ca_file and
      ("the server's CA must be in ca_file or CERTCENTRAL_CA_FILE, now '%s'")
      :format(core.printable(self.ca_file, 80)) or
      "give a server's own CA as ca_file or in CERTCENTRAL_CA_FILE")
  end
  return response, failure
end

--- One exchange, for the policy: the arguments of _request.
-- @return response; or nil, failure
function methods:_exchange(...)
  local request = self:_request(...)
  if self.custom then
    return call_custom(self, request)
  end
  return self:_explained(self.wire:perform(request))
end

-- ---- orders --------------------------------------------------------------

--- Which account this is, in a way that does not reveal its key.
function methods:_account()
  self.account = self.account or require("certcentral.csr")
    ._mac(self.secret, self.base_url):sub(1, ACCOUNT_DIGITS)
  return self.account
end

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
  local body, warnings = order_of.check(order, options, true, name,
                                        self.csr_memory)
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
                message = err.message, attempts = call.attempts }
    return nil, err
  end
  remember(call.client, result.id)
  printed.answer(result)
  setmetatable(info, printed.INFO)
  info.status, info.recovered = answer.status, call.recovered or false
  info.existed = call.existed
  info.seconds = call.world.clock() - call.started
  call:emit { event = "outcome", outcome = "placed", order_id = result.id,
              recovered = info.recovered, attempts = call.attempts }
  return result, info
end

-- What stops a script (Ctrl-C) must not cost the order's name.
local function raise_interrupted(call, message)
  if type(message) == "string" then
    message = ("%s (the order%s %s)"):format(message,
      call.name and (" '%s'"):format(call.name) or "",
      call.attempts > 0 and "may have been placed" or "was not sent")
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
  if record then
    call.journal_error = record(result, answer)
  end
  return finish(call, order, result, answer)
end

--- The error of an order whose name another one in progress has.
function client.name_taken(name)
  return errors.of_order(errors.invalid({ {
    path = "alternative_order_id", code = "conflict",
    message = "'alternative_order_id' must be another than that of an order "
              .. "that is under way, got " .. core.printable(name, 64),
  } }, {}, 1))
end

-- Two orders that have one name at once cannot be told from each other when
-- one of them is looked up.
local function place(self, call, order)
  local name = order.once and call.name
  if name and self.under_way[name] then
    collectgarbage() -- one that was dropped on its way is not under way,
    collectgarbage() -- nor is one of a queue that this ends
  end
  if name and self.under_way[name] then
    return finish(call, order, nil, client.name_taken(name))
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

--- A queue of orders, for many at once: see queue.lua.
function methods:queue(options)
  return require("certcentral.queue").new(self, options)
end

--- Places many orders: see place_orders.lua.
function methods:place_orders(orders, options)
  return require("certcentral.place_orders")(self, orders, options)
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
  local claim, err = require("certcentral.claims").take(call, names)
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
  local result, answer = require("certcentral.ensure")(call, ready.ours)
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
                    { settle = client_options.seconds_or_none,
                      deadline = client_options.seconds_or_none }, "recover")
  if self.closed then
    options_of.raise("this client is closed")
  elseif not self.journal then
    options_of.raise("this client has no journal to recover from")
  end
  return journal_lines.recover(self, options)
end

--- Places one order with a client of its own.
-- @param options those of new() and of place_order() together
function client.place_once(order, options)
  local for_client, for_order = {}, {}
  if options ~= nil and type(options) ~= "table" then
    options_of.raise("bad options to 'place_order' (table expected, got %s)",
                     type(options))
  end
  for name, value in pairs(options or {}) do
    local known = order_of.options[name] and for_order or for_client
    known[name] = value
  end
  options_of.check(for_client, client_options.rules, "place_order")
  for_order = order_of.check_options(for_order, order_of.options,
                                     "place_order")
  order_of.endpoint(for_order.product, "place_order")
  local self, err = client.new(for_client)
  if not self then
    return nil, errors.of_order(err)
  end
  local ok, result, info = pcall(self.place_order, self, order, for_order)
  self:close()
  if not ok then
    error(result, 0)
  end
  return result, info
end

calls.methods(meta, "client", methods)

return client

--- The client: which request goes out, and what its answer means. It knows
-- no socket: a transport does the exchange.

local core = require "certcentral.core"
local certcentral = require "certcentral"
local defaults = require "certcentral.defaults"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local journal_lines = require "certcentral.journal_lines"
local policy = require "certcentral.policy"

local client = {}

local min = math.min

local REGIONS = {
  us = "https://www.digicert.com/services/v2",
  eu = "https://certcentral.digicert.eu/services/v2",
}
local ID_LENGTH = 26 -- 62^26 names: as good as never the same twice

-- ---- options -------------------------------------------------------------

local function seconds(value)
  if type(value) ~= "number" or not (value > 0 and value < 1e6) then
    return "number of seconds above 0"
  end
end

local function region(value)
  if type(value) ~= "string" or not REGIONS[value] then
    return "'us' or 'eu'"
  end
end

local function is_callable(value)
  local meta = type(value) == "table" and debug.getmetatable(value)
  return type(value) == "function" or
         type(meta) == "table" and type(rawget(meta, "__call")) == "function"
end

-- A function, or a world: see world_of.
local function transport(value)
  if value == "curl" or is_callable(value) then
    return nil
  elseif type(value) ~= "table" or not is_callable(value.perform) then
    return "function, 'curl' or table with 'perform'"
  end
  for _, name in ipairs { "sleep", "clock", "time", "random" } do
    if value[name] ~= nil and not is_callable(value[name]) then
      return ("table whose '%s' is a function"):format(name)
    end
  end
end

local function seconds_or_none(value)
  if type(value) ~= "number" or not (value >= 0 and value < 1e6) then
    return "number of seconds from 0"
  end
end

local RETRY = { attempts = 4, base = 0.5, cap = 30 }

local function retry(value)
  if type(value) ~= "table" then
    return "table {attempts =, base =, cap =}"
  end
  for name, number in pairs(value) do
    if RETRY[name] == nil then
      return "table of attempts, base and cap"
    elseif type(number) ~= "number" or not (number >= 0 and number < 1e6) then
      return ("table whose '%s' is a number from 0"):format(name)
    end
  end
  local attempts = value.attempts
  if attempts and (attempts < 1 or attempts % 1 ~= 0) then
    return "table whose 'attempts' is an integer from 1"
  end
end

local function rate(value)
  return require("certcentral.budget").rate_problem(value)
end

local function budget(value)
  if not require("certcentral.budget").is_budget(value) then
    return "budget with 'take' and 'done'"
  end
end

local function journal(value)
  if not require("certcentral.journal").is_journal(value) then
    return "journal with 'write' and 'read'"
  end
end

local function callable(value)
  if not is_callable(value) then
    return "function"
  end
end

local client_options = {
  api_key = "string", base_url = "string", region = region,
  blocklist = "string", ca_file = "string", proxy = "string", timeout = seconds,
  connect_timeout = seconds, user_agent = "string", transport = transport,
  retry = retry, deadline = seconds, recover_for = seconds_or_none,
  unique_ids = "boolean", rate = rate, budget = budget, journal = journal,
  on_event = callable, defaults = defaults.problem,
}

local function has_control(text)
  return text:find("[%c]") ~= nil
end

-- https, or http to this machine alone; no query, user or fragment.
local function url_problem(url)
  local scheme, rest = url:match("^(%a+)://(.+)$")
  if not scheme then
    return "must begin with https://"
  elseif has_control(url) or url:find("[ ?#@\\]") then
    return "must be a plain address without user, query and spaces"
  end
  local host = rest:match("^%[([%x:]+)%]") or rest:match("^[^/:]+")
  scheme = scheme:lower()
  if not host then
    return "must name a host"
  elseif scheme == "http" then
    if not (host == "localhost" or host == "::1" or
            host:find("^127%.%d+%.%d+%.%d+$")) then
      return "must be https: plain http is for this machine alone"
    end
  elseif scheme ~= "https" then
    return "must begin with https://"
  end
end

local function config_error(format, ...)
  return nil, errors.new("config", format:format(...))
end

local function find_key(options)
  local key = options.api_key or os.getenv("CERTCENTRAL_API_KEY")
  if not key or key == "" then
    return config_error("no API key: give api_key, or set "
                        .. "CERTCENTRAL_API_KEY in the environment")
  elseif has_control(key) or key:find("[\128-\255 ]") then
    return config_error("the API key has a space, a line break or another "
                        .. "character that no header may carry")
  end
  return key
end

local function find_url(options)
  if options.base_url and options.region then
    options_of.raise("options 'base_url' and 'region' to 'new' exclude each "
                     .. "other")
  end
  local url = options.base_url or REGIONS[options.region or ""]
  if not url then
    url = os.getenv("CERTCENTRAL_BASE_URL")
    url = url and url ~= "" and url or REGIONS.us
  end
  local problem = url_problem(url)
  if problem then
    return config_error("base_url %s, got %s", problem,
                        core.printable(url:gsub("//[^/]*@", "//"), 80))
  end
  return (url:gsub("/+$", ""))
end

local function find_ca_file(options)
  local name = options.ca_file or os.getenv("CERTCENTRAL_CA_FILE")
  if not name or name == "" then
    return true
  end
  local file, message = io.open(name, "rb")
  if not file or not file:read(1) then
    if file then
      file:close()
    end
    return config_error("ca_file cannot be read: %s",
                        message or name .. ": not a file with content")
  end
  file:close()
  return name
end

-- ---- making and closing --------------------------------------------------

local methods = require("certcentral.methods")({})
local meta = { __index = methods, __name = "certcentral.client" }

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
  for name, usual in pairs(RETRY) do
    self.retry[name] = options.retry and options.retry[name] or usual
  end
  self.deadline = options.deadline or 120
  self.recover_for = options.recover_for or 60
  self.unique_ids = options.unique_ids
  self.journal, self.on_event = options.journal, options.on_event
  self.defaults = options.defaults and defaults.copy(options.defaults)
end

-- Waits in one piece; a signal that raises in Lua ends it.
local function sleep(duration)
  local ends = core.clock() + duration
  repeat
    core.sleep(ends - core.clock())
  until core.clock() >= ends
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
-- random() a number from 0 up to 1.
local function set_world(self, options, ca_file)
  local given = type(options.transport) == "table" and
                not is_callable(options.transport) and options.transport or {}
  self.world = {
    sleep = given.sleep or sleep, clock = given.clock or core.clock,
    time = given.time or os.time, random = given.random or random,
  }
  self.custom = given.perform or
                is_callable(options.transport) and options.transport or nil
  if not self.custom then
    self.curl_options = { api_key = self.secret, proxy = options.proxy,
                          ca_file = ca_file }
  end
  self.budget = options.budget
  if not self.budget and options.rate ~= false then
    self.budget = require("certcentral.budget")
      .from_rate(options.rate, self.world.clock)
  end
end

--- Makes a client; see the README for the options.
-- @return the client; or nil, err (kind "config")
function client.new(options)
  options = options or {}
  options_of.check(options, client_options, "new")
  local key, url, ca_file, err
  key, err = find_key(options)
  if not key then
    return nil, err
  end
  url, err = find_url(options)
  if not url then
    return nil, err
  end
  ca_file, err = find_ca_file(options)
  if not ca_file then
    return nil, err
  end
  local agent = "certcentral/" .. core.version
  if options.user_agent then
    if has_control(options.user_agent) then
      return config_error("user_agent has a control character")
    end
    agent = agent .. " " .. options.user_agent
  end
  local secret = core.secret(key)
  local self = setmetatable({
    base_url = url,
    secret = secret,
    -- what the other side says may hold the key
    mask = function(text) return secret:mask(text) end,
    timeout = options.timeout or 30,
    connect_timeout = options.connect_timeout or 10,
    headers = { ["Content-Type"] = "application/json",
                ["Accept"] = "application/json", ["User-Agent"] = agent },
    get_headers = { ["Accept"] = "application/json",
                    ["User-Agent"] = agent },
    csr_memory = { client_blocklist = options.blocklist },
    queues = setmetatable({}, { __mode = "k" }), -- those that are open
  }, meta)
  set_policy(self, options)
  set_world(self, options, ca_file ~= true and ca_file or nil)
  return self
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
  if self.close_curl then
    self.close_curl()
  end
  if problem then
    error(problem, 0)
  end
end

meta.__gc = methods.close
meta.__close = methods.close

-- ---- one exchange --------------------------------------------------------

-- A transport of the caller's own gets the key as a header.
local function headers_with_key(self, usual)
  local headers = { ["X-DC-DEVKEY"] = self.secret:reveal() }
  for name, value in pairs(usual) do
    headers[name] = value
  end
  return headers
end

local function bad_answer(what)
  return nil, { sent = "maybe", message = "the transport " .. what }
end

local function copy_headers(given)
  local headers = {}
  if type(given) == "table" then
    for name, value in next, given do
      if type(name) == "string" then
        headers[name:lower()] = value
      end
    end
  end
  return headers
end

-- A transport of the caller's own may do anything, raise included; what it
-- did to the order is then not known. Its tables are read without asking
-- their metatables.
local function call_custom(self, request)
  request.headers = headers_with_key(self, request.headers)
  local ok, answer, failure = pcall(self.custom, request)
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

-- libcurl's handle is made for the first exchange: a client may be made
-- before its process forks.
local function open_curl(self)
  if not self.curl then
    local open = require("certcentral.transport.curl")
    local perform, close = open(self.curl_options)
    if not perform then
      return nil, { sent = "no", config = true, message = close }
    end
    self.curl, self.close_curl = perform, close
  end
  return self.curl
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

--- One exchange, for the policy: the arguments of _request.
-- @return response; or nil, failure
function methods:_exchange(...)
  local request = self:_request(...)
  if self.custom then
    return call_custom(self, request)
  end
  local perform, failure = open_curl(self)
  if not perform then
    return nil, failure
  end
  return perform(request)
end

-- ---- orders --------------------------------------------------------------

local function given(value)
  return value ~= nil and value ~= core.null
end

-- The name that the order has or is to get; nil with once = false.
local function name_for(order, options)
  local name = rawget(order, "alternative_order_id")
  if given(name) then
    return name
  elseif options.once ~= false then
    return core.random_id(ID_LENGTH) or
           error("no random bytes from the system", 0)
  end
end

-- An order that is ready to go: {path, body, once, ours, warnings}; or nil,
-- err.
local function prepare(self, order, options, name, who)
  local path = certcentral._endpoint(options.product, who)
  local body, warnings = certcentral._check(order, options, true, name,
                                            self.csr_memory)
  if not body then
    return nil, warnings
  end
  local certificate = rawget(order, "certificate")
  return {
    path = path, body = body, warnings = warnings,
    product = options.product or core.product,
    once = options.once ~= false and name ~= nil,
    ours = { common_name = rawget(certificate, "common_name"),
             csr = rawget(certificate, "csr") },
  }
end

local function with_more(warnings, more)
  for _, warning in ipairs(more) do
    warnings[#warnings + 1] = warning
  end
  return warnings
end

-- What the call returns: result, info; or nil, err.
local function finish(call, order, result, answer)
  local info = {
    attempts = call.attempts, alternative_order_id = call.name,
    warnings = with_more(order.warnings, call.warnings),
    event_error = call.event_error, journal_error = call.journal_error,
  }
  if not result then
    local err = answer
    for name, value in pairs(info) do
      err[name] = value
    end
    call:emit { event = "outcome", outcome = err.outcome, kind = err.kind,
                message = err.message, attempts = call.attempts }
    return nil, err
  end
  info.status, info.recovered = answer.status, call.recovered or false
  info.existed = call.existed
  info.seconds = call.world.clock() - call.started
  call:emit { event = "outcome", outcome = "placed", order_id = result.id,
              recovered = info.recovered, attempts = call.attempts }
  return result, info
end

-- What stops a script (Ctrl-C) must not cost the order's name.
local function raise_interrupted(call, message)
  if type(message) == "string" and call.attempts > 0 then
    message = ("%s (the order%s may have been placed)"):format(message,
      call.name and (" '%s'"):format(call.name) or "")
  end
  error(message, 0)
end

require "certcentral.interpreted"(finish, with_more)

-- Places it, with a line in the journal before and one after.
local function place(self, call, order)
  local record, err
  if self.journal then
    record, err = journal_lines.intent(self, call, order)
    if not record then
      return finish(call, order, nil, err)
    end
  end
  local ok, result, answer = pcall(call.place, call, order)
  if not ok then
    raise_interrupted(call, result)
  elseif record then
    call.journal_error = record(result, answer)
  end
  return finish(call, order, result, answer)
end

local function begin(self, order, options, who)
  certcentral._check_order(order, who)
  options = certcentral._check_options(options, certcentral._order_options,
                                       who)
  if self.closed then
    options_of.raise("this client is closed")
  end
  return options, defaults.merge(self.defaults, order)
end

--- An order that is ready to go, for _place and for queues; or nil, err.
function methods:_ready(order, options, who)
  options, order = begin(self, order, options, who)
  local name = name_for(order, options)
  local ready, err = prepare(self, order, options, name, who)
  if ready then
    ready.name = name
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
  return errors.invalid(problems, err and err.warnings or {}, #problems)
end

--- Places an order unless a live order of its alternative_order_id is there:
-- for scripts that may run twice.
-- @param order the order table, with alternative_order_id
-- @param options as for place_order
-- @return result, info (info.existed tells a found order); or nil, err
function methods:ensure_order(order, options)
  options, order = begin(self, order, options, "ensure_order")
  local name = rawget(order, "alternative_order_id")
  name = given(name) and name ~= "" and name or nil
  local ready, err = prepare(self, order, options, name, "ensure_order")
  if not name then
    return nil, nameless(err)
  elseif not ready then
    return nil, err
  end
  local call = policy.call(self, name)
  local result, answer = call:existing()
  call.existed = result ~= nil
  if result or answer then
    return finish(call, ready, result, answer)
  end
  return place(self, call, ready)
end

--- Looks up what a crash left open in the journal.
-- @param options settle: seconds (default 3600) after which an order that is
--   not found counts as not placed
-- @return list of {alternative_order_id, outcome, order_id, result, warnings,
--   time, product, common_name, sha256, message}; or nil, err
function methods:recover(options)
  options = options or {}
  options_of.check(options, { settle = seconds_or_none }, "recover")
  if self.closed then
    options_of.raise("this client is closed")
  elseif not self.journal then
    options_of.raise("this client has no journal to recover from")
  end
  return journal_lines.recover(self, options.settle or 3600)
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
    local known = certcentral._order_options[name] and for_order or for_client
    known[name] = value
  end
  options_of.check(for_client, client_options, "place_order")
  for_order = certcentral._check_options(for_order,
    certcentral._order_options, "place_order")
  certcentral._endpoint(for_order.product, "place_order")
  local self, err = client.new(for_client)
  if not self then
    return nil, err
  end
  local ok, result, info = pcall(self.place_order, self, order, for_order)
  self:close()
  if not ok then
    error(result, 0)
  end
  return result, info
end

return client

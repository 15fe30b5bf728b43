--- Which of its transports a client uses, and how it waits: in an nginx
-- worker nothing may block.
--
--   local wire = transports.new(name or nil, { api_key = secret, ca_file =,
--                                              proxy = })
--   local response, failure = wire:perform(request)
--
-- Without a name that is libcurl, and in an nginx worker lua-resty-http
-- where it is installed, else libcurl in nginx's worker threads. It is
-- settled with each exchange: a client that was made in init_by_lua, before
-- the workers are there, is used by them.

local core = require "certcentral.core"
local errors = require "certcentral.error"

local transports = {}

local NAMES = { "curl", "resty", "thread" }
local OF_NGINX = { resty = true, thread = true }

-- Phases of nginx in which a Lua function cannot wait without blocking.
local NO_WAITING = {
  init_worker = true, set = true, balancer = true, header_filter = true,
  body_filter = true, log = true, ssl_session_store = true,
  exit_worker = true,
}

local KEY_HEADER = "X-DC-DEVKEY"

-- ---- where we are --------------------------------------------------------

local function global(name)
  return _G[name]
end

-- nginx's table; nil elsewhere, even where unknown globals raise.
local function find_nginx()
  local ok, ngx = pcall(global, "ngx")
  return ok and type(ngx) == "table" and type(ngx.get_phase) == "function"
         and ngx or nil
end

-- nginx's table and the phase, in a worker; nil elsewhere. Before there are
-- workers, and in nginx's worker threads, all may block.
local function in_worker()
  local ngx = find_nginx()
  if not ngx then
    return nil
  end
  local ok, phase = pcall(ngx.get_phase)
  if ok and phase ~= "init" then
    return ngx, phase
  end
end

--- Whether this is nginx before it has workers, which run as a user that
-- nothing says here.
function transports.is_before_workers()
  return find_nginx() ~= nil and in_worker() == nil
end

-- Waits in one piece; a signal that raises in Lua ends it.
local function block(duration)
  local ends = core.clock() + duration
  repeat
    core.sleep(ends - core.clock())
  until core.clock() >= ends
end

--- Waits; in an nginx worker others go on meanwhile.
function transports.sleep(seconds)
  local ngx, phase = in_worker()
  if not ngx or NO_WAITING[phase] then
    return block(seconds)
  end
  local ends = core.clock() + seconds
  repeat -- its time is of a millisecond's grain, and as old as its last look
    ngx.sleep(math.max(0.001, ends - core.clock()))
  until core.clock() >= ends
end

-- ---- choosing ------------------------------------------------------------

local function is_installed()
  return (pcall(require, "resty.http"))
end

-- Words for a transport that cannot be had; nil where it can.
local function missing(name)
  local ngx = find_nginx()
  if OF_NGINX[name] and not ngx then
    return ("transport '%s' is for nginx with its Lua module: there is no "
            .. "'ngx' here"):format(name)
  elseif name == "resty" and not is_installed() then
    return "transport 'resty' needs lua-resty-http, which cannot be loaded: "
           .. "install it, or give transport = 'thread'"
  elseif name == "thread" and not ngx.run_worker_thread then
    return "transport 'thread' needs an nginx that was built with threads "
           .. "and a Lua module of 0.10.21 or newer: install "
           .. "lua-resty-http and give transport = 'resty'"
  end
end

local BLOCKS = "libcurl would block this nginx worker with all its requests"

-- The transport to use here and now; or nil, in words why not.
local function choose(named)
  local ngx, phase = in_worker()
  if not ngx then
    local problem = named and missing(named)
    if not problem and OF_NGINX[named] then
      problem = ("transport '%s' is for nginx's workers: there are none yet "
                 .. "in init_by_lua"):format(named)
    end
    return not problem and "curl" or nil, problem
  elseif named == "curl" then
    return "curl"
  elseif NO_WAITING[phase] then
    return nil, ("cannot send in %s_by_lua: nginx does not allow waiting "
                 .. "there; use a timer, ngx.timer.at"):format(phase)
  end
  local name = named or is_installed() and "resty" or "thread"
  local problem = missing(name)
  if problem and not named then
    problem = BLOCKS .. ", and nothing else is available: install "
              .. "lua-resty-http, or allow it with transport = 'curl'"
  end
  return not problem and name or nil, problem
end

--- Says what is wrong with the name of a transport: nil, or words for what
-- was expected and what was got.
function transports.problem(name)
  for _, known in ipairs(NAMES) do
    if name == known then
      return nil
    end
  end
  return "'curl', 'resty', 'thread', a function or a table with 'perform'",
         type(name) == "string" and
         ("'%s'"):format(core.printable(name, 40)) or nil
end

-- ---- the wire ------------------------------------------------------------

local Wire = {}
Wire.__index = Wire

--- Makes the transports of a client; nothing is loaded for libcurl yet.
-- @param name "curl", "resty", "thread" or nil
-- @param options {api_key = a secret of the core's, ca_file, proxy}
-- @return the wire; or nil, err (kind "config") for a name that cannot be
--   had here
function transports.new(name, options)
  local problem = name and missing(name)
  if problem then
    return nil, errors.new("config", problem)
  end
  local is_nginx = find_nginx() ~= nil
  if is_nginx and name ~= "curl" then
    is_installed() -- loads it: before the workers fork, where that can be
  end
  return setmetatable({ name = name, options = options, opened = {},
                        closers = {}, outside = not is_nginx }, Wire)
end

local function misconfigured(message)
  return nil, { sent = "no", config = true, message = message }
end

local function options_for(self, name)
  local options = {}
  for key, value in pairs(self.options) do
    options[key] = value
  end
  if name ~= "curl" then
    options.api_key = nil -- it comes with each request
  end
  return options
end

-- The function of the transport to use, and its name; or nil, failure.
local function open(self)
  local name, message = choose(self.name)
  if not name then
    return misconfigured(message)
  elseif not self.opened[name] then
    local perform, close =
      require("certcentral.transport." .. name)(options_for(self, name))
    if not perform then
      return misconfigured(close)
    end
    self.opened[name], self.closers[name] = perform, close
  end
  return self.opened[name], name
end

--- Gives a request what a transport that is not libcurl needs in Lua: the API
-- key among its headers, and its body as a string.
-- @return the request
function transports.reveal(secret, request)
  local headers = { [KEY_HEADER] = secret:reveal() }
  for name, value in pairs(request.headers) do
    headers[name] = value
  end
  request.headers = headers
  if type(request.body) == "userdata" then
    request.body = request.body:reveal()
  end
  return request
end

-- What was opened before nginx forks must not be shared by its workers.
local function close_before_fork(self)
  if transports.is_before_workers() then
    self:close()
  end
end

--- One exchange.
-- @return response; or nil, failure
function Wire:perform(request)
  if self.outside and self.opened.curl then
    return self.opened.curl(request)
  end
  local perform, name = open(self)
  if not perform then
    return nil, name
  elseif name ~= "curl" then
    transports.reveal(self.options.api_key, request)
  end
  local response, failure = perform(request)
  close_before_fork(self)
  return response, failure
end

--- Closes its connections; those of nginx's pools stay there for a while.
function Wire:close()
  local closers = self.closers
  self.opened, self.closers = {}, {}
  for _, close in pairs(closers) do
    close()
  end
end

--- Whether it goes over libcurl, and libcurl wipes what it frees.
function Wire:wipes_memory()
  local name = choose(self.name)
  return (name == "curl" or name == "thread")
         and require("certcentral.curl").wipes
end

--- Loads what a queue needs: it must not take its time in a step.
function Wire:prepare()
  if choose(self.name) == "curl" then
    require "certcentral.curl"
  end
end

--- What a queue sends many requests at once with: see curl.multi.
-- @return the multi; or nil, message
function Wire:multi(connections)
  local name, message = choose(self.name)
  if not name then
    return nil, message
  elseif name ~= "curl" then
    local function perform(request)
      return self:perform(request)
    end
    return require("certcentral.transport.light")(perform)
  end
  local options = options_for(self, name)
  options.connections = connections
  return require("certcentral.curl").multi(options)
end

return transports

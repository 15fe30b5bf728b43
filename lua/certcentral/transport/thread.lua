-- The transport over libcurl in nginx's worker threads, for an nginx without
-- lua-resty-http: the thread waits, the worker does not.
--
--   local transport, close = require "certcentral.transport.thread" {
--     proxy =, ca_file =, body_max = }
--   local response, failure = transport(request)
--
-- The API key is one of the request's headers. It crosses to the thread as
-- all of the request does: as a copy in another Lua state, which is garbage
-- after the exchange. Connections stay in those states; `close` leaves them.

local ngx = _G.ngx -- luacheck: ignore

local core = require "certcentral.core"

local POOL = "certcentral"
local TASK = "certcentral.transport.thread_task"

-- What nginx.conf has to say. A queue that is full would abort the worker
-- (ngx_lua 0.10.23), so there are never more tasks than SLOTS in a worker;
-- and where nginx has fewer Lua states for its threads (10 by default in
-- ngx_lua 0.10.28), never more than these.
local SLOTS = 32
local DIRECTIVE = ("thread_pool %s threads=%d max_queue=65536;")
  :format(POOL, SLOTS)

local STATES = "write 'lua_worker_thread_vm_pool_size 100;' in the http "
  .. "block of nginx.conf, or a larger number"

local GRACE = 5 -- seconds: a task ends so soon after its time
local REST = 60 -- seconds for which a slot without a Lua state is not used
local PAUSE = 0.01 -- seconds before nginx is asked again for a Lua state

-- ---- slots ---------------------------------------------------------------

-- Those of this worker: the thread pool is the worker's, not a client's.
local free -- a semaphore
local held = {} -- slot -> when it is free for certain

-- A request that nginx ended while its task ran never gave its slot back.
local function take_back(now)
  for slot, ends in pairs(held) do
    if now > ends then
      held[slot] = nil
      free:post(1)
    end
  end
end

-- A slot, waited for until `ends`; or nil.
local function take(ends)
  local now = core.clock()
  free = free or require("ngx.semaphore").new(SLOTS)
  take_back(now)
  if not free:wait(math.max(0, ends - now)) then
    return nil
  end
  local slot = {}
  held[slot] = ends + GRACE
  return slot
end

local function give(slot)
  if held[slot] then
    held[slot] = nil
    free:post(1)
  end
end

-- Whether another slot of this worker has a task, which will give it back.
local function others_run(slot)
  for other in pairs(held) do
    if other ~= slot and not other.rests then
      return true
    end
  end
  return false
end

-- nginx had no Lua state for the task of this slot. As long as others run,
-- the slot is of no use: it rests, and there is one task less at a time. Else
-- it is others that use the states, and the slot is tried again.
-- @return the slot to try again with, or nil
local function take_again(slot, ends)
  if others_run(slot) then
    slot.rests = true
    held[slot] = core.clock() + REST
    return take(ends)
  end
  ngx.sleep(PAUSE)
  if core.clock() < ends then
    return slot
  end
  give(slot)
end

-- ---- failures ------------------------------------------------------------

local function no(message, members)
  local failure = members or {}
  failure.sent, failure.message = "no", message
  return failure
end

local function misconfigured(message)
  return no(message, { config = true, retryable = false })
end

-- What nginx says where it did not start the task: what follows from it.
local NOT_STARTED = {
  { "^thread pool .* not found", function()
    return misconfigured(("nginx.conf defines no thread pool '%s': write "
      .. "'%s' in its main block, or install lua-resty-http")
      :format(POOL, DIRECTIVE))
  end },
  { "^module '.-' not found", function(said)
    return misconfigured("nginx's threads cannot load "
      .. said:match("^module ('.-') not found")
      .. ": set lua_package_path in nginx.conf")
  end },
}

-- What nginx said in place of the task. Where it is not known to have been
-- said before the task began, nothing is certain.
local function broken(said)
  said = tostring(said)
  for _, row in ipairs(NOT_STARTED) do
    if said:find(row[1]) then
      return row[2](said)
    end
  end
  return { sent = "maybe", message = "the worker thread failed: " .. said }
end

-- ---- one exchange --------------------------------------------------------

local NO_STATE = "^no available Lua vm"

-- Runs the task once. Returns what it returns, or nil and a failure; or
-- nothing where nginx had no Lua state for it, and so did not begin it.
local function try(options, request, ends)
  local allowed, ok, response, failure = pcall(ngx.run_worker_thread, POOL,
    TASK, "perform", options, request, ends)
  if not allowed then -- nothing was begun: not allowed in this phase
    return nil, misconfigured("nginx runs no thread here: " .. tostring(ok))
  elseif not ok and tostring(response):find(NO_STATE) then
    return nil
  elseif not ok then
    return nil, broken(response)
  end
  return response, failure
end

local function run(options, request, ends)
  local slot, why = take(ends), "no worker thread was free within %g seconds"
  while slot do
    local response, failure = try(options, request, ends)
    if response or failure then
      give(slot)
      return response, failure
    end
    slot = take_again(slot, ends)
    why = "all Lua states of nginx's threads were in use for %g seconds: "
          .. STATES
  end
  return nil, no(why:format(request.timeout))
end

return function(options)
  if not ngx.run_worker_thread then
    return nil, "this nginx has no worker threads for Lua: install "
      .. "lua-resty-http"
  end
  local own = { ca_file = options.ca_file, proxy = options.proxy,
                body_max = options.body_max }

  local function transport(request)
    return run(own, request, core.clock() + request.timeout)
  end

  return transport, function() end
end

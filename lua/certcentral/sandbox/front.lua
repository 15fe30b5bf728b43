-- The sandbox inside nginx: what the configuration that server.lua writes
-- calls in each phase. One worker, so the state is in this module.

local ngx = ngx -- luacheck: ignore

local ca = require("certcentral.sandbox.ca")
local json = require("certcentral.sandbox.json")
local sandbox = require("certcentral.sandbox")
local semaphore = require("ngx.semaphore")

local front = {}

local settings, box

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function now()
  ngx.update_time()
  return ngx.now()
end

-- Seconds: no request is held for longer.
local LONGEST = 3600

local function hold()
  local one = semaphore.new()
  return function() one:wait(LONGEST) end, function() one:post() end
end

-- init_by_lua: `dir` is the directory that server.lua has written. An error
-- here keeps nginx from starting, with its message.
function front.init(dir)
  settings = assert(json.decode(read_file(dir .. "/settings.json")))
  local options = settings.options
  options.ca = ca.load(settings.ca)
  options.clock = now
  options.sleep = ngx.sleep
  options.hold = hold
  box = sandbox.new(options)
end

-- Watching the owner -------------------------------------------------------

local ESRCH, SIGTERM = 3, 15

-- Ends nginx when the process that started it is gone without stopping it.
local function watch(_, ffi, master)
  if ffi.C.kill(settings.owner, 0) == 0 or ffi.errno() ~= ESRCH then
    return
  end
  if settings.remove then
    os.execute(settings.remove)
  end
  ffi.C.kill(master, SIGTERM)
end

-- init_worker_by_lua
function front.init_worker()
  local ffi = require("ffi")
  ffi.cdef("int kill(int pid, int signal); int getppid(void);")
  assert(ngx.timer.every(1, watch, ffi, ffi.C.getppid()))
end

-- Requests -----------------------------------------------------------------

-- ssl_client_hello_by_lua: a refused connection gets no handshake.
function front.hello()
  if box.faults:take_connection() then
    return ngx.exit(ngx.ERROR)
  end
end

-- rewrite_by_lua: a request that is refused on an open connection.
function front.rewrite()
  local path = ngx.var.request_uri:match("^[^?]*")
  if not path:find("^/sandbox/")
    and box.faults:take(ngx.req.get_method(), path, "refuse") then
    return ngx.exit(ngx.HTTP_CLOSE)
  end
end

local function read_body()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then
    return body
  end
  local path = ngx.req.get_body_file()
  return path and read_file(path) or ""
end

local function send(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  if response.status ~= 204 then
    ngx.header["content-length"] = #response.body
  end
  ngx.send_headers()
  ngx.print(response.cut and response.body:sub(1, response.cut)
    or response.body)
end

-- content_by_lua
function front.content()
  local response = box:handle({
    method = ngx.req.get_method(),
    url = ngx.var.request_uri,
    headers = ngx.req.get_headers(0),
    body = read_body(),
    connection = tonumber(ngx.var.connection),
  })
  if response.close or response.refuse then
    return ngx.exit(ngx.HTTP_CLOSE)
  end
  send(response)
  if response.cut then
    ngx.flush(true)
    return ngx.exit(ngx.HTTP_CLOSE)
  end
end

return front

-- An nginx on loopback that has the module in its workers, for specs of what
-- happens there.
--
--   local host = nginx.start { workers = 1, ca_file = "...",
--                              main = "...", http = "...", server = "..." }
--   host.url, host.log(), host.stop()
--
-- main, http and server are text for these blocks of nginx.conf. The specs'
-- modules can be loaded there, too, lua-resty-http or its stand-in where
-- `resty` is not false, and names are those of a name server that knows
-- every name as this machine. `resolver` false: there is none. `states`: how
-- many Lua states nginx has for its threads (100). `user`: whose its workers
-- are where root starts it (root).

local ca = require "certcentral.sandbox.ca"
local core = require "certcentral.core"
local curl = require "certcentral.curl"
local files = require "support.files"
local json = require "cjson"
local server = require "support.server"
local support = require "support.sandbox"

local read, write = files.read, files.write

local nginx = {}

nginx.POOL = "thread_pool certcentral threads=32 max_queue=65536;"

local CONF = [[
load_module MODULES/ndk_http_module.so;
load_module MODULES/ngx_http_lua_module.so;
USER
worker_processes WORKERS;
pid DIR/pid;
error_log DIR/error.log LEVEL;
MAIN
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path DIR/t; proxy_temp_path DIR/t; fastcgi_temp_path DIR/t;
  uwsgi_temp_path DIR/t; scgi_temp_path DIR/t;
  client_body_buffer_size 1m;
  lua_package_path 'LUA_PATH';
  lua_package_cpath 'BUILD/lua5.1/?.so;;';
  lua_ssl_verify_depth 3;
  lua_worker_thread_vm_pool_size STATES;
  CA
  RESOLVER
  HTTP
  server {
    listen 127.0.0.1:PORT;
    SERVER
  }
}
]]

local function shell(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read("*a")
  pipe:close()
  return (text:gsub("%s+$", ""))
end

nginx.shell = shell

--- Starts a name server; `delay` as csrc/test/nameserver.c has it.
-- @return its port, and a function that ends it
function nginx.name_server(delay)
  local text = shell("%s %s", server.program("nameserver"), delay or 0)
  local port, pid = text:match("^(%d+) (%d+)$")
  assert(port, "no name server")
  return port, function() shell("kill %s", pid) end
end

-- Where nginx finds modules: those of this source tree, of its specs, and
-- lua-resty-http in $CERTCENTRAL_TEST_RESTY_HTTP, or its stand-in.
local function lua_path(options)
  local root = shell("pwd -P")
  local list = {}
  if options.resty ~= false then
    list[1] = (os.getenv("CERTCENTRAL_TEST_RESTY_HTTP") or
               root .. "/spec/support/standin") .. "/?.lua"
  end
  for _, place in ipairs { "/lua/?.lua", "/lua/?/init.lua", "/spec/?.lua" } do
    list[#list + 1] = root .. place
  end
  return table.concat(list, ";") .. ";;"
end

local function values_for(options, dir, resolver)
  return {
    DIR = dir, WORKERS = ("%d"):format(options.workers or 1),
    USER = shell("id -u") == "0" and "user " .. (options.user or "root") .. ";"
           or "",
    MODULES = "/usr/lib/nginx/modules", LUA_PATH = lua_path(options),
    BUILD = os.getenv("CERTCENTRAL_TEST_BUILD") or shell("pwd -P") .. "/build",
    CA = options.ca_file and ("lua_ssl_trusted_certificate %s;")
      :format(options.ca_file) or "",
    RESOLVER = resolver and ("resolver 127.0.0.1:%s ipv6=off;")
      :format(resolver) or "",
    LEVEL = options.level or "info", MAIN = options.main or nginx.POOL,
    STATES = ("%d"):format(options.states or 100),
    HTTP = options.http or "", SERVER = options.server or "",
  }
end

-- Where lines are counted, nginx counts its own.
local function counted(conf)
  if not os.getenv("COVERAGE_LINES") then
    return conf
  end
  local begin = ("init_by_lua_block { dofile('%s/spec/support/"
    .. "count_lines.lua') "):format(shell("pwd -P"))
  local count
  conf, count = conf:gsub("init_by_lua_block {", begin)
  if count == 0 then
    conf = conf:gsub("access_log off;", "%0 " .. begin .. "}")
  end
  return (conf:gsub("\nevents", "\nenv COVERAGE_LINES;%0"))
end

--- Runs nginx with what is in a directory; it opens its sockets before it
-- goes to the background. Returns what it said, "started" at the end.
-- @param environment assignments for the shell, or nil
function nginx.run(dir, environment)
  return shell("LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 %s "
    .. "PATH=$PATH:/usr/sbin nginx -p %s -c %s/nginx.conf -e %s/error.log "
    .. "2>&1 </dev/null && echo started",
    os.getenv("CERTCENTRAL_TEST_PRELOAD") or "", environment or "", dir, dir,
    dir)
end

local function launch(dir, values, environment)
  local said
  for _ = 1, 10 do
    values.PORT = ("%d"):format(ca.random_integer(20000, 32000))
    write(dir .. "/nginx.conf", counted((CONF:gsub("%u[%u_]+", values))))
    said = nginx.run(dir, environment)
    if said:find("started$") then
      return values.PORT
    elseif not said:find("Address already in use", 1, true) then
      break
    end
  end
  return nil, said
end

-- nginx's last act is to remove its pid file.
local STOP = [[
file=%s/%s; i=0
pid=$(cat $file 2>/dev/null) && kill -TERM "$pid" 2>/dev/null
while [ -e $file ] && [ $i -lt 500 ]; do sleep 0.01; i=$((i + 1)); done
rm -rf %s]]

--- Ends the nginx of a directory, and removes that.
function nginx.stop(dir, pid_file)
  shell(STOP, dir, pid_file, dir)
end

--- Starts it; see above.
-- @return the host; or nil and what nginx said
function nginx.try(options)
  local dir, resolver, end_resolver = shell("mktemp -d"), nil, nil
  if options.resolver ~= false then
    resolver, end_resolver = nginx.name_server(options.resolver_delay)
  end
  local port, said = launch(dir, values_for(options, dir, resolver),
                            options.environment)
  local function stop()
    nginx.stop(dir, "pid")
    if end_resolver then
      end_resolver()
    end
  end
  if not port then
    stop()
    return nil, said
  end
  return {
    url = "http://127.0.0.1:" .. port, dir = dir, stop = stop,
    log = function() return read(dir .. "/error.log") end,
  }
end

--- The same, or fails.
function nginx.start(options)
  local host, message = nginx.try(options)
  return host or error(message, 2)
end

--- Posts a value as JSON to the host; returns the answer's value and status.
function nginx.post(host, path, value)
  local handle = assert(curl.new {})
  local response, failure = handle:perform { method = "POST",
    url = host.url .. path, body = json.encode(value), timeout = 60,
    connect_timeout = 10 }
  handle:close()
  if not response then
    error(failure.message .. "\n" .. host.log(), 2)
  end
  return json.decode(response.body), response.status, response.body
end

--- A request that has the host place an order in a sandbox, which it asks for
-- by its name: cosockets look for one in a certificate.
-- @param more further options of the client
-- @param change further members of what the host is asked for
function nginx.order_for(host, sandbox, transport, more, change)
  local client = {
    api_key = sandbox.api_key, transport = transport,
    base_url = sandbox.base_url:gsub("127%.0%.0%.1", "localhost"),
    ca_file = transport == "thread" and sandbox.ca_file or nil,
    retry = { attempts = 1 }, recover_for = 0,
  }
  for name, value in pairs(more or {}) do
    client[name] = value
  end
  local asked = { client = client, order = support.order() }
  for name, value in pairs(change or {}) do
    asked[name] = value
  end
  return { method = "POST", url = host.url .. "/place", timeout = 600,
           body = json.encode(asked) }
end

--- Sends a request that many times at once, and calls meanwhile(n) again and
-- again, with the number of answers that there are. Returns their values.
function nginx.place_all(count, request, meanwhile)
  local multi = assert(curl.multi { connections = count })
  for _ = 1, count do
    assert(multi:add(request))
  end
  local answers = {}
  while #answers < count do
    for _, result in ipairs(multi:step(0.01)) do
      assert(result.response, result.failure and result.failure.message)
      answers[#answers + 1] = json.decode(result.response.body)
    end
    if meanwhile then
      meanwhile(#answers)
    end
  end
  multi:close()
  return answers
end

--- Asks for /ping: how long it took, in seconds.
function nginx.ping(host, handle)
  local began = core.clock()
  local answer = assert(handle:perform { method = "GET", timeout = 100,
                                         url = host.url .. "/ping" })
  assert(answer.status == 200)
  return core.clock() - began
end

return nginx

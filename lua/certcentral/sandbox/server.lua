-- The sandbox behind HTTPS: an nginx with its Lua module on loopback.
--
--   local server = assert(require("certcentral.sandbox.server").start())
--   ... server.base_url, server.ca_file, server.api_key ...
--   server.stop()
--
-- nginx ends by itself, within a second or so, when the process that started
-- it is gone without having called stop.

local ca = require("certcentral.sandbox.ca")
local json = require("certcentral.sandbox.json")
local routes = require("certcentral.sandbox.routes")
local sandbox = require("certcentral.sandbox")

local server = {}

-- Below the ports that systems hand out to outgoing connections.
local FIRST_PORT, LAST_PORT = 20000, 32000
local ATTEMPTS = 5
local MODULES = { "ndk_http_module.so", "ngx_http_lua_module.so" }
local SEARCH = "PATH=\"$PATH:/usr/sbin:/usr/local/sbin"
  .. ":/usr/local/openresty/nginx/sbin\"; "

-- Options: those of the sandbox that make sense in another process, and
local OPTIONS = {
  port = "number",        -- of HTTPS; a free one by default
  dir = "string",         -- an existing directory to work in; kept by stop
  plain_http = "boolean", -- the control port serves the API too
  http2 = "boolean",      -- default false
  lua_path = "string",    -- searched before the modules' own directory
  api_key = "string",
  rate_limits = "boolean",
  unique_alternative_order_ids = "boolean",
  domain_key = "string",
}

local SANDBOX_OPTIONS = { "api_key", "rate_limits",
  "unique_alternative_order_ids", "domain_key" }

local CONF = [[
{{load}}
{{user}}
worker_processes 1;
pid {{dir}}/nginx.pid;
error_log {{dir}}/error.log warn;
events { worker_connections 1024; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path {{dir}}/body;
  proxy_temp_path {{dir}}/proxy;
  fastcgi_temp_path {{dir}}/fastcgi;
  uwsgi_temp_path {{dir}}/uwsgi;
  scgi_temp_path {{dir}}/scgi;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  keepalive_timeout 3600s;
  keepalive_requests 1000000;
  lua_package_path '{{lua_path}}';
  init_by_lua_block {
    require("certcentral.sandbox.front").init("{{dir}}")
  }
  init_worker_by_lua_block {
    require("certcentral.sandbox.front").init_worker()
  }
  server {
    listen 127.0.0.1:{{port}} ssl{{http2}};
    ssl_certificate {{dir}}/server.pem;
    ssl_certificate_key {{dir}}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_hello_by_lua_block {
      require("certcentral.sandbox.front").hello()
    }
    location / {
      rewrite_by_lua_block { require("certcentral.sandbox.front").rewrite() }
      content_by_lua_block { require("certcentral.sandbox.front").content() }
    }
  }
  server {
    listen 127.0.0.1:{{control_port}};
    location = / {
      rewrite_by_lua_block { require("certcentral.sandbox.front").rewrite() }
      content_by_lua_block { require("certcentral.sandbox.front").content() }
    }
    location {{control_path}} {
      rewrite_by_lua_block { require("certcentral.sandbox.front").rewrite() }
      content_by_lua_block { require("certcentral.sandbox.front").content() }
    }
  }
}
]]

-- Which Debian package brings what nginx's Lua did not find.
local PACKAGES = {
  { "module 'openssl", "lua-luaossl" },
  { "module '_openssl", "lua-luaossl" },
  { "module 'cjson", "lua-cjson" },
  { "module 'resty", "lua-resty-core" },
}

-- Small things -------------------------------------------------------------

local function check_options(options)
  for name, value in pairs(options) do
    local expected = OPTIONS[name]
    if not expected then
      error(("unknown server option '%s'"):format(tostring(name)), 3)
    elseif type(value) ~= expected then
      error(("server option '%s' must be a %s, got a %s")
        :format(name, expected, type(value)), 3)
    end
  end
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a shell command; returns its output without the last line end, and
-- its exit status.
local function run(command)
  local pipe = assert(io.popen(command .. "\necho \"|$?\"", "r"))
  local output, status = pipe:read("*a"):match("^(.-)\n?|(%d+)\n$")
  pipe:close()
  return output or "", tonumber(status) or 1
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

local function write_file(path, text)
  local file, message = io.open(path, "wb")
  if not file then
    return nil, message
  end
  file:write(text)
  return file:close()
end

-- The surroundings ---------------------------------------------------------

local function module_lines(nginx)
  local about = run(quote(nginx) .. " -V 2>&1")
  if about:find("openresty", 1, true) or about:find("ngx_lua", 1, true) then
    return ""
  end
  local where = about:match("%-%-modules%-path=([^%s']+)")
    or "/usr/lib/nginx/modules"
  local lines = {}
  for _, name in ipairs(MODULES) do
    local path = where .. "/" .. name
    if not read_file(path) then
      return nil, ("nginx's Lua module was not found (no %s): install "
        .. "libnginx-mod-http-lua"):format(path)
    end
    lines[#lines + 1] = ("load_module %s;"):format(path)
  end
  return table.concat(lines, "\n")
end

local source = debug.getinfo(1, "S").source

-- The directory that this module's own tree lies in.
local function module_root()
  local root = assert(source:match("^@(.*)certcentral/sandbox/server%.lua$"))
    :gsub("/$", "")
  return run("cd " .. quote(root == "" and "." or root) .. " && pwd -P")
end

-- nginx's configuration has no safe way to write these.
local function check_path(path)
  if path:find("[%c'\"$;{}\\ ]") then
    return nil, ("cannot use the path '%s': it holds a character that "
      .. "nginx.conf cannot hold"):format(path)
  end
  return path
end

local function find_surroundings(options)
  local nginx, status = run(SEARCH .. "command -v nginx")
  if status ~= 0 then
    return nil, "nginx was not found: install nginx-light and "
      .. "libnginx-mod-http-lua"
  end
  local load, message = module_lines(nginx)
  if not load then
    return nil, message
  end
  local root
  root, message = check_path(module_root())
  if not root then
    return nil, message
  end
  local lua_path = ("%s/?.lua;%s/?/init.lua;;"):format(root, root)
  return {
    nginx = nginx,
    load = load,
    user = run("id -u") == "0" and "user root;" or "",
    lua_path = options.lua_path and options.lua_path .. ";" .. lua_path
      or lua_path,
    owner = tonumber((run("echo $PPID"))),
  }
end

local function make_dir(options)
  local output, status
  if options.dir then
    output, status = run("cd " .. quote(options.dir) .. " 2>&1 && pwd -P")
  else
    output, status = run("mktemp -d \"${TMPDIR:-/tmp}"
      .. "/certcentral-sandbox.XXXXXX\" 2>&1")
  end
  if status ~= 0 then
    return nil, "no directory to work in: " .. output
  end
  return check_path(output)
end

-- Starting -----------------------------------------------------------------

local function fill(template, values)
  return (template:gsub("{{([%w_]+)}}", function(name)
    return tostring(values[name])
  end))
end

local function write_files(dir, options, around)
  local authority = ca.new(os.time())
  local key, chain = authority:server_identity({ "localhost", "127.0.0.1" },
    os.time())
  local settings = {
    ca = authority:export(),
    owner = around.owner,
    remove = not options.dir and "rm -rf -- " .. quote(dir) or nil,
    options = {},
  }
  for _, name in ipairs(SANDBOX_OPTIONS) do
    settings.options[name] = options[name]
  end
  for name, text in pairs({
    ["server.key"] = key, ["server.pem"] = chain,
    ["ca.pem"] = authority:root_pem(),
    ["settings.json"] = json.encode(settings),
  }) do
    local ok, message = write_file(dir .. "/" .. name, text)
    if not ok then
      return nil, message
    end
  end
  return true
end

local function random_port()
  return ca.random_integer(FIRST_PORT, LAST_PORT)
end

local function launch(dir, options, around, ports)
  local ok, message = write_file(dir .. "/nginx.conf", fill(CONF, {
    dir = dir, load = around.load, user = around.user,
    lua_path = around.lua_path, port = ports.api,
    control_port = ports.control, http2 = options.http2 and " http2" or "",
    control_path = options.plain_http and "/" or "/sandbox/",
  }))
  if not ok then
    return nil, message
  end
  local _, status = run(("%s -p %s -c %s/nginx.conf -e %s/error.log "
    .. ">%s/start.log 2>&1 </dev/null"):format(quote(around.nginx),
    quote(dir), quote(dir), quote(dir), quote(dir)))
  if status == 0 then
    return true
  end
  return nil, read_file(dir .. "/start.log") or "unknown reason"
end

local function explain(output)
  for _, row in ipairs(PACKAGES) do
    if output:find(row[1], 1, true) then
      return ("nginx did not start, a Lua module is missing: install %s")
        :format(row[2])
    end
  end
  return "nginx did not start: " .. output
end

-- nginx opens its sockets before it goes to the background, so a port that
-- is taken shows at once.
local function launch_somewhere(dir, options, around)
  local message
  for _ = 1, ATTEMPTS do
    local ports = { api = options.port or random_port(),
      control = random_port() }
    local ok
    ok, message = launch(dir, options, around, ports)
    if ok then
      return ports
    elseif not message:find("Address already in use", 1, true)
      or message:find(":" .. tostring(options.port) .. " failed", 1, true) then
      break
    end
  end
  return nil, explain(message)
end

-- nginx's last act is to remove its pid file. (The process itself may stay
-- a zombie for as long as process 1 likes.)
local WAIT_FOR_END = [[
file=%s/nginx.pid
pid=$(cat "$file" 2>/dev/null) && kill -TERM "$pid" 2>/dev/null || exit 0
i=0
while [ -e "$file" ] && [ $i -lt 500 ]; do sleep 0.01; i=$((i + 1)); done]]

local function stopper(dir, remove)
  local is_stopped = false
  return function()
    if not is_stopped then
      is_stopped = true
      run("(" .. WAIT_FOR_END:format(quote(dir)) .. ")")
      if remove then
        run("rm -rf -- " .. quote(dir))
      end
    end
  end
end

-- Starts nginx. Returns a table, or nil and a message that names what is
-- missing; an unknown or ill-typed option raises. The table has:
--   base_url, api_key, ca_file   what a client needs
--   root_url        https://127.0.0.1:PORT
--   port            of HTTPS
--   control_url     plain HTTP for the control routes, so that asking for
--                   them does not meet a refused TLS handshake
--   plain_base_url  with plain_http: the API over plain HTTP
--   dir             where nginx.conf and error.log are
--   stop            function: ends nginx, waits for it, removes what start
--                   has made; twice is fine
function server.start(options)
  options = options or {}
  check_options(options)
  local around, dir, ports, ok, message
  around, message = find_surroundings(options)
  if not around then
    return nil, message
  end
  dir, message = make_dir(options)
  if not dir then
    return nil, message
  end
  ok, message = write_files(dir, options, around)
  if ok then
    ports, message = launch_somewhere(dir, options, around)
  end
  local stop = stopper(dir, not options.dir)
  if not ports then
    stop()
    return nil, message
  end
  local root_url = "https://127.0.0.1:" .. ports.api
  local control_url = "http://127.0.0.1:" .. ports.control
  return {
    base_url = root_url .. routes.BASE,
    root_url = root_url,
    control_url = control_url,
    plain_base_url = options.plain_http and control_url .. routes.BASE or nil,
    port = ports.api,
    ca_file = dir .. "/ca.pem",
    api_key = options.api_key or sandbox.DEFAULT_API_KEY,
    dir = dir,
    stop = stop,
  }
end

return server

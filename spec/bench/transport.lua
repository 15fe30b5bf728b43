--- place_order over an open connection against a bare libcurl loop that posts
-- the same bytes: wall time and the client's CPU time. The server and all
-- clients share one core, so that the wall time is the sum of the work; the
-- variants run in turn, the ratio is taken within the round.
--
-- Then: a fresh connection with the system's CA bundle against one with a CA
-- file of one certificate. The server closes each connection; the sandbox's
-- CA is added to a copy of the bundle.

local build = os.getenv("BUILD") or "build"
local ca = require "certcentral.sandbox.ca"
local ROUNDS, COUNT, FRESH = 9, 4000, 200

-- 586 bytes, as an order with tokens for four names is answered.
local ANSWER = '{"id":123456789,"domains":[' .. table.concat({
  '{"id":111,"name":"www1.example.com","dcv_token":{"token":"k1x0p6rc5b0vqx'
  .. 't9wj8x6ykf3m1d2s4t","status":"pending","expiration_date":"2026-12-24T'
  .. '16:25:52+00:00"}}',
  '{"id":112,"name":"app1.example.com","dcv_token":{"token":"k1x0p6rc5b0vqx'
  .. 't9wj8x6ykf3m1d2s4t","status":"pending","expiration_date":"2026-12-24T'
  .. '16:25:52+00:00"}}' }, ",")
  .. '],"requests":[{"id":922432,"status":"pending"}],"certificate_id":'
  .. '456789123,"dcv_random_value":"k1x0p6rc5b0vqxt9wj8x6ykf3m1d2s4t","'
  .. 'order_valid_till":"2027-12-24","subject_common_name":"www1.example.com"'
  .. ',"page":0}'

local CONF = [[
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
%s
worker_processes 1;
pid DIR/pid;
error_log DIR/error.log warn;
events {}
http {
  access_log off;
  client_body_temp_path DIR/t; proxy_temp_path DIR/t; fastcgi_temp_path DIR/t;
  uwsgi_temp_path DIR/t; scgi_temp_path DIR/t;
  client_body_buffer_size 64k;
  keepalive_requests 100000000;
  ssl_certificate DIR/server.pem;
  ssl_certificate_key DIR/server.key;
  ssl_session_tickets off;
  server {
    listen 127.0.0.1:PORT ssl;
    location / { content_by_lua_block {
      ngx.req.read_body()
      ngx.status = 201
      ngx.header["Content-Length"] = #ANSWER
      ngx.print(ANSWER)
    } }
    location /close/ { keepalive_timeout 0; content_by_lua_block {
      ngx.req.read_body()
      ngx.status = 201
      ngx.header["Content-Length"] = #ANSWER
      ngx.print(ANSWER)
    } }
  }
  init_by_lua_block { ANSWER = [==[BODY]==] }
}
]]

local function shell(format, ...)
  local pipe = io.popen(format:format(...))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
end

local dir = shell("mktemp -d"):gsub("%s+$", "")
local SELF = arg[-1]

local function start_server()
  local made = ca.new(os.time())
  local key, certificate = made:server_identity({ "127.0.0.1" }, os.time())
  write(dir .. "/server.key", key)
  write(dir .. "/server.pem", certificate)
  write(dir .. "/ca.pem", made:root_pem())
  local user = shell("id -u"):find("^0") and "user root;" or ""
  for port = 21000, 21100 do
    write(dir .. "/nginx.conf", (CONF:format(user):gsub("DIR", dir)
      :gsub("PORT", port):gsub("BODY", function() return ANSWER end)))
    local said = shell("PATH=$PATH:/usr/sbin taskset -c 0 nginx -p %s "
                       .. "-c %s/nginx.conf 2>&1 && echo started", dir, dir)
    if said:find("started") then
      return ("https://127.0.0.1:%d"):format(port)
    end
  end
  error("no server")
end

local function stop_server()
  shell("kill $(cat %s/pid); rm -rf %s", dir, dir)
end

local function figures(command)
  local text = shell("taskset -c 0 %s", command)
  local wall, cpu = text:match("([%d.]+) ([%d.]+)")
  return assert(tonumber(wall), command .. ": " .. text), tonumber(cpu)
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) / 2]
end

local function compare(name, base, ours)
  local walls, cpus = {}, {}
  for i = 1, ROUNDS do
    local base_wall, base_cpu = figures(base)
    local wall, cpu = figures(ours)
    walls[i], cpus[i] = wall / base_wall, cpu / base_cpu
  end
  print(("%-40s wall %.2f   CPU %.2f"):format(name, median(walls),
                                             median(cpus)))
end

local url = start_server()
local function client(count, where, ca_file)
  return ("%s spec/bench/client.lua %d %s %s"):format(SELF, count, url
    .. where, ca_file)
end
local function base(kind, count, where, ca_file)
  return ("%s/bench/base %s %d %s/order/certificate/x %s %s/body"):format(
    build, kind, count, url .. where, ca_file, dir)
end

local ok, message = pcall(function()
  local one = dir .. "/ca.pem"
  shell("%s %s/body", client(0, "", one), dir)
  shell("cat /etc/ssl/certs/ca-certificates.crt %s > %s/all.pem", one, dir)
  print(rawget(_G, "jit") and jit.version or _VERSION) -- luacheck: ignore
  compare("place_order, open connection", base("", COUNT, "", one),
          client(COUNT, "", one))
  compare("fresh connection: system's CA to one CA",
          client(FRESH, "/close", one),
          client(FRESH, "/close", dir .. "/all.pem"))
end)
stop_server()
assert(ok, message)

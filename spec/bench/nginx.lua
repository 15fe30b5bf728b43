--- An nginx on loopback that answers orders, for measurements.
--
--   local server = nginx.start { http2 = false, locations = "..." }
--   server.url, server.ca_file, server.dir
--   server.stop()
--
-- `locations` is text for nginx.conf; in its Lua code nginx.ANSWER is the
-- global ANSWER.

local ca = require "certcentral.sandbox.ca"
local write = require("support.files").write

local nginx = {}

-- 586 bytes, as an order with tokens for two names is answered.
nginx.ANSWER = '{"id":123456789,"domains":[' .. table.concat({
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
USER
worker_processes 1;
pid DIR/pid;
error_log DIR/error.log warn;
events { worker_connections 2048; }
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
    listen 127.0.0.1:PORT ssl PROTOCOL;
    LOCATIONS
  }
  init_by_lua_block { ANSWER = [==[BODY]==] }
}
]]

--- Runs a command, a format with its arguments; returns its output.
function nginx.shell(format, ...)
  local pipe = io.popen(format:format(...))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local shell = nginx.shell

local function write_certificates(dir)
  local made = ca.new(os.time())
  local key, certificate = made:server_identity({ "127.0.0.1" }, os.time())
  write(dir .. "/server.key", key)
  write(dir .. "/server.pem", certificate)
  write(dir .. "/ca.pem", made:root_pem())
end

local function stop(dir)
  shell("kill $(cat %s/pid); rm -rf %s", dir, dir)
end

--- Starts it on the first core.
function nginx.start(options)
  local dir = shell("mktemp -d"):gsub("%s+$", "")
  local values = {
    DIR = dir, LOCATIONS = options.locations, BODY = nginx.ANSWER,
    PROTOCOL = options.http2 and "http2" or "",
    USER = shell("id -u"):find("^0") and "user root;" or "",
  }
  write_certificates(dir)
  for port = 21000, 21100 do
    values.PORT = ("%d"):format(port)
    write(dir .. "/nginx.conf", (CONF:gsub("%u+", values)))
    local said = shell("PATH=$PATH:/usr/sbin taskset -c 0 nginx -p %s "
                       .. "-c %s/nginx.conf 2>&1 && echo started", dir, dir)
    if said:find("started") then
      return { dir = dir, url = "https://127.0.0.1:" .. values.PORT,
               ca_file = dir .. "/ca.pem",
               stop = function() stop(dir) end }
    end
  end
  error("no server")
end

return nginx

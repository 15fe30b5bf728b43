--- place_order over an open connection against a bare libcurl loop that posts
-- the same bytes: wall time and the client's CPU time. The server and all
-- clients share one core, so that the wall time is the sum of the work; the
-- variants run in turn, the ratio is taken within the round.
--
-- Then: a fresh connection with the system's CA bundle against one with a CA
-- file of one certificate. The server closes each connection; the sandbox's
-- CA is added to a copy of the bundle.

local nginx = require "bench.nginx"
local shell = nginx.shell

local build = os.getenv("BUILD") or "build"
local ROUNDS, COUNT, FRESH = 9, 4000, 200
local SELF = arg[-1]

local CODE = [[ content_by_lua_block {
  ngx.req.read_body()
  ngx.status = 201
  ngx.header["Content-Length"] = #ANSWER
  ngx.print(ANSWER)
} ]]
local server = nginx.start {
  locations = "location / {" .. CODE .. "} location /close/ { "
              .. "keepalive_timeout 0;" .. CODE .. "}",
}

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

local url, dir = server.url, server.dir
local function client(count, where, ca_file)
  return ("%s spec/bench/client.lua %d %s %s"):format(SELF, count, url
    .. where, ca_file)
end
local function base(kind, count, where, ca_file)
  return ("%s/bench/base %s %d %s/order/certificate/x %s %s/body"):format(
    build, kind, count, url .. where, ca_file, dir)
end

local ok, message = pcall(function()
  local one = server.ca_file
  shell("%s %s/body", client(0, "", one), dir)
  shell("cat /etc/ssl/certs/ca-certificates.crt %s > %s/all.pem", one, dir)
  print(rawget(_G, "jit") and jit.version or _VERSION) -- luacheck: ignore
  compare("place_order, open connection", base("", COUNT, "", one),
          client(COUNT, "", one))
  compare("fresh connection: system's CA to one CA",
          client(FRESH, "/close", one),
          client(FRESH, "/close", dir .. "/all.pem"))
end)
server.stop()
assert(ok, message)

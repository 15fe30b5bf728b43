--- place_order over an open connection against a bare libcurl loop that posts
-- the same bytes: wall time and the client's CPU time. The server and all
-- clients share one core, so that the wall time is the sum of the work; the
-- variants run in turn, the ratio is taken within the round.
--
-- Then: a fresh connection with the system's CA bundle against one with a CA
-- file of one certificate. The server closes each connection; the sandbox's
-- CA is added to a copy of the bundle.

local nginx = require "bench.nginx"
local row = require "bench.row"
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

local function compare(name, base, ours, wall_goals, cpu_goals)
  local walls, cpus = {}, {}
  for i = 1, ROUNDS do
    local base_wall, base_cpu = figures(base)
    local wall, cpu = figures(ours)
    walls[i], cpus[i] = wall / base_wall, cpu / base_cpu
  end
  row.print(name .. ": wall", walls, wall_goals)
  row.print(name .. ": client's CPU", cpus, cpu_goals)
end

local url, dir = server.url, server.dir
local function client(what, count, where, ca_file)
  return ("%s spec/bench/client.lua %s %d %s %s %s/body"):format(SELF, what,
    count, url .. where, ca_file, dir)
end
local function base(kind, count, where, ca_file)
  return ("%s/bench/base %s %d 1 %s/order/certificate/x %s %s/body"):format(
    build, kind, count, url .. where, ca_file, dir)
end

local ok, message = pcall(function()
  local one = server.ca_file
  shell("%s", client("body", 0, "", one))
  shell("cat /etc/ssl/certs/ca-certificates.crt %s > %s/all.pem", one, dir)
  row.head "a bare libcurl loop"
  compare("place_order, open connection", base("kept", COUNT, "", one),
          client("time", COUNT, "", one), { 1.50, 1.38 }, { 1.90, 1.65 })
  compare("cjson and the thinnest binding", base("kept", COUNT, "", one),
          client("thin", COUNT, "", one))
  row.print("garbage of place_order, in kB",
            { figures(client("garbage", COUNT, "", one)) / 1000 },
            { 3.5, 3 })
  row.head "a CA file of one certificate"
  compare("fresh connection, system's CAs",
          client("time", FRESH, "/close", one),
          client("time", FRESH, "/close", dir .. "/all.pem"))
end)
server.stop()
assert(ok, message)

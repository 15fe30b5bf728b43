-- What the workers of support.nginx's host run: it places orders as JSON
-- over HTTP asks for.

local ngx = _G.ngx -- luacheck: ignore

local certcentral = require "certcentral"
local json = require "cjson"

local host = {}

-- What a client gave back, as JSON can hold it.
local function report(result, info)
  if result then
    return { result = result, info = info, placed = true }
  end
  local err = {}
  for name, value in pairs(info) do
    err[name] = value
  end
  err.text = tostring(info)
  return { err = err }
end

-- {client, order, options, method} -> {placed, result, info} or {err} or
-- {raised}. `method` is that of the client, "place_order" without one.
-- client.shared names a shared dict for the rate budget; without `client`
-- it is what init_by_lua has made: the global CLIENT.
local function new_client(options)
  if not options then
    local client = _G.CLIENT -- luacheck: ignore
    return setmetatable({ close = function() end }, { __index = client })
  elseif options.shared then
    options.budget = require("certcentral.budget").shared(options.shared)
    options.shared = nil
  end
  return certcentral.new(options)
end

local function place(asked)
  local ok, client, err = pcall(new_client, asked.client)
  if not ok then
    return { raised = client }
  elseif not client then
    return report(nil, err)
  end
  local done, result, info = pcall(client[asked.method or "place_order"],
                                   client, asked.order, asked.options)
  client:close()
  return done and report(result, info) or { raised = result }
end

local function read()
  ngx.req.read_body()
  return json.decode(ngx.req.get_body_data())
end

--- Places what the body of the request asks for, in its phase.
function host.place()
  local answer = place(read())
  answer.pid = ngx.worker.pid()
  ngx.say(json.encode(answer))
  return ngx.exit(ngx.OK)
end

--- The same in a timer.
function host.timer()
  local asked, answer = read(), nil
  local done = require("ngx.semaphore").new(0)
  assert(ngx.timer.at(0, function()
    local ok, value = pcall(place, asked)
    answer = ok and value or { raised = tostring(value) }
    done:post(1)
  end))
  assert(done:wait(60))
  ngx.say(json.encode(answer))
end

--- Places the orders {client, orders, options} with place_orders.
function host.many()
  local asked = read()
  local client = assert(certcentral.new(asked.client))
  local outcomes = client:place_orders(asked.orders, asked.options)
  client:close()
  local list = {}
  for i, outcome in ipairs(outcomes) do
    list[i] = report(outcome.result, outcome.info or outcome.err)
  end
  ngx.say(json.encode(list))
end

--- One exchange by a transport: {transport, options, request} -> {response,
-- failure}.
function host.exchange()
  local asked = read()
  local transport = assert(require("certcentral.transport."
                                   .. asked.transport)(asked.options))
  local ok, response, failure = pcall(transport, asked.request)
  ngx.say(json.encode { response = ok and response or nil,
                        raised = not ok and response or nil,
                        failure = failure })
end

--- Answers with a header line every now and then, and never with the end.
function host.drip()
  local socket = assert(ngx.req.socket(true))
  socket:send("HTTP/1.1 201 Created\r\n")
  while socket:send("X-More: 1\r\n") do
    ngx.sleep(0.02)
  end
  return ngx.exit(444)
end

--- Runs Lua code: {code, given} -> {ok, value}.
function host.run()
  local asked = read()
  local code = assert(loadstring(asked.code)) -- luacheck: ignore
  local ok, value = pcall(code, asked.given)
  ngx.say(json.encode { ok = ok, value = value })
end

host.LOCATIONS = [[
location /place { content_by_lua_block {
  require("support.nginx_host").place() } }
location /rewrite { rewrite_by_lua_block {
  require("support.nginx_host").place() } }
location /access { access_by_lua_block {
  require("support.nginx_host").place() } }
location /timer { content_by_lua_block {
  require("support.nginx_host").timer() } }
location /many { content_by_lua_block {
  require("support.nginx_host").many() } }
location /run { content_by_lua_block {
  require("support.nginx_host").run() } }
location /exchange { content_by_lua_block {
  require("support.nginx_host").exchange() } }
location /drip { content_by_lua_block {
  require("support.nginx_host").drip() } }
location /ping { return 200 "pong"; }
]]

return host

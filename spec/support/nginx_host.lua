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

-- {client, order, options} -> {placed, result, info} or {err} or {raised}
local function place(asked)
  local ok, client, err = pcall(certcentral.new, asked.client)
  if not ok then
    return { raised = client }
  elseif not client then
    return report(nil, err)
  end
  local done, result, info = pcall(client.place_order, client, asked.order,
                                   asked.options)
  client:close()
  return done and report(result, info) or { raised = result }
end

local function read()
  ngx.req.read_body()
  return json.decode(ngx.req.get_body_data())
end

--- Places what the body of the request asks for, in its phase.
function host.place()
  ngx.say(json.encode(place(read())))
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

--- Runs Lua code: the body.
function host.run()
  ngx.req.read_body()
  local ok, value = pcall(assert(loadstring(ngx.req.get_body_data())))
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
location /ping { return 200 "pong"; }
]]

return host

-- Clients over transports of the specs' own, and a look for secrets.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local orders = require "support.orders"

local client = {}

--- An API key that is told from all other text.
client.KEY = "canary-9F3xQ7"

--- A usual answer.
client.BODY =
  '{"id":542772,"requests":[{"id":922432,"status":"pending"}]}'

local real_getenv = os.getenv

local function give_back(ok, ...)
  os.getenv = real_getenv -- luacheck: ignore
  if not ok then
    error((...), 0)
  end
  return ...
end

--- Runs f with `variables` as the environment; returns what it returns.
function client.with_env(variables, f)
  os.getenv = function(name) -- luacheck: ignore
    return variables[name]
  end
  return give_back(pcall(f))
end

--- A transport that answers all alike, and the list of requests it gets.
function client.recorder(status, body)
  local requests = {}
  return function(request)
    requests[#requests + 1] = request
    return { status = status or 201, headers = {},
             body = body or client.BODY }
  end, requests
end

--- A transport in a world where waiting takes no time.
function client.world(perform)
  local clock = clocks.new()
  return { perform = perform, clock = clock, time = clock,
           sleep = clock.sleep }
end

--- A client with the key in a world, and the options of some tables.
function client.over(world, ...)
  local options = { api_key = client.KEY, transport = world }
  for _, more in ipairs { ... } do
    for name, value in pairs(more) do
      options[name] = value
    end
  end
  return assert(certcentral.new(options))
end

--- The same with a transport (a function). It waits without taking time.
function client.new(transport, more)
  return client.over(client.world(transport), more)
end

--- Places an order (the minimal one) over a transport.
function client.place(transport, order, more)
  return client.new(transport):place_order(order or orders.minimal(),
                                           orders.options(more))
end

local function each_string(value, f, seen)
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for name, item in pairs(value) do
      each_string(name, f, seen)
      each_string(item, f, seen)
    end
  elseif type(value) ~= "table" then
    f(tostring(value))
  end
end

--- Raises where a secret (the key) is in any string that pairs leads to, or
-- in what tostring makes of the value.
function client.assert_no_secret(value, secret)
  secret = secret or client.KEY
  local function look(text)
    if text:find(secret, 1, true) then
      error("the secret is in: " .. text, 0)
    end
  end
  each_string(value, look, {})
  look(tostring(value))
end

return client

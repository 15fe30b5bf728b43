--- What is measured of one order after the other.
--
--   client.lua WHAT COUNT URL CA_FILE [BODY_FILE]
--     body      writes the request's body to BODY_FILE
--     time      wall time and CPU time of COUNT orders in seconds
--     thin      the same through the thinnest binding of libcurl, with cjson
--     garbage   bytes that each order leaves to the collector

local certcentral = require "certcentral"
local core = require "certcentral.core"
local order = require("bench.orders").typical(1)

local what, count, url, ca_file = arg[1], tonumber(arg[2]), arg[3], arg[4]

local function new_client()
  local client = assert(certcentral.new {
    api_key = "0123456789abcdef", base_url = url,
    ca_file = ca_file ~= "system" and ca_file or nil, rate = false,
  })
  assert(client:place_order(order))
  return client
end

local function place_all(client)
  for _ = 1, count do
    if not client:place_order(order) then
      error("an order failed")
    end
  end
end

local measures = {}

function measures.body()
  local file = assert(io.open(arg[5], "wb"))
  file:write((assert(certcentral.encode(order))))
  file:close()
end

local function timed(f, ...)
  local wall, cpu = core.clock(), os.clock()
  f(...)
  return core.clock() - wall, os.clock() - cpu
end

function measures.time()
  return timed(place_all, new_client())
end

function measures.thin()
  local cjson = require "cjson"
  local handle = require("bench.thin").new(url
    .. "/order/certificate/ssl_securesite_flex", ca_file)
  local function place()
    local answer, status = handle:post(cjson.encode(order))
    assert(status == 201 and cjson.decode(answer).id, "an order failed")
  end
  place()
  return timed(function()
    for _ = 1, count do
      place()
    end
  end)
end

function measures.garbage()
  local client = new_client()
  place_all(client)
  collectgarbage()
  collectgarbage "stop"
  local before = collectgarbage "count"
  place_all(client)
  return (collectgarbage "count" - before) * 1024 / count, 0
end

local first, second = measures[what]()
if first then
  print(("%.6f %.6f"):format(first, second))
end

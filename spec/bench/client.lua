--- What is measured: COUNT orders over one client, the same bytes as base.c.
--
--   client.lua COUNT URL CA_FILE [BODY_FILE]
--
-- With BODY_FILE it writes the request's body there and ends.

local certcentral = require "certcentral"
local core = require "certcentral.core"
local order = require("bench.orders").typical(1)

local count, url, ca_file, body_file = tonumber(arg[1]), arg[2], arg[3],
                                       arg[4]
if body_file then
  local file = assert(io.open(body_file, "wb"))
  file:write((assert(certcentral.encode(order))))
  file:close()
  return
end

local client = assert(certcentral.new {
  api_key = "0123456789abcdef", base_url = url,
  ca_file = ca_file ~= "system" and ca_file or nil, rate = false,
})
assert(client:place_order(order))
local wall, cpu = core.clock(), os.clock()
for _ = 1, count do
  if not client:place_order(order) then
    error("an order failed")
  end
end
print(("%.6f %.6f"):format(core.clock() - wall, os.clock() - cpu))

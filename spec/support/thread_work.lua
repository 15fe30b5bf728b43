-- What each thread of csrc/test/lua_threads.c does: all that a script does
-- with an order, in a Lua state of its own.
--
-- arguments: base URL, CA file, API key, rounds

local url, ca_file, key, rounds = arg[1], arg[2], arg[3], tonumber(arg[4])
local number = thread -- luacheck: ignore

local certcentral = require "certcentral"
local orders = require "support.orders"

local function order(i)
  return orders.with {
    alternative_order_id = ("thread-%d-%d"):format(number, i) }
end

local client = assert(certcentral.new {
  api_key = key, base_url = url, ca_file = ca_file, rate = false,
  timeout = 30, connect_timeout = 30 })

for i = 1, rounds do
  assert(certcentral.validate(order(i)))
  assert(certcentral.encode(order(i), { check_csr = false }))
  assert(not certcentral.validate { comments = "\1" })
  certcentral.redact(order(i))
  assert(client:place_order(order(i)))
  assert(certcentral.csr.generate { common_name = "example.com" })
end

local queue = client:queue()
for i = 1, rounds do
  queue:add(order(rounds + i), function(outcome)
    assert(outcome.ok, tostring(outcome.err))
  end)
end
repeat until queue:step(5) == 0
queue:close()
client:close()

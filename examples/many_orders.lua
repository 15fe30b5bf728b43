-- Places many orders at once, and tells how far it is where standard error is
-- a terminal. $CERTCENTRAL_API_KEY holds the key; arguments: the CSR's file,
-- then a host name for each order.

local certcentral = require "certcentral"
assert(arg[2], "usage: many_orders.lua CSR NAME...")
local csr = assert(io.open(arg[1])):read("*a")

local orders = {}
for i = 2, #arg do
  orders[#orders + 1] = {
    certificate = {
      common_name = arg[i],
      csr = csr,
      signature_hash = "sha256",
    },
    organization = { id = 123456 },
    order_validity = { years = 1 },
  }
end

local client = certcentral.assert(certcentral.new())
local outcomes = client:place_orders(orders, {
  concurrency = 8, progress = true,
})
client:close()

local failed = 0
for i, outcome in ipairs(outcomes) do
  local name = orders[i].certificate.common_name
  if outcome.ok then
    print(name, "order " .. outcome.result.id)
  else
    failed = failed + 1
    print(name, outcome.err.outcome, outcome.err)
  end
end
os.exit(failed == 0 and 0 or 1, true)

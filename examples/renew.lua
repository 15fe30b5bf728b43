-- Renews an order: the same order form, with the id of the old order.
-- Arguments: the CSR's file, the id of the order to renew.

local certcentral = require "certcentral"

local csr_file, old_id = arg[1], tonumber(arg[2])
assert(csr_file and old_id, "usage: renew.lua CSR ORDER_ID")

local order = {
  certificate = {
    common_name = "www.example.com",
    csr = assert(io.open(csr_file)):read("*a"),
    signature_hash = "sha256",
  },
  organization = { id = 123456 },
  order_validity = { days = 365 },
  renewal_of_order_id = old_id,
  -- a name of our own: the renewal can be looked up by it
  alternative_order_id = "renewal-of-" .. arg[2],
}

local result, info = certcentral.place_order(order)
if not result then
  error(tostring(info))
end
print("order " .. result.id .. " renews " .. arg[2])

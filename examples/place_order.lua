-- Places a Secure Site OV order.
-- $CERTCENTRAL_API_KEY holds the key; the CSR's file is the first argument.

local certcentral = require "certcentral"
local csr_file = assert(arg[1], "usage: place_order.lua CSR")

local order = {
  certificate = {
    common_name = "www.example.com",
    dns_names = { "example.com" },
    csr = assert(io.open(csr_file)):read("*a"),
    signature_hash = "sha256",
  },
  organization = { id = 123456 },
  order_validity = { years = 1 },
}

local client = certcentral.assert(certcentral.new())
local result, info = client:place_order(order)
client:close()

if not result then
  local err = info
  print(err)
  if err.outcome == "unknown" then
    print("look for the order " .. err.alternative_order_id)
  end
  os.exit(1)
end
print("order " .. result.id .. ", which is also " ..
      info.alternative_order_id)
for _, warning in ipairs(info.warnings) do
  print("warning: " .. warning.message)
end

-- A new key, a request that it signs, and the order for it.
-- The key goes to a file that nobody else may read, and never to the screen.

local certcentral = require "certcentral"
local key_file = assert(arg[1], "usage: new_key.lua KEY_FILE")

local csr, err = certcentral.csr.generate {
  common_name = "www.example.com",
  dns_names = { "example.com" },
  organization = "Example Inc.",
  country = "US",
  key = "ec-p256",
  key_file = key_file,   -- add a passphrase to encrypt it
}
if not csr then
  print(err)
  os.exit(1)
end

local order = certcentral.assert(certcentral.order_from_csr(csr, {
  organization = { id = 123456 },
  order_validity = {
    custom_expiration_date = certcentral.date(os.time() + 300 * 86400),
  },
}))
local ok, warnings = certcentral.validate(order)
assert(ok, warnings)

local facts = certcentral.csr.inspect(csr)
print(("%s key on %s, SHA-256 %s"):format(facts.key:upper(), facts.curve,
                                         facts.sha256))
print(("an order for %s and %s, with %d warnings"):format(
  order.certificate.common_name,
  table.concat(order.certificate.dns_names, ", "), #warnings))
print(csr)

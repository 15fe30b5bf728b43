local orders = require "support.orders"

-- Booleans are written as the 0 and 1 that the API wants.
return {
  order = orders.with { auto_renew = true, auto_reissue = false,
                        enable_guest_access = 1.0 },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"auto_renew":1,"auto_reissue":0,
"organization":{"id":123456},
"enable_guest_access":1}]],
}

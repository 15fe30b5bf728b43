local orders = require "support.orders"

return {
  order = orders.minimal(),
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"organization":{"id":123456}}]],
}

local orders = require "support.orders"

return {
  order = orders.with {
    order_validity = { days = 365 },
    renewal_of_order_id = 987654321,
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"days":365},
"renewal_of_order_id":987654321,
"organization":{"id":123456}}]],
}

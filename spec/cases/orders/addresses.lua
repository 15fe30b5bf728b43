local orders = require "support.orders"

return {
  order = orders.with {
    ["certificate.common_name"] = "8.8.4.4",
    ["certificate.dns_names"] = { "2001:4860:4860::8844", "8.8.8.8" },
    dcv_method = "http-token-dynamic",
  },
  json = [[
{"certificate":{"common_name":"8.8.4.4",
"dns_names":["2001:4860:4860::8844","8.8.8.8"],"csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"dcv_method":"http-token-dynamic",
"organization":{"id":123456}}]],
}

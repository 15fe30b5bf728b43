local orders = require "support.orders"

return {
  order = orders.with {
    ["certificate.dns_names"] = { "a.example.com", "EXAMPLE.com",
                                  "A.example.com" },
    ["certificate.cert_validity"] = { years = 1, days = 200 },
    server_licenses = 3,
  },
  warnings = {
    { "certificate.dns_names[2]", "duplicate" },
    { "certificate.dns_names[3]", "duplicate" },
    { "certificate.cert_validity.years", "overridden" },
    { "certificate.cert_validity.days", "limit" },
    { "server_licenses", "cost" },
  },
  json = [[
{"certificate":{"common_name":"example.com",
"dns_names":["a.example.com","EXAMPLE.com","A.example.com"],"csr":<csr>,
"signature_hash":"sha256","cert_validity":{"years":1,"days":200}},
"order_validity":{"years":1},
"server_licenses":3,
"organization":{"id":123456}}]],
}

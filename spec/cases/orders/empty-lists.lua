local orders = require "support.orders"

return {
  order = orders.with {
    ["certificate.dns_names"] = {},
    additional_emails = {},
    ["organization.contacts"] = {},
    custom_fields = {},
  },
  json = [[
{"certificate":{"common_name":"example.com","dns_names":[],"csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"additional_emails":[],
"organization":{"id":123456,"contacts":[]},
"custom_fields":[]}]],
}

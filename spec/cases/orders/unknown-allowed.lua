local orders = require "support.orders"

return {
  order = orders.with {
    dcv_methid = "email",
    ["certificate.service_name"] = { a = { 1, 2.5, "x" } },
  },
  options = { allow_unknown = true },
  warnings = {
    { "dcv_methid", "unknown" },
    { "certificate.service_name", "unknown" },
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256","service_name":{"a":[1,2.5,"x"]}},
"order_validity":{"years":1},
"organization":{"id":123456},
"dcv_methid":"email"}]],
}

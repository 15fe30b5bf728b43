local orders = require "support.orders"

return {
  order = orders.with {
    ["certificate.dns_names"] = { "*.example.com" },
    dcv_method = "http-token",
  },
  problems = { { "dcv_method", "conflict" } },
}

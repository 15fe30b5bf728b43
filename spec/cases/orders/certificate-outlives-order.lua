local orders = require "support.orders"

return {
  order = orders.with {
    order_validity = { days = 90 },
    ["certificate.cert_validity"] = { days = 91 },
  },
  problems = { { "certificate.cert_validity.days", "range" } },
}

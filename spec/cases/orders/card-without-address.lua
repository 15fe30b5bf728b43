local orders = require "support.orders"

return {
  order = orders.with { payment_method = "card" },
  problems = {
    { "credit_card", "missing" },
    { "billing_address", "missing" },
  },
}

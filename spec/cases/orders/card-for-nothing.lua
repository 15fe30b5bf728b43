local orders = require "support.orders"

return {
  order = orders.set(orders.pay_by_card(orders.minimal()), "payment_method",
                     "balance"),
  problems = { { "credit_card", "conflict" } },
}

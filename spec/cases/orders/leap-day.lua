local orders = require "support.orders"

-- Three years from a leap day end on 28 February.
return {
  order = orders.with {
    order_validity = { custom_expiration_date = "01 MAR 2031" },
  },
  options = { now = orders.at("2028-02-29") },
  problems = { { "order_validity.custom_expiration_date", "range" } },
}

local orders = require "support.orders"

-- An empty string is no validity: it was sent.
return {
  order = orders.with { order_validity = "" },
  options = orders.options(),
}

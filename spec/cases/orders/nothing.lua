return {
  order = {},
  problems = {
    { "certificate", "missing" },
    { "order_validity", "missing" },
    { "organization", "missing" },
  },
}

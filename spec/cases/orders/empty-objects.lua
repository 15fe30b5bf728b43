return {
  order = { certificate = {}, order_validity = {}, organization = {},
            container = {}, custom_fields = { {} } },
  problems = {
    { "certificate.common_name", "missing" },
    { "certificate.csr", "missing" },
    { "certificate.signature_hash", "missing" },
    { "order_validity.years", "missing" },
    { "organization.id", "missing" },
    { "container.id", "missing" },
    { "custom_fields[1].metadata_id", "missing" },
    { "custom_fields[1].value", "missing" },
  },
}

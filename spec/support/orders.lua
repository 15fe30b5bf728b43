-- Orders to test with. Each call makes a new table, so that a test may
-- change what it got.

local csr = require "support.csr"

local orders = {}

--- The moment that all orders here are judged by: 2026-06-01T12:00:00Z.
orders.NOW = 1780315200

--- A certificate request for example.com, and the same as a JSON string.
orders.csr = csr.p256
orders.csr_json = '"' .. csr.p256:gsub("%s+$", ""):gsub("\n", "\\n") .. '"'

--- Seconds since 1970 of a day ("2026-02-24"), at noon or `hour` o'clock UTC.
function orders.at(date, hour)
  local year, month, day = date:match("^(%d+)-(%d+)-(%d+)$")
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  -- years begin in March here, so that a leap day is a year's last day
  if month < 3 then
    year, month = year - 1, month + 12
  end
  local days = 365 * year + math.floor(year / 4) - math.floor(year / 100)
    + math.floor(year / 400) + math.floor((153 * month - 457) / 5) + day
    - 719469
  return days * 86400 + (hour or 12) * 3600
end

--- Order options: the moment above, no look at the CSR, and what `more` says.
function orders.options(more)
  local options = { now = orders.NOW, check_csr = false }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

--- Nothing that the form does not demand.
function orders.minimal()
  return {
    certificate = {
      common_name = "example.com",
      csr = orders.csr,
      signature_hash = "sha256",
    },
    order_validity = { years = 1 },
    organization = { id = 123456 },
  }
end

--- 25 fields and 5 further names: what an account orders every day.
function orders.typical()
  return {
    certificate = {
      common_name = "www.example.com",
      dns_names = { "example.com", "app.example.com", "api.example.com",
                    "mail.example.com", "*.dev.example.com" },
      csr = csr.rsa2048,
      signature_hash = "sha256",
      server_platform = { id = 2 },
      cert_validity = { days = 199 },
      profile_option = "server_auth_only_eku",
      ca_cert_id = "BFF28BD4075C8D9A",
    },
    order_validity = { years = 1 },
    comments = "Certificate for the application servers.\nAsk operations.",
    auto_renew = 1,
    auto_reissue = 1,
    custom_renewal_message = "Renew by the runbook.",
    disable_renewal_notifications = false,
    additional_emails = { "ops@example.com", "security@example.com" },
    locale = "en",
    payment_method = "balance",
    dcv_method = "dns-txt-token",
    skip_approval = true,
    organization = {
      id = 123456,
      contacts = {
        { contact_type = "organization_contact", user_id = 565611 },
      },
    },
    container = { id = 334455 },
    alternative_order_id = "app-server-2026-0001",
    certificate_dcv_scope = "base_domain",
  }
end

local function person()
  return {
    first_name = "Jill", last_name = "Valentine",
    email = "jill.valentine@example.com", job_title = "Head of IT",
    telephone = "801-555-0100", telephone_extension = "736",
  }
end

--- The details of a new organization, in place of an id.
function orders.new_organization()
  return {
    skip_duplicate_org_check = true,
    name = "Example Organization Inc.",
    assumed_name = "Example Org",
    country = "us",
    address = "123 Example Street",
    address2 = "Floor 8",
    city = "Lehi",
    state = "Utah",
    zip = "84043",
    telephone = "801-555-0100",
    organization_contact = person(),
  }
end

--- The members of an order that is paid with a card.
function orders.pay_by_card(order)
  order.payment_method = "card"
  order.credit_card = {
    number = "4111111111111111", expiration_month = 1,
    expiration_year = 2029, cvv = 333, cardholder_name = "Jill Valentine",
  }
  order.billing_address = {
    address = "123 Example Street", address2 = "Suite 500", city = "Lehi",
    state = "UT", country = "us", zip = "84043",
  }
  return order
end

--- Every field of the page, the deprecated ones too. An id of an organization
-- and the details of a new one exclude each other: maximal_new() has those.
function orders.maximal()
  return orders.pay_by_card {
    certificate = {
      common_name = "www.example.com",
      dns_names = { "example.com", "xn--bcher-kva.example.com", "8.8.8.8",
                    "2606:4700:4700::1111" },
      csr = orders.csr,
      signature_hash = "sha384",
      organization_units = { "Web Services", "Operations" },
      server_platform = { id = -1 },
      cert_validity = { years = 1, days = 199,
                        custom_expiration_date = "01 DEC 2026" },
      profile_option = "server_auth_only_eku",
      ca_cert_id = "BFF28BD4075C8D9A",
    },
    renewed_thumbprint = "b71dcbaf5586d6d95fc0b7ea1c74adef4a99f960",
    order_validity = { years = 3, days = 1095,
                       custom_expiration_date = "01 JUN 2029" },
    validity_years = 2,
    custom_expiration_date = "2028-06-01",
    comments = 'Quotes ", backslashes \\, tabs are none.\r\nGr\195\188\195'
      .. "\159e \240\159\148\145",
    apply_cr_discount = true,
    serial_number = "0AE71279E5213729026AFE4BB58DE1AB",
    auto_renew = 1,
    auto_reissue = 0,
    custom_renewal_message = "Renew by the runbook.",
    disable_renewal_notifications = true,
    additional_emails = { "ops@example.com", "security@example.com" },
    locale = "en",
    server_licenses = 2,
    renewal_of_order_id = 123456789,
    vat_number = "DE123456789",
    dcv_method = "http-token",
    skip_approval = true,
    disable_ct = false,
    organization_contact = person(),
    technical_contact = person(),
    organization = {
      id = 123456,
      skip_duplicate_org_check = false,
      contacts = {
        { contact_type = "organization_contact", user_id = 565611 },
        { contact_type = "technical_contact", user_id = 565612,
          first_name = "Jill", last_name = "Valentine",
          job_title = "System Administrator", telephone = "801-555-0100",
          email = "jill.valentine@example.com" },
      },
    },
    container = { id = 334455 },
    custom_fields = { { metadata_id = 11, value = "Invoice 00001" },
                      { metadata_id = 12, value = "CC-1234" } },
    alternative_order_id = "app-server-2026-0001",
    enable_guest_access = 1,
    certificate_dcv_scope = "fqdn",
  }
end

--- maximal() for a new organization.
function orders.maximal_new()
  local order = orders.maximal()
  order.organization = orders.new_organization()
  order.organization.contacts = {
    { contact_type = "technical_contact", user_id = 565612 },
  }
  return order
end

--- Sets the field at a path ("certificate.dns_names[2]") of an order; nil
-- takes it away. Objects and lists on the way are made. Returns the order.
function orders.set(order, path, value)
  local steps = {}
  for name, index in path:gmatch("([^.%[%]]+)(%[?%d*)") do
    steps[#steps + 1] = name
    if index ~= "" then
      steps[#steps + 1] = tonumber(index:sub(2))
    end
  end
  local at = order
  for i = 1, #steps - 1 do
    at[steps[i]] = at[steps[i]] or {}
    at = at[steps[i]]
  end
  at[steps[#steps]] = value
  return order
end

--- The minimal order with other fields: { ["path"] = value }. orders.absent
-- takes a field away.
orders.absent = {}
function orders.with(changes)
  local order, paths = orders.minimal(), {}
  for path in pairs(changes) do
    paths[#paths + 1] = path
  end
  table.sort(paths)
  for _, path in ipairs(paths) do
    local value = changes[path]
    if value == orders.absent then
      value = nil
    end
    orders.set(order, path, value)
  end
  return order
end

--- { path, code } of each problem or warning, for a comparison in one go.
function orders.codes(list)
  local result = {}
  for i, entry in ipairs(list) do
    result[i] = { entry.path, entry.code }
  end
  return result
end

return orders

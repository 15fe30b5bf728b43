-- What the sandbox demands of an order, written down once more from the
-- API's documentation and sharing nothing with the client that it tests.
--
-- A row is {name, kind, ...}: `required`, `min`, `max` (of a number or of a
-- text's length), `choices`, `of` (kind of an array's items), `fields` (rows
-- of an object), `code` (name under which the API reports the field, when it
-- is not its path). A member that is null counts as absent; members without
-- a row are ignored, as CertCentral does.

local dates = require("certcentral.sandbox.dates")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local names = require("certcentral.sandbox.names")
local validity = require("certcentral.sandbox.validity")

local checks = {}

local function set(...)
  local result = {}
  for _, value in ipairs({ ... }) do
    result[value] = true
  end
  return result
end

-- The form -----------------------------------------------------------------

local function validity_rows(years, days, last_day)
  return {
    { "years", "integer", min = 1, max = years, code = "validity_years" },
    { "days", "integer", min = 1, max = days, code = "validity_days" },
    { "custom_expiration_date", "named_date", max = last_day,
      code = "custom_expiration_date" },
  }
end

local function three_years(now)
  return dates.add_years(now, 3)
end

local function certificate_days(now)
  return now + 397 * dates.DAY
end

local CERTIFICATE = {
  { "common_name", "name", required = true, max = 64 },
  { "dns_names", "array", of = { "", "name" } },
  { "csr", "csr", required = true },
  { "signature_hash", "string", required = true,
    choices = set("sha256", "sha384", "sha512") },
  { "organization_units", "array", of = { "", "string" } },
  { "server_platform", "object",
    fields = { { "id", "integer", required = true } } },
  { "cert_validity", "object",
    fields = validity_rows(1, 397, certificate_days) },
  { "profile_option", "string" },
  { "ca_cert_id", "string" },
}

local PERSON = {
  { "first_name", "string", required = true, max = 128 },
  { "last_name", "string", required = true, max = 128 },
  { "email", "email", required = true, max = 255 },
  { "job_title", "string", max = 64 },
  { "telephone", "string", max = 32 },
  { "telephone_extension", "string", max = 16 },
}

local CONTACT = {
  { "contact_type", "string", required = true },
  { "user_id", "integer" },
  { "first_name", "string", max = 128 },
  { "last_name", "string", max = 128 },
  { "job_title", "string", max = 64 },
  { "telephone", "string", max = 32 },
  { "email", "email", max = 255 },
}

-- Of a contact that has no user_id yet.
local NEW_CONTACT = {
  { "first_name", required = true }, { "last_name", required = true },
  { "job_title", required = true }, { "telephone", required = true },
  { "email", required = true },
}

local ORGANIZATION = {
  { "id", "integer" },
  { "name", "string", max = 64 },
  { "assumed_name", "string", max = 64 },
  { "country", "string", min = 2, max = 2 },
  { "address", "string", max = 64 },
  { "address2", "string", max = 64 },
  { "city", "string", max = 64 },
  { "state", "string", max = 64 },
  { "zip", "string", max = 40 },
  { "telephone", "string", max = 32 },
  { "skip_duplicate_org_check", "boolean" },
  { "organization_contact", "object", fields = PERSON },
  { "contacts", "array", of = { "", "contact", fields = CONTACT } },
}

-- Of an organization that has no id yet.
local NEW_ORGANIZATION = {
  { "name", required = true }, { "country", required = true },
  { "address", required = true }, { "city", required = true },
  { "state", required = true }, { "zip", required = true },
  { "telephone", required = true },
}

local CARD = {
  { "number", "card_number", required = true },
  { "expiration_month", "integer", required = true, min = 1, max = 12 },
  { "expiration_year", "integer", required = true, min = 2000, max = 9999 },
  { "cvv", "integer", required = true, min = 0, max = 9999 },
  { "cardholder_name", "string", required = true },
}

local ADDRESS = {
  { "address", "string", required = true },
  { "address2", "string" },
  { "city", "string", required = true },
  { "state", "string" },
  { "country", "string", required = true },
  { "zip", "string" },
}

local ORDER = {
  { "certificate", "object", required = true, fields = CERTIFICATE },
  { "renewed_thumbprint", "thumbprint" },
  { "order_validity", "object", fields = validity_rows(3, 1095, three_years) },
  { "validity_years", "integer", min = 1, max = 3 },
  { "validity_days", "integer", min = 1, max = 1095 },
  { "custom_expiration_date", "plain_date", max = three_years },
  { "comments", "string" },
  { "apply_cr_discount", "boolean" },
  { "serial_number", "string" },
  { "auto_renew", "integer", min = 0, max = 1 },
  { "auto_reissue", "integer", min = 0, max = 1 },
  { "custom_renewal_message", "string" },
  { "disable_renewal_notifications", "boolean" },
  { "additional_emails", "array", of = { "", "email" } },
  { "locale", "string" },
  { "server_licenses", "integer", min = 1 },
  { "renewal_of_order_id", "integer", min = 1 },
  { "payment_method", "string", choices = set("balance", "profile", "card") },
  { "credit_card", "object", fields = CARD },
  { "billing_address", "object", fields = ADDRESS },
  { "vat_number", "string" },
  { "dcv_method", "string", choices = set("email", "dns-txt-token",
    "dns-cname-token", "http-token", "http-token-dynamic") },
  { "skip_approval", "boolean" },
  { "disable_ct", "boolean" },
  { "organization_contact", "object", fields = PERSON },
  { "technical_contact", "object", fields = PERSON },
  { "organization", "object", required = true, fields = ORGANIZATION },
  { "container", "object",
    fields = { { "id", "integer", required = true } } },
  { "custom_fields", "array", of = { "", "object", fields = {
    { "metadata_id", "integer", required = true },
    { "value", "string", required = true },
  } } },
  { "alternative_order_id", "string", min = 1, max = 64 },
  { "enable_guest_access", "integer", min = 0, max = 1 },
  { "certificate_dcv_scope", "string",
    choices = set("base_domain", "fqdn") },
}

--- The rows of an order, for a look at what is there.
checks.ORDER = ORDER

-- Of the request for a reissue or a duplicate.
local REISSUE = {
  { "certificate", "object", required = true, fields = CERTIFICATE },
  { "skip_approval", "boolean" },
  { "certificate_dcv_scope", "string",
    choices = set("base_domain", "fqdn") },
  { "comments", "string" },
}

-- The walk -----------------------------------------------------------------

local function invalid(state, path, code)
  code = code or path
  state.errors[#state.errors + 1] = http.item("invalid_value:" .. code,
    path .. " contains an invalid value.")
end

local function missing(state, path)
  state.errors[#state.errors + 1] = http.item("missing_value:" .. path,
    path .. " is required.")
end

local function absent(value)
  return value == nil or value == json.null
end

local function fits(row, size)
  return (not row.min or size >= row.min) and (not row.max or size <= row.max)
end

local function date_fits(row, day, now)
  return day ~= nil and day + dates.DAY > now and day <= row.max(now)
end

local function utf8_length(text)
  return select(2, text:gsub("[^\128-\191]", ""))
end

-- Kinds of one value: (row, value, state) -> boolean.
local SIMPLE = {
  string = function(row, value)
    return type(value) == "string" and fits(row, utf8_length(value))
      and (not row.choices or row.choices[value] == true)
  end,
  integer = function(row, value)
    return json.is_integer(value) and (type(value) == "number"
      and fits(row, value) or not (row.min or row.max))
  end,
  boolean = function(_, value)
    return type(value) == "boolean"
  end,
  name = function(row, value)
    return type(value) == "string" and fits(row, #value)
      and names.is_valid(value)
  end,
  email = function(row, value)
    return type(value) == "string" and fits(row, #value)
      and value:find("^[^%s@]+@[^%s@]+%.[^%s@.]+$") ~= nil
  end,
  csr = function(_, value, state)
    return type(value) == "string" and state.is_csr(value)
  end,
  thumbprint = function(_, value)
    return type(value) == "string" and #value == 40
      and value:find("^%x+$") ~= nil
  end,
  card_number = function(_, value)
    return type(value) == "string"
      and value:find("^%d+$") ~= nil and #value >= 12 and #value <= 19
  end,
  named_date = function(row, value, state)
    return type(value) == "string"
      and date_fits(row, dates.parse_named(value), state.now)
  end,
  plain_date = function(row, value, state)
    return type(value) == "string"
      and date_fits(row, dates.parse_plain(value), state.now)
  end,
}

local check_value

local function join(path, name)
  return path == "" and name or path .. "." .. name
end

local function check_fields(state, path, rows, object)
  for _, row in ipairs(rows) do
    local value, at = object[row[1]], join(path, row[1])
    if not absent(value) and row[2] then
      check_value(state, at, row, value)
    elseif row.required and (absent(value) or value == "") then
      missing(state, at)
    end
  end
end

-- Kinds that hold other values: (state, path, row, value).
local COMPOUND = {
  object = function(state, path, row, value)
    if not json.is_object(value) then
      return invalid(state, path, row.code)
    end
    check_fields(state, path, row.fields, value)
  end,
  array = function(state, path, row, value)
    if not json.is_array(value) then
      return invalid(state, path, row.code)
    end
    for _, item in ipairs(value) do
      check_value(state, path, row.of, item)
    end
  end,
  contact = function(state, path, row, value)
    if not json.is_object(value) then
      return invalid(state, path)
    end
    check_fields(state, path, row.fields, value)
    if absent(value.user_id) then
      check_fields(state, path, NEW_CONTACT, value)
    end
  end,
}

function check_value(state, path, row, value)
  if row.required and value == "" then
    return missing(state, path)
  end
  local compound = COMPOUND[row[2]]
  if compound then
    compound(state, path, row, value)
  elseif not SIMPLE[row[2]](row, value, state) then
    invalid(state, path, row.code)
  end
end

-- Rules across members -----------------------------------------------------

local function check_order_validity(state, body)
  local object = body.order_validity
  if absent(object) then
    if absent(body.validity_years) and absent(body.validity_days)
      and absent(body.custom_expiration_date) then
      missing(state, "order_validity")
    end
  elseif json.is_object(object) and absent(object.years)
    and absent(object.days) and absent(object.custom_expiration_date) then
    missing(state, "order_validity.years")
  end
end

local function has_contact(contacts, kind)
  for _, contact in ipairs(json.is_array(contacts) and contacts or {}) do
    if json.is_object(contact) and contact.contact_type == kind then
      return true
    end
  end
  return false
end

local function check_organization(state, body)
  local given = body.organization
  if not json.is_object(given) then
    return
  end
  if not absent(given.id) then
    if json.is_integer(given.id) and not state.knows(given.id) then
      invalid(state, "organization.id")
    end
  elseif absent(given.name) then
    missing(state, "organization.id")
  else
    check_fields(state, "organization", NEW_ORGANIZATION, given)
    if absent(given.organization_contact)
      and not has_contact(given.contacts, "organization_contact") then
      missing(state, "organization.organization_contact")
    end
  end
end

local function check_payment(state, body)
  if body.payment_method ~= "card" then
    return
  end
  for _, name in ipairs({ "credit_card", "billing_address" }) do
    if absent(body[name]) then
      missing(state, name)
    end
  end
end

-- True when a method can show control of all of an order's names: files
-- cannot show that of a wildcard.
function checks.takes_method(method, list)
  if not method:find("^http%-token") then
    return true
  end
  for _, name in ipairs(list) do
    if names.is_wildcard(name) then
      return false
    end
  end
  return true
end

local function check_dcv(state, body)
  if type(body.dcv_method) == "string" and not checks.takes_method(
    body.dcv_method, names.of_order(body.certificate)) then
    invalid(state, "dcv_method")
  end
end

local function check_alternative_id(state, body)
  local id = body.alternative_order_id
  if type(id) == "string" and state.is_taken(id) then
    invalid(state, "alternative_order_id")
  end
end

-- Public ----------------------------------------------------------------

-- Everything that is wrong with an order, as a list of {code, message}.
-- `body` is what JSON gave; `state` has now (epoch seconds), is_csr(text),
-- knows(id) for organizations and is_taken(id) for alternative order ids.
function checks.order(body, state)
  state.errors = {}
  check_fields(state, "", ORDER, body)
  check_order_validity(state, body)
  check_organization(state, body)
  check_payment(state, body)
  check_alternative_id(state, body)
  if #state.errors == 0 then
    body = checks.without_nulls(body)
    check_dcv(state, body)
    if validity.outlives(body, state.now) then
      invalid(state, "certificate.cert_validity")
    end
  end
  return state.errors
end

-- The same for the request for a reissue or a duplicate; of `state` it needs
-- now and is_csr.
function checks.certificate(body, state)
  state.errors = {}
  check_fields(state, "", REISSUE, body)
  return state.errors
end

-- The same for a new organization.
function checks.organization(body)
  local state = { errors = {} }
  check_fields(state, "", ORGANIZATION, body)
  check_fields(state, "", NEW_ORGANIZATION, body)
  if absent(body.organization_contact) then
    missing(state, "organization_contact")
  end
  return state.errors
end

-- A deep copy without the members that are null.
function checks.without_nulls(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = setmetatable({}, getmetatable(value))
  for name, item in pairs(value) do
    if item ~= json.null then
      copy[name] = checks.without_nulls(item)
    end
  end
  return copy
end

return checks

-- The rules of an order, read from the page once more and written down as
-- plain Lua: slow, and sharing nothing with the C table. What it says is
-- compared with what the code says.

local formats = require "support.oracle_formats"

local oracle = {}

-- ---- the page --------------------------------------------------------------

local function text(more)
  more = more or {}
  more.kind = "string"
  return more
end
local function integer(min, max)
  return { kind = "integer", min = min, max = max }
end
local function choice(...) return { kind = "string", choices = { ... } } end
local function list(of) return { kind = "list", of = of } end
local function object(...) return { kind = "object", fields = { ... } } end
local function needed(field) field.required = true; return field end
local function by_rule(field) field.by_rule = true; return field end
local boolean, flag = { kind = "boolean" }, { kind = "flag" }
local HASHES = { "sha256", "sha384", "sha512" }

local function person(mark)
  return object(
    { "first_name", needed(text { real = mark }) },
    { "last_name", needed(text { real = mark }) },
    { "email", needed(text { format = "email" }) },
    { "job_title", text() }, { "telephone", text() },
    { "telephone_extension", text() })
end

local function detail(more)
  more = more or {}
  more.real, more.by_rule = true, true
  return text(more)
end

oracle.form = object(
  { "certificate", needed(object(
    { "common_name", needed(text { format = "host", most = 64 }) },
    { "dns_names", list(text { format = "host" }) },
    { "csr", needed(text { csr = true, lines = true }) },
    { "signature_hash", needed(text { choices = HASHES }) },
    { "organization_units", { kind = "list", of = text(), deprecated = true,
                              ignored = true } },
    { "server_platform", object({ "id", needed(integer()) }) },
    { "cert_validity", object({ "years", integer(1, 1) },
      { "days", integer(1, 397) },
      { "custom_expiration_date", text { format = "date" } }) },
    { "profile_option", text() }, { "ca_cert_id", text() })) },
  { "renewed_thumbprint", text { format = "sha1" } },
  { "order_validity", object({ "years", integer(1, 3) },
    { "days", integer(1, 1095) },
    { "custom_expiration_date", text { format = "date" } }) },
  { "validity_years", { kind = "integer", min = 1, max = 3,
                        deprecated = true } },
  { "custom_expiration_date", text { format = "iso_date",
                                     deprecated = true } },
  { "comments", text { lines = true } }, { "apply_cr_discount", boolean },
  { "serial_number", text() }, { "auto_renew", flag },
  { "auto_reissue", flag }, { "custom_renewal_message", text { lines = true } },
  { "disable_renewal_notifications", boolean },
  { "additional_emails", list(text { format = "email" }) },
  { "locale", text() }, { "server_licenses", integer(1) },
  { "renewal_of_order_id", integer(1) },
  { "payment_method", choice("balance", "profile", "card") },
  { "credit_card", object(
    { "number", needed(text { format = "card" }) },
    { "expiration_month", needed(integer(1, 12)) },
    { "expiration_year", needed(integer(1000, 9999)) },
    { "cvv", needed { kind = "cvv" } },
    { "cardholder_name", needed(text()) }) },
  { "billing_address", object(
    { "address", needed(text()) }, { "address2", text() },
    { "city", needed(text()) }, { "state", text() },
    { "country", needed(text()) }, { "zip", text() }) },
  { "vat_number", text() },
  { "dcv_method", choice("email", "dns-txt-token", "dns-cname-token",
                         "http-token", "http-token-dynamic") },
  { "skip_approval", boolean }, { "disable_ct", boolean },
  { "organization_contact", person() }, { "technical_contact", person() },
  { "organization", needed(object(
    { "id", by_rule(integer(1)) }, { "skip_duplicate_org_check", boolean },
    { "contacts", list(object(
      { "contact_type", needed(text()) },
      { "user_id", integer(1) }, { "first_name", by_rule(text()) },
      { "last_name", by_rule(text()) }, { "job_title", by_rule(text()) },
      { "telephone", by_rule(text()) },
      { "email", by_rule(text { format = "email" }) })) },
    { "name", detail { most = 64 } },
    { "assumed_name", text { real = true } },
    { "country", detail { format = "country" } },
    { "address", detail { most = 64 } },
    { "address2", text { most = 64, real = true } },
    { "city", detail { most = 64 } }, { "state", detail { most = 64 } },
    { "zip", detail { most = 64 } }, { "telephone", detail() },
    { "organization_contact", person(true) })) },
  { "container", object({ "id", needed(integer(1)) }) },
  { "custom_fields", list(object({ "metadata_id", needed(integer(1)) },
                                 { "value", needed(text()) })) },
  { "alternative_order_id", text { format = "id", most = 64 } },
  { "enable_guest_access", flag },
  { "certificate_dcv_scope", choice("base_domain", "fqdn") })

-- ---- what is found ---------------------------------------------------------

-- Problems by path, each a set of the codes that are right: of two things
-- wrong with one value either may be told. Warnings are a set of both.
local function say(found, path, ...)
  local codes = found.problems[path] or {}
  for _, code in ipairs { ... } do
    codes[code] = true
  end
  found.problems[path] = codes
end

local function warn(found, path, code)
  if found.strict then
    say(found, path, code)
    found.also[path .. " " .. code] = true
  else
    found.warnings[path .. " " .. code] = true
  end
end

local function below(path, name)
  if type(name) == "number" then
    return ("%s[%d]"):format(path, name)
  elseif name:find("^[%a_][%w_]*$") then
    return path == "" and name or path .. "." .. name
  end
  return ('%s["%s"]'):format(path, name)
end

local function given(value)
  return value ~= nil and value ~= oracle.null and value ~= ""
end

local function is_plain(value)
  local meta = getmetatable(value)
  return not meta or rawget(meta, "__index") == nil
    and rawget(meta, "__pairs") == nil
end

-- ---- values ----------------------------------------------------------------

local check = {}

function check.string(found, field, path, value)
  if type(value) ~= "string" then
    return say(found, path, "type")
  end
  if field.csr then
    value = value:gsub("^%s+", ""):gsub("%s+$", "")
    if value == "" then
      return say(found, path, "missing")
    end
  end
  local characters = formats.characters(value)
  local control = field.lines and "[%z\1-\9\11\12\14-\31\127]"
    or "[%z\1-\31\127]"
  if not characters or value:find(control) then
    say(found, path, "format")
  end
  if #value >= 64 and value:find("PRIVATE KEY---", 1, true) then
    say(found, path, field.csr and "csr" or "format")
  end
  if field.choices then
    local allowed = false
    for _, one in ipairs(field.choices) do
      allowed = allowed or one == value
    end
    if not allowed then
      say(found, path, "choice")
    end
  end
  if field.most and (characters or 0) > field.most then
    say(found, path, "range")
  end
  if value == "" and field.by_rule then
    return
  end
  if value == "" and (field.item or field.format)
     or value ~= "" and field.format and not formats.is[field.format](value)
     or field.real and formats.is_placeholder(value) then
    say(found, path, "format")
  elseif field.format == "host" and formats.is_unknown(value)
         and characters <= (field.most or characters) then
    warn(found, path, "unknown")
  end
end

function check.integer(found, field, path, value)
  if type(value) ~= "number" then
    say(found, path, "type")
  elseif value ~= math.floor(value) or value ~= value or value > 2 ^ 53
         or value < -2 ^ 53 then
    say(found, path, "type", "range")
  elseif field.min and value < field.min or field.max and value > field.max then
    say(found, path, "range")
  end
end

-- An integer, or its digits as they stand on the card.
function check.cvv(found, _, path, value)
  if type(value) == "string" and not value:find("^%d%d%d%d?$") then
    say(found, path, "type")
  elseif type(value) ~= "string" then
    check.integer(found, integer(0, 9999), path, value)
  end
end

function check.flag(found, _, path, value)
  if type(value) == "number" and value ~= 0 and value ~= 1 then
    say(found, path, "type", "choice")
  elseif type(value) ~= "number" and type(value) ~= "boolean" then
    say(found, path, "type")
  end
end

function check.boolean(found, _, path, value)
  if type(value) ~= "boolean" then
    say(found, path, "type")
  end
end

local function check_value(found, field, path, value)
  if field.deprecated then
    warn(found, path, "deprecated")
  end
  if field.ignored then
    warn(found, path, "ignored")
  end
  return check[field.kind](found, field, path, value)
end

function check.list(found, field, path, value)
  if type(value) ~= "table" or not is_plain(value) then
    return say(found, path, "type")
  end
  local count, most = 0, 0
  for key in next, value do
    if type(key) ~= "number" or key < 1 or key ~= math.floor(key) then
      return say(found, path, "type")
    end
    count, most = count + 1, math.max(most, key)
  end
  if count ~= most then
    return say(found, path, "type")
  end
  for i, item in ipairs(value) do
    field.of.item = true
    check[field.of.kind](found, field.of, below(path, i), item)
  end
end

-- Whether JSON can carry a value that the page does not know.
local function is_json(value)
  if type(value) == "string" then
    return formats.characters(value) ~= nil
      and not value:find("PRIVATE KEY---", 1, true)
  elseif type(value) == "number" then
    return value == value and value ~= 1 / 0 and value ~= -1 / 0
  elseif type(value) ~= "table" then
    return type(value) == "boolean" or value == oracle.null
  elseif not is_plain(value) then
    return false
  end
  local kind, count = nil, 0
  for key, item in next, value do
    kind = kind or type(key)
    count = count + 1
    if type(key) ~= kind or not is_json(key) or not is_json(item) then
      return false
    end
  end
  return kind == nil or kind == "string"
    or kind == "number" and count == #value and value[count] ~= nil
end

local function check_unknown(found, names, path, value, options)
  for name, member in next, value do
    if not names[name] and member ~= oracle.null then
      local at = below(path, name)
      if not options.allow_unknown then
        say(found, at, "unknown")
      elseif type(name) ~= "string" or not is_json(name)
             or not is_json(member) then
        say(found, at, "type")
      else
        warn(found, at, "unknown")
      end
    end
  end
end

function check.object(found, field, path, value)
  if type(value) ~= "table" or not is_plain(value) then
    return say(found, path, "type")
  end
  local names = {}
  for _, entry in ipairs(field.fields) do
    local name, member = entry[1], entry[2]
    local inside, at = value[name], below(path, name)
    names[name] = true
    local empty = not given(inside)
    if empty and member.required then
      say(found, at, "missing")
    elseif inside ~= nil and inside ~= oracle.null then
      check_value(found, member, at, inside)
    end
  end
  check_unknown(found, names, path, value, found.options)
  if field.rule then
    field.rule(found, value, path)
  end
end

oracle.given, oracle.say, oracle.warn, oracle.is_plain = given, say, warn,
  is_plain
oracle.check_object = check.object

return oracle

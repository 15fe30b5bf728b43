--- Keys and certificate signing requests (CSRs). Loads libcrypto.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local rules = require "certcentral.rules"
local x509 = require "certcentral.x509"

local csr = {}

-- ---- a CSR that is there ---------------------------------------------------

local function check_text(value, who)
  if type(value) ~= "string" then
    options_of.raise("bad argument #1 to '%s' (string expected, got %s)", who,
                     value == nil and "no value" or type(value))
  end
end

--- Checks that a public CA may sign a CSR.
-- @param pem the CSR
-- @return true; or nil, why not
function csr.check(pem)
  check_text(pem, "check")
  return x509.check(pem)
end

--- Reads the names, the key and the signature of a CSR, and judges nothing.
-- @param pem the CSR
-- @return a table; or nil, err
function csr.inspect(pem)
  check_text(pem, "inspect")
  local facts, message = x509.inspect(pem)
  if facts then
    return facts
  end
  return nil, errors.invalid({ { path = "csr", code = "csr",
                                 message = "'csr' " .. message } }, nil, 1)
end

--- The SHA-256 of a text.
-- @return 64 hex digits
function csr.sha256(text)
  check_text(text, "sha256")
  return x509.sha256(text)
end

-- ---- a new one -------------------------------------------------------------

local SHOWN = 64             -- bytes of a wrong value in a message
local PASSPHRASE_MAX = 1023  -- bytes: what the openssl command reads

-- The texts of a subject: name, format, X.520's limit in characters.
local TEXTS = {
  { "common_name", "host", 64 }, { "organization", nil, 64 },
  { "organization_unit", nil, 64 }, { "country", "country", 2 },
  { "state", nil, 128 }, { "locality", nil, 128 }, { "email", "email", 128 },
}

local KNOWN = { dns_names = "table", key = "string", key_file = "string",
                passphrase = "string" }
for _, row in ipairs(TEXTS) do
  KNOWN[row[1]] = "string"
end

local function bad_option(name, expected, got)
  options_of.raise("bad option '%s' to 'generate' (%s, got %s)", name, expected,
                   got)
end

-- A wrong value in a message, unless a terminal would stumble over it.
local function shown(text)
  if text == "" then
    return "an empty string"
  elseif #text > SHOWN or text:find('[^ -~]') or text:find('["\\]') then
    return ("a string of %d bytes"):format(#text)
  end
  return '"' .. text .. '"'
end

-- What a text must be in place of what it is, or nil.
local function problem_of(text, format, most)
  if text == "" then
    return "not be empty"
  elseif not rules.is_utf8(text) then
    return "be UTF-8"
  elseif text:find("[%z\1-\31\127]") then
    return "not contain control characters"
  elseif not format and core.is_placeholder(text) then
    return "be a real value, not a placeholder such as n/a"
  end
  local good, must = true, nil
  if format then
    good, must = core.in_format(format, text)
  end
  if good and most and #text:gsub("[\128-\191]", "") > most then
    return ("have at most %d characters"):format(most)
  end
  return must
end

local function check_option(name, text, format, most)
  local must = problem_of(text, format, most)
  if must then
    bad_option(name, "must " .. must, shown(text))
  end
end

-- The entries of a table as they are now: what runs meanwhile, a finalizer,
-- may change the caller's.
local function copy_of(given)
  local copy = {}
  for key, value in next, given do
    copy[key] = value
  end
  return copy
end

local function check_names(names)
  local count = 0
  for _ in next, names do
    count = count + 1
  end
  for i = 1, count do
    local name = ("dns_names[%d]"):format(i)
    if names[i] == nil then
      bad_option("dns_names", "a list of names expected",
                 "a table with holes or other keys")
    elseif type(names[i]) ~= "string" then
      bad_option(name, "string expected", type(names[i]))
    end
    check_option(name, names[i], "host")
  end
end

local function check_kind(kind)
  local expected = rules.choice(x509.key_kinds)(kind)
  if expected then
    bad_option("key", expected .. " expected", shown(kind))
  end
end

-- The passphrase never shows, its length may.
local function check_passphrase(text)
  local fits = text ~= "" and #text <= PASSPHRASE_MAX
  if not fits or text:find("%z") then
    bad_option("passphrase", "1 to 1023 bytes, none of them NUL, expected",
      ("%d bytes%s"):format(#text, fits and " with a NUL" or ""))
  end
end

-- The options as they are now, checked. Misuse raises before anything is made.
local function read_options(given)
  local options = type(given) == "table" and copy_of(given) or given
  options_of.check(options, KNOWN, "generate")
  for _, row in ipairs(TEXTS) do
    if options[row[1]] then
      check_option(row[1], options[row[1]], row[2], row[3])
    end
  end
  options.dns_names = copy_of(options.dns_names or {})
  check_names(options.dns_names)
  if not options.common_name and #options.dns_names == 0 then
    options_of.raise("missing option 'common_name' to 'generate' (or "
                     .. "'dns_names')")
  end
  options.key = options.key or x509.key_kinds[1]
  check_kind(options.key)
  if options.passphrase then
    check_passphrase(options.passphrase)
  end
  local file = options.key_file
  if file and (file == "" or file:find("%z")) then
    bad_option("key_file", "the name of a file expected", shown(file))
  end
  return options
end

--- Makes a private key and a CSR for it.
-- @param options common_name, dns_names, organization, organization_unit,
--   country, state, locality, email; key: its kind; key_file: where to write
--   the key; passphrase: what to encrypt it with
-- @return the CSR and the key, both PEM; with key_file the CSR, nil and the
--   file's name; or nil, err
function csr.generate(options)
  options = read_options(options)
  local file = options.key_file
  local made, key, reason = x509.generate(options, file)
  if made and file then -- the file is there: nothing may raise any more
    return made, nil, file
  elseif made then
    return made, key
  end
  return nil, errors.new("config", reason and
    ("cannot write the key to '%s': %s"):format(file, reason) or key)
end

require("certcentral.calls").functions(csr, "certcentral.csr",
  { "generate", "inspect", "check", "sha256" })

return csr

-- The sandbox's own certificate authority: a root, an issuing CA below it,
-- and what they sign. Keys are P-256: quick to make at every start.

local openssl = require("certcentral.sandbox.openssl")
local x509 = openssl("x509")
local altname = openssl("x509.altname")
local bignum = openssl("bignum")
local extension = openssl("x509.extension")
local name = openssl("x509.name")
local pkey = openssl("pkey")
local rand = openssl("rand")

local csr = require("certcentral.sandbox.csr")

local ca = {}

local DAY = 86400
local CA_LIFE = 25 * 365 * DAY
local ROOT_NAME = "certcentral Sandbox Root CA"
local ICA_NAME = "certcentral Sandbox OV Issuing CA"

local Ca = {}
Ca.__index = Ca

local function new_key()
  return pkey.new({ type = "EC", curve = "prime256v1" })
end

-- luaossl takes text for names as Latin-1. Characters beyond it become "?".
local function latin1(text)
  return (text:gsub("[\194-\244][\128-\191]+", function(char)
    local first, second = char:byte(1, 2)
    local code = (first - 192) * 64 + second - 128
    return #char == 2 and code < 256 and string.char(code) or "?"
  end))
end

-- `parts` is a list of {attribute, value}; values may be nil.
local function subject(parts)
  local result = name.new()
  for _, part in ipairs(parts) do
    if part[2] then
      result:add(part[1], latin1(part[2]))
    end
  end
  return result
end

-- Positive, never zero, 16 bytes long.
local function serial()
  return bignum.fromBinary("\x4c" .. rand.bytes(15))
end

local function blank(options)
  local crt = x509.new()
  crt:setVersion(3)
  crt:setSerial(serial())
  crt:setSubject(options.subject)
  crt:setIssuer(options.issuer or options.subject)
  crt:setLifetime(math.floor(options.not_before),
    math.floor(options.not_after))
  crt:setPublicKey(options.key)
  crt:setBasicConstraints({ CA = options.ca or false })
  crt:setBasicConstraintsCritical(true)
  return crt
end

local function extend(crt, extname, value, data)
  crt:addExtension(extension.new(extname, value, data))
end

local function new_ca(common_name, now, issuer)
  local key = new_key()
  local crt = blank({
    subject = subject({ { "C", "US" }, { "O", "certcentral Sandbox" },
      { "CN", common_name } }),
    issuer = issuer and issuer.crt:getSubject(),
    not_before = now - DAY,
    not_after = now + CA_LIFE,
    key = key,
    ca = true,
  })
  extend(crt, "keyUsage", "critical,keyCertSign,cRLSign")
  extend(crt, "subjectKeyIdentifier", "hash", { subject = crt })
  if issuer then
    extend(crt, "authorityKeyIdentifier", "keyid",
      { issuer = issuer.crt, subject = crt })
  end
  crt:sign(issuer and issuer.key or key, "sha256")
  return { crt = crt, key = key, common_name = common_name }
end

-- A new root and issuing CA, valid from the day before `now`.
function ca.new(now)
  local root = new_ca(ROOT_NAME, now)
  local ica = new_ca(ICA_NAME, now, root)
  return setmetatable({ root = root, ica = ica }, Ca)
end

-- The whole CA with its keys as PEM texts, for ca.load in another process.
function Ca:export()
  local out = {}
  for _, which in ipairs({ "root", "ica" }) do
    out[which] = self[which].crt:toPEM()
    out[which .. "_key"] = self[which].key:toPEM("private")
    out[which .. "_name"] = self[which].common_name
  end
  return out
end

-- The CA that export() wrote.
function ca.load(pems)
  local self = {}
  for _, which in ipairs({ "root", "ica" }) do
    self[which] = {
      crt = x509.new(pems[which], "PEM"),
      key = pkey.new(pems[which .. "_key"], "PEM"),
      common_name = pems[which .. "_name"],
    }
  end
  return setmetatable(self, Ca)
end

function ca.is_ca(value)
  return getmetatable(value) == Ca
end

local function is_ip(text)
  return text:find("^%d+%.%d+%.%d+%.%d+$") ~= nil or text:find(":", 1, true)
    ~= nil
end

local function alternatives(names)
  local result = altname.new()
  for _, entry in ipairs(names) do
    result:add(is_ip(entry) and "IP" or "DNS", entry)
  end
  return result
end

-- Signs a server certificate. `options`: key (its public key), names (the
-- first becomes the common name, all become alternative names), details
-- (list of {attribute, value} for the subject), not_before, not_after, hash
-- (default sha256), client_auth (boolean). Returns the certificate.
function Ca:issue(options)
  local parts = { { "CN", options.names[1] } }
  for _, part in ipairs(options.details or {}) do
    table.insert(parts, #parts, part)
  end
  local crt = blank({
    subject = subject(parts),
    issuer = self.ica.crt:getSubject(),
    not_before = options.not_before,
    not_after = options.not_after,
    key = options.key,
  })
  crt:setSubjectAlt(alternatives(options.names))
  extend(crt, "keyUsage", "critical,digitalSignature")
  extend(crt, "extendedKeyUsage", options.client_auth
    and "serverAuth,clientAuth" or "serverAuth")
  extend(crt, "subjectKeyIdentifier", "hash", { subject = crt })
  extend(crt, "authorityKeyIdentifier", "keyid",
    { issuer = self.ica.crt, subject = crt })
  crt:sign(self.ica.key, options.hash or "sha256")
  return crt
end

-- Leaf, issuing CA and root: a list of {subject_common_name, crt, is_root}.
function Ca:chain(common_name, crt)
  return {
    { subject_common_name = common_name, crt = crt },
    { subject_common_name = self.ica.common_name, crt = self.ica.crt },
    { subject_common_name = self.root.common_name, crt = self.root.crt,
      is_root = true },
  }
end

-- A chain as JSON has it: {subject_common_name, pem}, PEM with CRLF.
function ca.show_chain(chain)
  local list = {}
  for index, entry in ipairs(chain) do
    list[index] = {
      subject_common_name = entry.subject_common_name,
      pem = (entry.crt:toPEM():gsub("\n", "\r\n")),
    }
  end
  return list
end

-- The root as PEM: what a client has to trust.
function Ca:root_pem()
  return self.root.crt:toPEM()
end

-- A key and a certificate chain for a TLS server with these names: two PEM
-- texts, private key first.
function Ca:server_identity(names, now)
  local key = new_key()
  local crt = self:issue({
    key = key,
    names = names,
    not_before = now - DAY,
    not_after = now + 365 * DAY,
  })
  return key:toPEM("private"), crt:toPEM() .. self.ica.crt:toPEM()
end

-- Reads a PEM request: see csr.read. The last one is remembered: an order
-- reads its own several times.
function Ca:read_csr(text)
  if self.last_csr ~= text then
    self.last_csr, self.last_request = text, csr.read(text)
  end
  return self.last_request
end

local LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

-- A random text of `length` lower-case letters and digits.
function ca.random_text(length)
  return (rand.bytes(length):gsub(".", function(char)
    local index = char:byte() % #LETTERS + 1
    return LETTERS:sub(index, index)
  end))
end

-- A random whole number from `low` to `high`.
function ca.random_integer(low, high)
  return low + rand.uniform(high - low + 1)
end

return ca

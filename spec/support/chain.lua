-- Certificates to test with, made by luaossl: a server's, a CA below root A,
-- root A, root B, and root A as root B certifies it.

local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local extension = require "openssl.x509.extension"
local pkey = require "openssl.pkey"
local request = require "openssl.x509.csr"
local x509 = require "openssl.x509"
local x509_name = require "openssl.x509.name"

local chain = {}

local DAY = 86400
local NAMES = { leaf = "www.example.com", ica = "Issuing CA", a = "Root A",
                b = "Root B" }

local keys = {}

--- The key of "leaf", "ica", "a" or "b", or a new one of another name.
function chain.key(who)
  keys[who] = keys[who] or pkey.new { type = "EC", curve = "prime256v1" }
  return keys[who]
end

local function name_of(who)
  local name = x509_name.new()
  name:add("CN", NAMES[who])
  return name
end

local serial = 100

-- who: whose name and key; by: who signs
local function certify(who, by, days, more)
  local cert = x509.new()
  serial = serial + 1
  cert:setVersion(3)
  cert:setSerial(bignum.new(more and more.serial or serial))
  local now = more and more.now or os.time()
  cert:setLifetime(now - DAY, now + days * DAY)
  cert:setSubject(name_of(who))
  cert:setIssuer(name_of(by))
  cert:setPublicKey(chain.key(more and more.key or who))
  cert:setBasicConstraints { CA = who ~= "leaf" }
  cert:setBasicConstraintsCritical(true)
  if who ~= "leaf" then
    cert:addExtension(extension.new("keyUsage", "critical,keyCertSign"))
  else
    local names = altname.new()
    for _, name in ipairs(more and more.names or
                          { "www.example.com", "example.com" }) do
      names:add(name:find("^%d+%.%d+%.%d+%.%d+$") and "IP" or "DNS", name)
    end
    cert:setSubjectAlt(names)
  end
  cert:sign(chain.key(by))
  return cert:toPEM()
end

--- A new server's certificate.
-- @param more names, serial, key (another's), now
-- @return PEM
function chain.leaf(more)
  return certify("leaf", "ica", 90, more)
end

--- PEM by letter: l leaf, i the CA, a and b the roots, A root A by root B.
chain.pem = setmetatable({}, { __index = function(pem, letter)
  local made = letter == "l" and chain.leaf()
    or letter == "i" and certify("ica", "a", 900)
    or letter == "a" and certify("a", "a", 2000)
    or letter == "b" and certify("b", "b", 3000)
    or letter == "A" and certify("a", "b", 1000)
  pem[letter] = made
  return made
end })

--- The certificates of a word of letters, one after the other.
function chain.text(word)
  return (word:gsub(".", function(letter) return chain.pem[letter] end))
end

--- A CSR of a key.
function chain.csr(who)
  local csr = request.new()
  csr:setSubject(name_of("leaf"))
  csr:setPublicKey(chain.key(who))
  csr:sign(chain.key(who))
  return csr:toPEM()
end

--- A private key in PEM.
function chain.private(who)
  return chain.key(who):toPEM("private")
end

--- All orders of a word's letters.
function chain.orders(word)
  if #word < 2 then
    return { word }
  end
  local list = {}
  for i = 1, #word do
    for _, rest in ipairs(chain.orders(word:sub(1, i - 1)
                                       .. word:sub(i + 1))) do
      list[#list + 1] = word:sub(i, i) .. rest
    end
  end
  return list
end

--- A PEM's serial number as the API writes it.
function chain.serial(pem)
  local hex = x509.new(pem):getSerial():toHex():upper()
  return #hex % 2 == 0 and hex or "0" .. hex
end

return chain

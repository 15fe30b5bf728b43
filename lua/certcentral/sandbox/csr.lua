-- Certificate requests: read, and held to the signature that they carry.

local openssl = require("certcentral.sandbox.openssl")
local digest = openssl("digest")
local pkey = openssl("pkey")
local x509csr = openssl("x509.csr")

local bits = require("certcentral.sandbox.bits")
local der = require("certcentral.sandbox.der")

local csr = {}

-- PEM ----------------------------------------------------------------------

local BEGIN = "^%s*%-%-%-%-%-BEGIN ([%u ]*CERTIFICATE REQUEST)%-%-%-%-%-(.*)$"

-- The base64 lines of a PEM request, however its lines end, wrapped anew.
local function rewrap(text)
  local kind, rest = text:match(BEGIN)
  if kind ~= "CERTIFICATE REQUEST" and kind ~= "NEW CERTIFICATE REQUEST" then
    return nil
  end
  local last = ("-----END %s-----"):format(kind)
  local from, to = rest:find(last, 1, true)
  if not from or rest:find("%S", to + 1) then
    return nil
  end
  local base64 = rest:sub(1, from - 1):gsub("%s", "")
  if base64 == "" or base64:find("[^%w+/=]") then
    return nil
  end
  return "-----BEGIN CERTIFICATE REQUEST-----\n"
    .. base64:gsub(("."):rep(64), "%0\n")
    .. (#base64 % 64 == 0 and "" or "\n")
    .. "-----END CERTIFICATE REQUEST-----\n"
end

-- The signature ------------------------------------------------------------

local HASHES = {
  ["2b0e03021a"] = "sha1",
  ["608648016503040204"] = "sha224",
  ["608648016503040201"] = "sha256",
  ["608648016503040202"] = "sha384",
  ["608648016503040203"] = "sha512",
}

-- Signature algorithms by object identifier; the digest of each.
local PLAIN = {
  ["2a864886f70d010104"] = "md5",
  ["2a864886f70d010105"] = "sha1",
  ["2a864886f70d01010e"] = "sha224",
  ["2a864886f70d01010b"] = "sha256",
  ["2a864886f70d01010c"] = "sha384",
  ["2a864886f70d01010d"] = "sha512",
  ["2a8648ce3d0401"] = "sha1",
  ["2a8648ce3d040301"] = "sha224",
  ["2a8648ce3d040302"] = "sha256",
  ["2a8648ce3d040303"] = "sha384",
  ["2a8648ce3d040304"] = "sha512",
}

local PSS = "2a864886f70d01010a"

local function hash(kind, text)
  return digest.new(kind):final(text)
end

-- The name of the hash in an AlgorithmIdentifier's content.
local function hash_of(content)
  local first = (der.list(content) or {})[1]
  return first and HASHES[der.hex(first.content)]
end

-- RSASSA-PSS-params (RFC 4055, 3.1) as {hash, mask, salt}, or nil.
local function pss_parameters(element)
  local result = { hash = "sha1", mask = "sha1", salt = 20 }
  for _, part in ipairs(der.list(element.content) or {}) do
    local _, inner = der.read(part.content)
    if part.tag == 0xa0 then
      result.hash = inner and hash_of(inner)
    elseif part.tag == 0xa1 then
      local mask = (inner and der.list(inner) or {})[2]
      result.mask = mask and hash_of(mask.content)
    elseif part.tag == 0xa2 then
      result.salt = inner and tonumber(der.hex(inner), 16)
    end
  end
  return result.hash and result.mask and result.salt and result or nil
end

local function mask(kind, seed, length)
  local text, count = "", 0
  while #text < length do
    text = text .. hash(kind, seed .. string.char(0, 0, 0, count))
    count = count + 1
  end
  return text:sub(1, length)
end

local function xor(one, other)
  local bytes = {}
  for index = 1, #one do
    bytes[index] = string.char(bits.xor(one:byte(index), other:byte(index)))
  end
  return table.concat(bytes)
end

-- EMSA-PSS verification (RFC 8017, 9.1.2) of a key whose modulus fills its
-- bytes.
local function holds_pss(key, parameters, info, signature)
  local encoded = key:encrypt(signature,
    { rsaPadding = pkey.RSA_NO_PADDING })
  local hashed = hash(parameters.hash, info)
  local cut = #encoded - #hashed - 1
  if cut < 1 or encoded:byte(-1) ~= 0xbc then
    return false
  end
  local masked, h = encoded:sub(1, cut), encoded:sub(cut + 1, -2)
  local block = xor(masked, mask(parameters.mask, h, #masked))
  block = string.char(block:byte() % 128) .. block:sub(2)
  local salt = block:match("^%z*\1(.*)$")
  return salt ~= nil and #salt == parameters.salt
    and hash(parameters.hash, ("\0"):rep(8) .. hashed .. salt) == h
end

-- True when `key` has signed the request of these three elements.
local function holds(key, parts)
  local algorithm = der.list(parts[2].content) or {}
  local oid = algorithm[1] and der.hex(algorithm[1].content)
  local info, signature = parts[1].whole, parts[3].content:sub(2)
  if oid == PSS then
    local parameters = algorithm[2] and pss_parameters(algorithm[2])
    return parameters ~= nil and holds_pss(key, parameters, info, signature)
  end
  return PLAIN[oid] ~= nil
    and key:verify(signature, digest.new(PLAIN[oid]):update(info))
end

-- Reading ------------------------------------------------------------------

-- Curve -> its bits, and the bytes of a point that is written out. The point
-- at infinity is shorter: OpenSSL's Lua binding does not survive it.
local CURVES = {
  ["2a8648ce3d030107"] = { 256, 65 },
  ["2b81040022"] = { 384, 97 },
  ["2b81040023"] = { 521, 133 },
}
local RSA = "2a864886f70d010101"
local LEAST_RSA_BITS = 2048

-- Bits of a positive INTEGER.
local function integer_bits(content)
  local digits = content:match("^%z*(.*)$")
  local count, first = #digits * 8, digits:byte() or 0
  while first < 128 and count > 0 do
    first, count = first * 2, count - 1
  end
  return count
end

-- The bits of the key in CertificationRequestInfo; nil for a key that no CA
-- may sign.
local function key_bits(info)
  local key = der.list(der.list(info)[3].content)
  local algorithm = der.list(key[1].content)
  local text = key[2].content:sub(2)
  if der.hex(algorithm[1].content) == RSA then
    local _, numbers = der.read(text)
    local size = integer_bits(der.list(numbers)[1].content)
    return size >= LEAST_RSA_BITS and size or nil
  end
  local curve = CURVES[der.hex(algorithm[2].content)]
  return curve and #text == curve[2] and curve[1] or nil
end

-- Whether CertificationRequestInfo is of version 1, which is written as 0
-- (RFC 2986, 4.1).
local function is_version_1(info)
  return der.hex(der.list(info)[1].content) == "00"
end

local function parse(pem)
  local request = x509csr.new(pem, "PEM")
  local _, content = der.read(request:tostring("DER"))
  local parts = der.list(content)
  if not is_version_1(parts[1].content) then
    return nil
  end
  local size = key_bits(parts[1].content)
  local key = size and request:getPublicKey()
  return key and holds(key, parts) and { key = key, bits = size }
end

-- Reads a PEM request with any line ends or none at all. Returns {key, bits}
-- (its public key), or nil when it is no certificate request, its own key
-- has not signed it, or the key is not RSA of 2048 bits and more or on one of
-- NIST's curves.
function csr.read(text)
  local pem = rewrap(text)
  if not pem then
    return nil
  end
  local ok, result = pcall(parse, pem)
  return ok and result or nil
end

return csr

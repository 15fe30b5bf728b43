--- The key of a certificate that is to come, and its CSR: in files beside the
-- present key until the certificate is saved, so that neither a crash nor a
-- lost answer costs the key of a certificate that is on its way.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local reissues = require "certcentral.client.reissues"

local keep_key = {}

local NEXT, REQUEST = ".next", ".next.csr"

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

keep_key.read = read

--- Where the key is kept until its certificate is saved.
function keep_key.path(key)
  return key .. NEXT
end

--- The CSR of the key that is kept; nil where there is none.
-- @param key the name of the present key's file
function keep_key.pending(key)
  return read(key .. NEXT) and read(key .. REQUEST) or nil
end

--- Forgets the key that is kept: its certificate is saved, or there is none
-- to come.
function keep_key.forget(key)
  os.remove(key .. REQUEST) -- first: without it the key counts as none
  os.remove(key .. NEXT)
end

-- The kind of key that a CSR has, for another one of the same; nil for what is
-- not known.
local function kind_of(pem)
  local csr = require "certcentral.csr"
  local facts = type(pem) == "string" and csr.inspect(reissues.pem(pem))
  if not facts then
    return nil
  end
  local kind = ("%s-%s%d"):format(facts.key, facts.key == "ec" and "p" or "",
                                  facts.bits or 0)
  for _, known in ipairs(require("certcentral.x509").key_kinds) do
    if kind == known then
      return kind
    end
  end
end

--- Makes a key and keeps it: a CSR for the names of a certificate.
-- @param key the name of the present key's file
-- @param certificate of an order
-- @param passphrase of the key, or nil
-- @return the CSR; or nil, err
function keep_key.make(key, certificate, passphrase)
  keep_key.forget(key)
  local names = {}
  for i, name in ipairs(type(certificate.dns_names) == "table" and
                        certificate.dns_names or {}) do
    names[i] = name
  end
  local pem, err = require("certcentral.csr").generate {
    common_name = certificate.common_name, dns_names = names,
    key = kind_of(certificate.csr), key_file = key .. NEXT,
    passphrase = passphrase }
  if not pem then
    return nil, err
  end
  local done, name, reason = require("certcentral.x509").save {
    { path = key .. REQUEST, text = pem } }
  if not done then
    return nil, errors.new("config", ("cannot write the CSR to '%s': %s")
      :format(core.printable(name, 200), reason))
  end
  return pem
end

return keep_key

--- An order written from a CSR: the API reads nothing from it, so that what
-- the CSR says has to stand in the order once more.

local csr = require "certcentral.csr"
local errors = require "certcentral.error"
local printed = require "certcentral.printed"

-- A signature by a hash that is weaker than the key is the weak link.
local HASHES = { ["P-384"] = "sha384", ["P-521"] = "sha512" }
local HASH = "sha256"

local COMMON_NAME_MAX = 64 -- characters

local function copy(value)
  if type(value) ~= "table" then
    return value
  end
  local new = {}
  for key, member in next, value do
    new[key] = copy(member)
  end
  return new
end

-- All names but the first time each, whatever the case of its letters.
local function unique(facts)
  local names, seen = {}, {}
  for _, list in ipairs { { facts.common_name }, facts.dns_names,
                          facts.ip_addresses } do
    for _, name in ipairs(list) do
      if not seen[name:lower()] then
        seen[name:lower()] = true
        names[#names + 1] = name
      end
    end
  end
  return names
end

-- The common name and a list of the others. A CSR without a common name has
-- its first name that is short enough for one.
local function names_of(facts)
  local names = unique(facts)
  if facts.common_name then
    return table.remove(names, 1), names
  end
  for i, name in ipairs(names) do
    if #name <= COMMON_NAME_MAX then
      return table.remove(names, i), names
    end
  end
end

-- Whether a text in a CSR's place is the name of a file.
local function is_file_name(text)
  return #text < 256 and not text:find("[\r\n]") and
         (text:find("^[~.]*/") or text:find("%.%w%w%w$")) ~= nil
end

local function refuse(message, pem)
  if not message:find("^must ") then
    message = "is refused: " .. message
  end
  message = "'certificate.csr' " .. message
  return nil, errors.invalid({ { path = "certificate.csr", code = "csr",
    message = message, hint = is_file_name(pem) and
    "give what is in the file, not its name" or nil } }, {}, 1)
end

--- Writes an order from a CSR.
-- certificate.common_name, dns_names, csr and signature_hash come from the
-- CSR, whatever `defaults` say; all else comes from `defaults`.
-- @param pem the CSR
-- @param defaults further members of the order, or nil; it is copied
-- @return the order; or nil, err where no public CA may sign the CSR or it
--   has no name
return function(pem, defaults)
  local ok, message = csr.check(pem)
  if not ok then
    return refuse(message, pem)
  end
  local facts = csr.inspect(pem)
  local common_name, others = names_of(facts)
  if not common_name then
    return refuse("must have a name that can be a common name", pem)
  end
  local order = copy(defaults) or {}
  if type(order.certificate) ~= "table" then
    order.certificate = {}
  end
  local certificate = order.certificate
  certificate.common_name = common_name
  certificate.dns_names = #others > 0 and others or nil
  certificate.csr = pem
  certificate.signature_hash = HASHES[facts.curve] or HASH
  return setmetatable(order, printed.ORDER)
end

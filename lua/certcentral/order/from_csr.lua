--- An order written from a CSR: the API reads nothing from it, so that what
-- the CSR says has to stand in the order once more.

local core = require "certcentral.core"
local csr = require "certcentral.csr"
local errors = require "certcentral.error"
local order_of = require "certcentral.order"
local printed = require "certcentral.printed"

-- A signature by a hash that is weaker than the key is the weak link.
local HASHES = { ["P-384"] = "sha384", ["P-521"] = "sha512" }
local HASH = "sha256"

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
      if not seen[core.lower(name)] then
        seen[core.lower(name)] = true
        names[#names + 1] = name
      end
    end
  end
  return names
end

-- Whether an order takes the name as its common name.
local function fits(name)
  local _, err = order_of.check({ certificate = { common_name = name } },
                                { check_csr = false }, false)
  for _, problem in ipairs(err.problems) do
    if problem.path == "certificate.common_name" then
      return false
    end
  end
  return true
end

-- The common name and a list of the others. A CSR without a common name, or
-- with one that is none, has its first name that can be one: what a form was
-- filled in with ("My server") is no name to order.
local function names_of(facts)
  local common_name = facts.common_name
  if common_name and not fits(common_name) then
    facts.common_name = nil
  end
  local names = unique(facts)
  for i, name in ipairs(names) do
    if fits(name) then
      return table.remove(names, i), names
    end
  end
  return common_name, names
end

local function refuse(message)
  if not message:find("^must ") then
    message = "is refused: " .. message
  end
  message = "'certificate.csr' " .. message
  return nil, errors.invalid({ { path = "certificate.csr", code = "csr",
                                 message = message } }, {}, 1)
end

--- Writes an order from a CSR.
-- certificate.common_name, dns_names, csr and signature_hash come from the
-- CSR, whatever `defaults` say; all else comes from `defaults`. Where the
-- CSR's own common name cannot be one, validation of the order warns of that.
-- @param pem the CSR
-- @param defaults further members of the order, or nil; it is copied
-- @return the order; or nil, err where no public CA may sign the CSR or it
--   has no name
return function(pem, defaults)
  local ok, message = csr.check(pem)
  if not ok then
    return refuse(message)
  end
  local facts = csr.inspect(pem)
  local common_name, others = names_of(facts)
  if not common_name then
    return refuse("must have a name that can be a common name")
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

--- The records and files that show control of a domain.

local core = require "certcentral.core"

local records = {}

--- The API's names of the methods.
records.METHODS = { "email", "dns-txt-token", "dns-cname-token",
                    "http-token", "http-token-dynamic" }

local TARGET = "dcv.digicert.com" -- where the API names no other
local LABEL = "_dnsauth."
local FOLDER = "/.well-known/pki-validation/"

local function is_address(name)
  return name:find(":", 1, true) ~= nil or
         name:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
end

-- A word that can be put into a record as it is; nil for anything else.
local function word(text)
  return type(text) == "string" and text:find("^[!#-Z%[%]^-~]+$") and text
         or nil
end

-- The documented host is the domain itself. Resellers name another one, which
-- helps where the domain has a CNAME and can have no TXT (RFC 1034, 3.6.2):
-- it stands in a comment of the zone file's own syntax (RFC 1035, 5.1).
local function txt(record, name, value)
  record.type, record.name, record.value = "TXT", name, value
  record.text = ('%s. IN TXT "%s" ; or at %s%s.')
    :format(name, value, LABEL, name)
end

-- What a CNAME points to: the value as the first label, then the API's text,
-- which may begin with the value already. Case is no matter of the DNS.
local function target(value, text)
  local rest = (word(text) or ""):gsub("%.$", "")
  local first = value .. "."
  if core.lower(rest:sub(1, #first)) == core.lower(first) then
    return rest
  elseif rest == "" or core.lower(rest) == core.lower(value) then
    rest = TARGET
  end
  return first .. rest
end

-- DigiCert ended the older form, "value.domain CNAME dcv.digicert.com", on
-- 2025-10-28.
local function cname(record, name, value, token)
  record.type, record.name = "CNAME", LABEL .. name
  record.value = target(value, token.verification_value)
  record.text = ("%s. IN CNAME %s."):format(record.name, record.value)
end

local function file(record, name, value, file_name)
  local host = name:find(":", 1, true) and "[" .. name .. "]" or name
  record.type, record.value = "FILE", value
  record.path = FOLDER .. (file_name or "")
  record.name = "http://" .. host .. record.path
  record.text = file_name
    and ('%s with the text "%s"'):format(record.name, value)
    or ('a file of any name under %s with the text "%s"')
       :format(record.name, value)
end

local MAKE = {
  ["dns-txt-token"] = txt,
  ["dns-cname-token"] = cname,
  ["http-token"] = function(record, name, value)
    file(record, name, value, "fileauth.txt")
  end,
  ["http-token-dynamic"] = function(record, name, value, token)
    file(record, name, value, word(token.filename))
  end,
}

--- Whether a method shows control by records or files of these kinds. An
-- order may have one of tomorrow.
function records.are_known(method)
  return type(method) == "string" and MAKE[method] ~= nil
end

-- What keeps a method from showing control of a name, or nil.
local function obstacle(method, name)
  if not records.are_known(method) then
    return ("'%s' needs the method '%s', whose records are not known")
           :format(name, core.printable(tostring(method), 40))
  end
  local over_http = method:find("^http") ~= nil
  if over_http and name:find("^%*") then
    return ("'%s' is a wildcard, which no file can prove control of")
           :format(name)
  elseif not over_http and is_address(name) then
    return ("'%s' is an address, which only a file can prove control of")
           :format(name)
  end
end

local function record_of(method, domain, value)
  local token = type(domain.dcv_token) == "table" and domain.dcv_token or {}
  local record = { domain = domain.name, domain_id = domain.id,
                   method = method, expiration_date = token.expiration_date,
                   problem = obstacle(method, domain.name) }
  value = word(token.token) or word(value)
  if record.problem then
    record.text = "; " .. record.problem
  elseif value then
    MAKE[method](record, domain.name:gsub("^%*%.", ""), value, token)
  else
    record.problem = ("there is no value for '%s'"):format(domain.name)
    record.text = "; " .. record.problem
  end
  return record
end

-- A file must stand at each name itself; a DNS record at their domain.
local function places(method, domain)
  local names = domain.dns_names
  if not tostring(method):find("^http") or type(names) ~= "table" or
     #names == 0 then
    return { domain }
  end
  local list = {}
  for i, name in ipairs(names) do
    list[i] = { name = name, id = domain.id, dcv_token = domain.dcv_token }
  end
  return list
end

--- The records for domains.
-- @param method one of METHODS, or another one that an order has; "email"
--   needs none
-- @param domains list of {name, id, dns_names, dcv_token}
-- @param value the random value for those without a token of their own
-- @return list of {domain, domain_id, method, type = "TXT", "CNAME" or
--   "FILE", name, value, path (of a file), text}; one that cannot be made has
--   `problem` in place of these
function records.of(method, domains, value)
  local list = {}
  if method == "email" then
    return list
  end
  for _, domain in ipairs(domains) do
    for _, place in ipairs(type(domain) == "table" and
                           places(method, domain) or {}) do
      if type(place.name) == "string" then
        list[#list + 1] = record_of(method, place, value)
      end
    end
  end
  return list
end

--- Records as text: lines of a zone file, and of where files go.
function records.text(list)
  local lines = {}
  for i, record in ipairs(list) do
    lines[i] = record.text
  end
  return table.concat(lines, "\n")
end

return records

-- Domain control of certificates to come: what has to be shown, whether it
-- is there, and since when. It knows certificates as life.lua makes them.
--
-- The internet of the sandbox is a list of records (see dcv.problem): what
-- a client says it has made, for the sandbox to find.

local ca = require("certcentral.sandbox.ca")
local dates = require("certcentral.sandbox.dates")
local names = require("certcentral.sandbox.names")

local dcv = {}

local VALUE_LIFE = 30 * dates.DAY
local TARGET = "dcv.digicert.com"
local LABEL = "_dnsauth."
local FOLDER = "/.well-known/pki-validation/"

dcv.METHODS = { email = true, ["dns-txt-token"] = true,
  ["dns-cname-token"] = true, ["http-token"] = true,
  ["http-token-dynamic"] = true }

function dcv.is_http(method)
  return method:find("^http%-token") ~= nil
end

-- Domains ------------------------------------------------------------------

-- The domains at which the names of a certificate are validated, as a list
-- of {domain, names}: base domains, or with the scope "fqdn" the names
-- themselves, those below another one together with it.
local function groups_of(certificate)
  local exact, list, by_domain = certificate.scope == "fqdn", {}, {}
  for _, name in ipairs(certificate.names) do
    local domain = exact and names.domain(name) or names.base(name)
    local top = domain
    for _, other in ipairs(exact and certificate.names or {}) do
      local above = names.domain(other)
      if names.is_below(top, above) then
        top = above
      end
    end
    if not by_domain[top] then
      by_domain[top] = { domain = top, names = {} }
      list[#list + 1] = by_domain[top]
    end
    table.insert(by_domain[top].names, name)
  end
  return list
end

-- When the last of `list` was validated; `at_of` says when one was. Nil as
-- long as one is not. Never before `first`.
local function last_of(list, first, at_of)
  local last = first
  for _, item in ipairs(list) do
    local at = at_of(item)
    if not at then
      return nil
    end
    last = math.max(last, at)
  end
  return last
end

-- When a domain's names were all validated, or nil.
function dcv.validated_at(sandbox, group)
  return last_of(group.names, 0, function(name)
    return sandbox.account:validated_at(name)
  end)
end

-- The domains of a certificate that are still to be validated.
function dcv.open(sandbox, certificate)
  local open = {}
  for _, group in ipairs(certificate.groups) do
    if not dcv.validated_at(sandbox, group) then
      open[#open + 1] = group
    end
  end
  return open
end

-- When the last domain of a certificate was validated, or nil.
function dcv.done_at(sandbox, certificate)
  return last_of(certificate.groups, certificate.time, function(group)
    return dcv.validated_at(sandbox, group)
  end)
end

-- An id for a domain; it stays with the domain.
function dcv.domain_id(sandbox, domain)
  sandbox.domain_ids[domain] = sandbox.domain_ids[domain]
    or sandbox.next_id()
  return sandbox.domain_ids[domain]
end

-- Values -------------------------------------------------------------------

-- Gives a certificate a random value, unless it has one that is still valid.
function dcv.renew_value(sandbox, certificate)
  local now = sandbox.clock()
  if not certificate.dcv_random_value or now > certificate.value_till then
    certificate.dcv_random_value = ca.random_text(32)
    certificate.value_till = now + VALUE_LIFE
    certificate.dcv_since = now
  end
end

-- Sends the mails for the open domains; with `only`, for that one alone.
function dcv.send_mails(sandbox, certificate, only)
  for _, group in ipairs(dcv.open(sandbox, certificate)) do
    if not only or only == group.domain then
      table.insert(sandbox.mail_list, {
        order_id = certificate.order.id,
        domain = group.domain,
        to = "admin@" .. group.domain,
        time = sandbox.clock(),
      })
    end
  end
end

-- Sets how a certificate's domains are validated, from now on.
function dcv.set_method(sandbox, certificate, method)
  certificate.method = method
  certificate.dcv_since = sandbox.clock()
  if method == "email" then
    dcv.send_mails(sandbox, certificate)
  else
    dcv.renew_value(sandbox, certificate)
  end
end

-- Finds out what a new certificate needs.
function dcv.begin(sandbox, certificate, method)
  certificate.groups = groups_of(certificate)
  certificate.method = method or "email"
  certificate.dcv_since = sandbox.clock()
  if #dcv.open(sandbox, certificate) > 0 then
    dcv.set_method(sandbox, certificate, certificate.method)
  end
end

-- Records ------------------------------------------------------------------

local function plain(text)
  return (text:lower():gsub("%.$", ""))
end

local KINDS = { TXT = true, CNAME = true, FILE = true }

-- Nil when a record is well-formed: {type, name, value} with type "TXT",
-- "CNAME" or "FILE", the name of a file being its URL. Else what is wrong.
-- Other members are passed over.
function dcv.problem(record)
  if type(record) ~= "table" or not KINDS[record.type]
    or type(record.name) ~= "string" or type(record.value) ~= "string" then
    return "expected {\"type\": \"TXT\", \"CNAME\" or \"FILE\", \"name\": "
      .. "..., \"value\": ...}"
  end
end

-- Puts a well-formed record into the sandbox's internet.
function dcv.publish(sandbox, record)
  table.insert(sandbox.record_list, {
    type = record.type, name = plain(record.name), value = record.value,
    time = sandbox.clock(),
  })
end

-- When the first record was published that `fits`; nil without one.
local function published(sandbox, kind, fits)
  for _, record in ipairs(sandbox.record_list) do
    if record.type == kind and fits(record.name, record.value) then
      return record.time
    end
  end
end

local function host(name)
  return name:find(":", 1, true) and "[" .. name .. "]" or name
end

local function find_file(sandbox, certificate, group)
  return last_of(group.names, 0, function(name)
    local folder = "http://" .. host(names.domain(name)) .. FOLDER
    return published(sandbox, "FILE", function(url, text)
      if text:match("^%s*(.-)%s*$") ~= certificate.dcv_random_value then
        return false
      elseif certificate.method == "http-token" then
        return url == folder .. "fileauth.txt"
      end
      return url:sub(1, #folder) == folder and #url > #folder
    end)
  end)
end

local FIND = {
  email = function() end,
  ["dns-txt-token"] = function(sandbox, certificate, group)
    return published(sandbox, "TXT", function(name, value)
      return value == certificate.dcv_random_value
        and (name == group.domain or name == LABEL .. group.domain)
    end)
  end,
  ["dns-cname-token"] = function(sandbox, certificate, group)
    return published(sandbox, "CNAME", function(name, value)
      return name == LABEL .. group.domain
        and plain(value) == certificate.dcv_random_value:lower() .. "."
          .. TARGET
    end)
  end,
  ["http-token"] = find_file,
  ["http-token-dynamic"] = find_file,
}

-- Since when what shows control of a domain is there, or nil. An address has
-- no domain name to carry a record.
local function found_at(sandbox, certificate, group)
  local method = certificate.method
  if names.is_ip(group.domain) and not dcv.is_http(method) then
    return nil
  end
  local at = certificate.dcv_random_value
    and FIND[method](sandbox, certificate, group)
  return at and math.max(at, certificate.dcv_since) or nil
end

dcv.found_at = found_at

-- Looking ------------------------------------------------------------------

-- A file shows control of its own name only, a record of all below it.
local function validate(sandbox, certificate, group, at)
  if not dcv.is_http(certificate.method) then
    return sandbox.account:validate_domain(group.domain, at)
  end
  for _, name in ipairs(group.names) do
    sandbox.account:validate_name(name, at)
  end
end

-- Looks for what shows control of a domain; true when it is there.
function dcv.check(sandbox, certificate, group)
  local now = sandbox.clock()
  if not dcv.validated_at(sandbox, group) then
    local at = found_at(sandbox, certificate, group)
    if not at or now > certificate.value_till then
      return false
    end
    validate(sandbox, certificate, group, now)
  end
  return true
end

-- Validates what the clock has validated up to now: what was found by
-- polling, and what the sandbox's pace lets pass.
function dcv.settle(sandbox, certificate, now)
  local pace = sandbox.pace
  for _, group in ipairs(dcv.open(sandbox, certificate)) do
    local found = pace.poll_after and found_at(sandbox, certificate, group)
    local seen = found and found + pace.poll_after
    if seen and seen > certificate.value_till then
      seen = nil
    end
    local passed = pace.validate_after
      and certificate.dcv_since + pace.validate_after
    local at = math.min(seen or 1 / 0, passed or 1 / 0)
    if at <= now then
      validate(sandbox, certificate, group, at)
    end
  end
end

return dcv

--- The names of a further certificate: those of its order, unless others are
-- asked for and that is said. A reissue that drops a name has DigiCert revoke
-- all earlier certificates of the order.

local arguments = require "certcentral.account.arguments"
local candidates = require "certcentral.client.candidates"
local core = require "certcentral.core"
local errors = require "certcentral.error"
local order_of = require "certcentral.order"
local run = require "certcentral.account.run"

local names = {}

local canonical = candidates.canonical

--- The options of those who send such a certificate.
names.OPTIONS = { allow_names = "boolean" }

local SHOWN = 10 -- names in a message
local ANY = "example.com" -- stands in for a name that the order has

local function is_plain(value)
  return type(value) == "table" and getmetatable(value) == nil
end

local function is_given(value)
  return value ~= nil and value ~= core.null
end

local function copy(from)
  local to = {}
  for name, value in next, from do
    to[name] = value
  end
  return to
end

-- Adds the names of a list that are not yet in a set of them.
local function add(set, list)
  for _, name in ipairs(list) do
    local key = type(name) == "string" and canonical(name)
    if key and not set[key] then
      set[key], set[#set + 1] = name, key
    end
  end
  return set
end

--- The names of a certificate: a list as they are compared, which has each as
-- it is written, too.
function names.set(certificate)
  local list = is_given(certificate.dns_names) and certificate.dns_names
  return add(add({}, { certificate.common_name }),
             type(list) == "table" and list or {})
end

-- The names of one set that another lacks.
local function lacking(set, other)
  local list = {}
  for _, key in ipairs(set) do
    list[#list + 1] = not other[key] and set[key] or nil
  end
  return list
end

--- What the second set lacks of the first, and what it has beyond that: two
-- lists; nil where they are the same.
function names.differ(first, second)
  local dropped, added = lacking(first, second), lacking(second, first)
  if #dropped + #added > 0 then
    return dropped, added
  end
end

--- A list of names, or a set of them, for a message.
function names.text(list)
  local shown = {}
  for i = 1, math.min(#list, SHOWN) do
    shown[i] = core.printable(list[list[i]] or list[i], 253)
  end
  return table.concat(shown, ", ") ..
         (#list > SHOWN and (" and %d more"):format(#list - SHOWN) or "")
end

-- What becomes of a certificate with other names.
local FOLLOWS = {
  reissue = function(dropped, added)
    local parts = {}
    parts[1] = #dropped > 0 and "DigiCert then revokes all earlier "
      .. "certificates of the order, 48 to 72 hours later" or nil
    parts[#parts + 1] = #added > 0 and "added names cost" or nil
    return table.concat(parts, "; ")
  end,
  duplicate = function()
    return "a duplicate has the names of its order, and DigiCert refuses "
           .. "others"
  end,
}

-- The error of names that differ from those of an order.
local function conflict(who, id, dropped, added)
  local parts = {}
  parts[1] = #dropped > 0 and "drops " .. names.text(dropped) or nil
  parts[#parts + 1] = #added > 0 and "adds " .. names.text(added) or nil
  return errors.invalid({ {
    path = "certificate.dns_names", code = "conflict",
    message = ("'certificate.dns_names' must have the names of order %d: the "
      .. "%s %s; %s; give allow_names = true to send it all the same"):format(
      id, who, table.concat(parts, " and "), FOLLOWS[who](dropped, added)),
  } }, nil, 1)
end

--- The problems of a body that can be told before the order's names are known,
-- as an error; nil where there are none.
-- @param who the kind of certificate: "reissue" or "duplicate"
function names.problems(self, who, members)
  local certificate = rawget(members, "certificate")
  if is_plain(members) and is_plain(certificate) and
     not is_given(certificate.common_name) then
    members, certificate = copy(members), copy(certificate)
    certificate.common_name, members.certificate = ANY, certificate
  end
  local text, err = order_of.check(members, {}, false, nil, self.blocklist,
                                   who)
  return not text and err or nil
end

--- Whether a body that has no problems says any names.
function names.are_given(members)
  local certificate = members.certificate
  return is_given(certificate.common_name) or is_given(certificate.dns_names)
end

--- Whether it says all of them.
function names.are_full(members)
  local certificate = members.certificate
  return is_given(certificate.common_name) and is_given(certificate.dns_names)
end

-- Takes the names from an order's certificate where there are none.
local function complete(certificate, old)
  local full = copy(certificate)
  if not is_given(full.common_name) then
    full.common_name = old.common_name
  end
  if not is_given(full.dns_names) then
    local list, set = {}, names.set(old)
    local main = canonical(full.common_name)
    for _, key in ipairs(set) do
      list[#list + 1] = key ~= main and set[key] or nil
    end
    full.dns_names = #list > 0 and list or nil
  end
  return full
end

local function is_list_of_texts(value)
  for _, name in ipairs(type(value) == "table" and value or { false }) do
    if type(name) ~= "string" then
      return false
    end
  end
  return type(value) == "table"
end

-- The certificate of an order, whose names can be read; or nil.
local function with_names(order)
  local certificate = order.certificate
  local good = type(certificate) == "table" and
               type(certificate.common_name) == "string" and
               is_list_of_texts(certificate.dns_names)
  return good and certificate or nil
end

--- A body without problems, with the names of its order where it has none.
-- @return the body; nil, err where the order's names cannot be read; and an
--   error where it has other names than the order
function names.fill(who, members, order)
  local old = with_names(order)
  if not old then
    return nil, errors.new("protocol", ("the %s was not sent: order %d came "
      .. "without its names"):format(who, order.id))
  end
  local filled = copy(members)
  filled.certificate = complete(members.certificate, old)
  local dropped, added = names.differ(names.set(old),
                                      names.set(filled.certificate))
  return filled, dropped and conflict(who, order.id, dropped, added)
end

-- The host names and addresses of a CSR, as a set.
local function names_of_csr(pem)
  local facts = require("certcentral.x509").inspect(pem)
  local main = facts.common_name
  main = main and main:find "^%S+%.%S+$" and main or nil -- not "web server 5"
  return add(add(add({}, { main }), facts.dns_names), facts.ip_addresses)
end

--- The error of a CSR that is for other names altogether, and so most likely
-- another certificate's; nil where it is not.
-- @param certificate one without problems that has all its names
function names.foreign(certificate)
  local theirs, ours = names_of_csr(certificate.csr), names.set(certificate)
  for _, key in ipairs(theirs) do
    if ours[key] or ours[key:gsub("^[^.]+", "*", 1)] then
      return nil
    end
  end
  return #theirs > 0 and errors.invalid({ {
    path = "certificate.csr", code = "conflict",
    message = ("'certificate.csr' must be for one of the names of the "
      .. "reissue, %s; got one for %s; give allow_names = true to send it all "
      .. "the same"):format(names.text(ours), names.text(theirs)),
  } }, nil, 1) or nil
end

--- Reads an order within a call, before a further certificate of it is sent.
-- @return order; or nil, err
function names.order(call, id)
  local order, err = run.within(call, "order", id)
  if not order then
    err.message = ("%s was not sent: order %d could not be read: %s"):format(
      call.what, id, err.message)
  end
  return order, err
end

--- The arguments of a function that sends such a certificate: what is wrong
-- raises.
-- @return id, options
function names.arguments(who, id, members, options)
  id = arguments.id(id, "order", who)
  arguments.table(members, 2, who)
  return id, arguments.options(options, names.OPTIONS, who)
end

return names

--- What the answer to a look-up says, by alternative_order_id or of an
-- order's reissues: what there is, that there is none, or nothing that can be
-- trusted. This is decided here and nowhere else: an order that is wrongly
-- taken for missing is bought twice.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local response = require "certcentral.client.response"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local lookup = {}

local function unclear(message, status)
  return nil, errors.new("protocol", "the look-up cannot be trusted: "
    .. message, { retryable = true, status = status })
end

--- Whether all of the API's errors say that there is no such order.
-- @param list of {code, message}
function lookup.says_none(list)
  for _, entry in ipairs(list) do
    if type(entry.code) ~= "string" or
       not entry.code:find("^not_found|order") then
      return false
    end
  end
  return #list > 0
end

local function is_html(answer)
  local kind = answer.headers and answer.headers["content-type"]
  local body = answer.body
  return type(kind) == "string"
           and core.lower(kind):find("html", 1, true) ~= nil
         or type(body) == "string" and body:find("^[%s\239\187\191]*<") ~= nil
end

-- Nobody public tells how CertCentral answers for a name that no order has.
local function read_404(answer, mask, any_404)
  local found = response.read_error(answer, mask)
  local said = found.said
  if lookup.says_none(found.list) or any_404 and not is_html(answer) then
    return {}
  elseif is_html(answer) then
    return unclear(said .. ", an HTML page", 404)
  end
  return unclear(said .. " (not CertCentral's not_found|order; with "
    .. "new{ any_404 = true } such an answer means that there is no order)",
    404)
end

local function read_order(entry)
  local id = rules.id(entry.order_id)
  return id and { id = id, status = entry.status,
                  certificate_id = rules.id(entry.certificate_id) }
end

-- What is pending need not have an id yet.
local function read_certificate(entry)
  return (entry.id == nil or rules.id(entry.id)) and entry
end

-- The list at a member of an answer, whatever its page; or nil, err.
local function read_list(value, member, read_entry)
  local given = value[member] ~= nil and shapes.list(value, member)
  if not given then
    return unclear("it has no list of " .. member)
  end
  local list = {}
  for i, entry in ipairs(given) do
    list[i] = read_entry(entry)
    if not list[i] then
      return unclear(("it has no list of %s with their ids"):format(member))
    end
  end
  return list
end

-- All of a list that is one page; or nil, err.
local function read_page(answer, mask, member, read_entry)
  local value, err = response.read(answer, mask)
  local list
  if value then
    list, err = read_list(value, member, read_entry)
  end
  if not list then
    return nil, err
  end
  local total = type(value.page) == "table" and tonumber(value.page.total)
  if total and total ~= #list then
    return unclear(("it has %d %s, but says that there are %s"):format(#list,
      member, tostring(value.page.total)))
  end
  return list
end

--- Reads the answer to GET /order/alternate/{name}, which is one page.
-- @param answer {status, headers, body} as a transport gives it
-- @param mask a function from a text to the same without secrets
-- @param any_404 whether every 404 that is not an HTML page means "none"
-- @return list of {id, status, certificate_id}, empty where there is none;
--   or nil, err: of the kind "protocol" where the answer is neither
function lookup.read(answer, mask, any_404)
  if answer.status == 404 then
    return read_404(answer, mask, any_404)
  end
  return read_page(answer, mask, "orders", read_order)
end

--- Reads the answer to GET /order/certificate/{id}/reissue of an order that is
-- there. Nobody public tells whether that is ever a 404.
-- @param answer, mask, any_404 as for lookup.read
-- @return list of certificates, empty where there is none; or nil, err
function lookup.reissues(answer, mask, any_404)
  if answer.status == 404 and any_404 and not is_html(answer) then
    return {}
  end
  return read_page(answer, mask, "certificates", read_certificate)
end

return lookup

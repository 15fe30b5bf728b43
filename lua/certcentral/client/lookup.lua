--- What the answer to a look-up by alternative_order_id says: which orders
-- have the name, that none has it, or nothing that can be trusted. This is
-- decided here and nowhere else: an order that is wrongly taken for missing
-- is bought twice.

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

local function read_entry(entry)
  local id = rules.id(entry.order_id)
  return id and { id = id, status = entry.status,
                  certificate_id = rules.id(entry.certificate_id) }
end

-- The list of an answer, whatever its page; or nil, err.
local function read_list(value)
  local given = value.orders ~= nil and shapes.list(value, "orders")
  if not given then
    return unclear("it has no list of orders")
  end
  local list = {}
  for i, entry in ipairs(given) do
    list[i] = read_entry(entry)
    if not list[i] then
      return unclear("it has no list of orders with their ids")
    end
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
  local value, err = response.read(answer, mask)
  local list
  if value then
    list, err = read_list(value)
  end
  if not list then
    return nil, err
  end
  local total = type(value.page) == "table" and tonumber(value.page.total)
  if total and total ~= #list then
    return unclear(("it has %d orders, but says that there are %s")
                   :format(#list, tostring(value.page.total)))
  end
  return list
end

return lookup

--- Query strings, and lists that come in pages.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local printed = require "certcentral.printed"
local shapes = require "certcentral.client.shapes"

local query = {}

--- Items of a page: the API's own maximum and default.
query.PAGE = 1000

local function escaped(text)
  return (tostring(text):gsub("[^%w%-_.~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

local function text_of(value)
  return type(value) == "number" and ("%d"):format(value) or tostring(value)
end

--- A value as it stands in a query, but for the escapes.
query.value = text_of

--- A query with its question mark; "" for no parameters.
-- @param params list of {name, value}; one without a value is left out
function query.text(params)
  local parts = {}
  for _, param in ipairs(params) do
    if param[2] ~= nil then
      parts[#parts + 1] = escaped(param[1]) .. "="
                          .. escaped(text_of(param[2]))
    end
  end
  return #parts > 0 and "?" .. table.concat(parts, "&") or ""
end

-- ---- pages ---------------------------------------------------------------

-- Whether this was the last page. Without a total it is one that is not full.
local function is_last(page, count, offset, limit)
  local total = type(page) == "table" and tonumber(page.total)
  if count == 0 then
    return true
  elseif total then
    return offset + count >= total
  end
  return count < limit
end

local function fetch(list)
  local params = {}
  for i, param in ipairs(list.params or {}) do
    params[i] = param
  end
  params[#params + 1] = { "offset", list.offset }
  params[#params + 1] = { "limit", list.limit }
  local value, err = arguments.call(list.client)
    :ask(list.path .. query.text(params), "get", list.how)
  local items = value and shapes.list(value, list.member)
  if not value then
    return nil, err
  elseif not items then
    return nil, errors.new("protocol", ("the response has no list at '%s'")
                                       :format(list.member))
  end
  list.last = is_last(value.page, #items, list.offset, list.limit)
  list.offset = list.offset + #items
  return items
end

--- Iterates over the items of all pages. Each page is a call of its own.
-- @param list {client, path, member, params = list of {name, value},
--   limit, offset, how}
-- @return a function that returns the next item; false, err where a page
--   cannot be had, and nothing after that; nil at the end
function query.each(list)
  local items, i = {}, 0
  list.offset, list.limit = list.offset or 0, list.limit or query.PAGE
  return function()
    while i >= #items do
      if list.last then
        return nil
      end
      local err
      items, err = fetch(list)
      i = 0
      if not items then
        items, list.last = {}, true
        return false, err
      end
    end
    i = i + 1
    return printed.answer(items[i])
  end
end

--- The items of all pages as a list; or nil, err.
function query.all(list)
  local all = {}
  for item, err in query.each(list) do
    if not item then
      return nil, err
    end
    all[#all + 1] = item
  end
  return all
end

return query

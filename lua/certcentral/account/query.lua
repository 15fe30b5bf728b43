--- Query strings, and lists that come in pages.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local printed = require "certcentral.printed"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local query = {}

local PAGE = 1000 -- the API's own maximum and default

local function escaped(text)
  return (tostring(text):gsub("[^%w%-_.~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

local function text_of(value)
  return type(value) == "number" and ("%d"):format(value) or tostring(value)
end

--- A query with its question mark; "" for no parameters.
-- @param params list of {name, value}; one without a value is left out
function query.text(params)
  local parts = {}
  for _, param in ipairs(params) do
    if param[2] ~= nil then
      parts[#parts + 1] = escaped(param[1]) .. "=" .. escaped(text_of(param[2]))
    end
  end
  return #parts > 0 and "?" .. table.concat(parts, "&") or ""
end

-- ---- filters -------------------------------------------------------------

local function is_plain(value)
  local known = type(value)
  return known == "boolean" or known == "number" and value % 1 == 0 or
         known == "string" and rules.is_utf8(value) and
         not value:find("%c")
end

-- {from =, to =} as the API writes it.
local function range(value)
  if value.from == nil then
    return "<" .. text_of(value.to)
  elseif value.to == nil then
    return ">" .. text_of(value.from)
  end
  return text_of(value.from) .. "..." .. text_of(value.to)
end

local function is_range(value)
  for name, bound in pairs(value) do
    if name ~= "from" and name ~= "to" or not is_plain(bound) then
      return false
    end
  end
  return next(value) ~= nil
end

local function is_list(value)
  for name, item in pairs(value) do
    if type(name) ~= "number" or value[#value] == nil or
       not is_plain(item) then
      return false
    end
  end
  return #value > 0
end

local function bad_filter(name, value, who)
  options_of.raise("bad filter '%s' to '%s' (string, integer, boolean, list "
    .. "of these or range {from =, to =} expected, got %s)", name, who,
    arguments.shown(value))
end

local function add_filter(params, name, value, who)
  local full = ("filters[%s]"):format(name)
  if is_plain(value) then
    params[#params + 1] = { full, value }
  elseif type(value) ~= "table" then
    bad_filter(name, value, who)
  elseif is_range(value) then
    params[#params + 1] = { full, range(value) }
  elseif is_list(value) then
    for i, item in ipairs(value) do
      params[#params + 1] = { ("%s[%d]"):format(full, i - 1), item }
    end
  else
    bad_filter(name, value, who)
  end
end

--- Parameters of filters, in the order of their names.
-- @param filters name -> value, list of values or range {from =, to =}
-- @param known names that are no filters
function query.filters(filters, known, who)
  local names, params = {}, {}
  for name in pairs(filters) do
    if known[name] == nil then
      if type(name) ~= "string" or not name:find("^[%l%d_]+$") then
        options_of.raise("bad filter to '%s' (a name of a-z, 0-9 and _ "
                         .. "expected, got %s)", who, arguments.shown(name))
      end
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    add_filter(params, name, filters[name], who)
  end
  return params
end

-- ---- sort, limit, offset -------------------------------------------------

local function sort(value)
  local text = type(value) == "table" and table.concat(value, ",") or value
  if type(text) ~= "string" or not ("," .. text):gsub(",%-?[%l%d_]+", "")
                                                  :find("^$") then
    return "property, -property or a list of them"
  end
end

--- Rules of the options that every list takes.
query.LIST = { sort = sort, limit = rules.integer(1, PAGE),
               offset = rules.integer(0, 2 ^ 53 - 1) }

--- The parameter for option `sort`.
function query.sort(value)
  return { "sort", type(value) == "table" and table.concat(value, ",")
                   or value }
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
  local items = value and shapes.list(shapes.tidy(value), list.member)
  if not value then
    return nil, err
  elseif not items then
    return nil, errors.new("protocol", ("the answer has no list at '%s'")
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
  list.offset, list.limit = list.offset or 0, list.limit or PAGE
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

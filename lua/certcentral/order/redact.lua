--- Copies of orders that are safe to print.

local core = require "certcentral.core"

local HIDDEN = "[hidden]"

local function rows_by_path()
  local rows = {}
  for _, row in ipairs(core.fields()) do
    rows[row.path] = row
  end
  return rows
end

local copy

-- `below` begins the paths of the members that a table may have; nil where
-- it may not be one.
local function copy_plain(rows, below, value)
  if type(value) == "table" then
    return below and copy(rows, below, value) or HIDDEN
  elseif type(value) == "string" and value:find("PRIVATE KEY", 1, true) then
    return HIDDEN
  end
  return value
end

local function copy_value(rows, path, value)
  local row = rows[path]
  if not row or row.secret then
    return HIDDEN
  elseif row.type ~= "array" or type(value) ~= "table" then
    return copy_plain(rows, row.type == "object" and path .. ".", value)
  end
  local list, below = {}, row.items == "object" and path .. "[]."
  for key, item in next, value do
    list[type(key) == "number" and key or HIDDEN] =
      copy_plain(rows, below, item)
  end
  return list
end

function copy(rows, prefix, object)
  local result = {}
  for name, value in next, object do
    if type(name) == "string" then
      result[name] = copy_value(rows, prefix .. name, value)
    else
      result[name] = HIDDEN
    end
  end
  return result
end

--- Copies an order. Card data, private keys and the values of fields that
-- the form does not know (a mistyped name may hide anything) become
-- "[hidden]".
return function(order)
  return copy(rows_by_path(), "", order)
end

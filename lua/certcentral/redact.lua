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

local function copy_value(rows, path, value)
  local row = rows[path]
  if not row or row.secret then
    return HIDDEN
  elseif type(value) == "table" then
    if row.type == "object" then
      return copy(rows, path .. ".", value)
    elseif row.type ~= "array" then
      return HIDDEN
    end
    local list = {}
    for key, item in next, value do
      if type(item) == "table" then
        list[key] = row.items == "object" and copy(rows, path .. "[].", item)
                    or HIDDEN
      else
        list[key] = item
      end
    end
    return list
  elseif type(value) == "string" and value:find("PRIVATE KEY", 1, true) then
    return HIDDEN
  end
  return value
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

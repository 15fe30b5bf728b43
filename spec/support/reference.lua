-- Another way to write an order as JSON: slow, in Lua, from the form's rows.
-- What the C core writes is compared with it. It takes valid orders only.

local certcentral = require "certcentral"

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n",
                  ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return escapes[c] or (c ~= "\127" and ("\\u%04x"):format(c:byte()))
  end) .. '"'
end

local function scalar(row, value)
  if row.format == "csr" then
    return quote((value:gsub("\r\n?", "\n"):gsub("^%s+", "")
      :gsub("%s+$", "")))
  elseif type(value) == "string" then
    return quote(value)
  elseif type(value) == "number" then
    return ("%d"):format(value)
  elseif row.type == "integer" then
    return value and "1" or "0"
  end
  return tostring(value)
end

local object

local function list(rows, row, value)
  local items = {}
  for i, item in ipairs(value) do
    items[i] = row.items == "object" and object(rows, row.path .. "[].", item)
      or scalar(row, item)
  end
  return "[" .. table.concat(items, ",") .. "]"
end

function object(rows, prefix, value)
  local members = {}
  for _, row in ipairs(rows) do
    local name = row.path:sub(1, #prefix) == prefix
      and row.path:sub(#prefix + 1)
    local member
    if name then
      member = value[name]
    end
    if member ~= nil then
      members[#members + 1] = quote(name) .. ":" ..
        (row.type == "object" and object(rows, row.path .. ".", member)
         or row.type == "array" and list(rows, row, member)
         or scalar(row, member))
    end
  end
  return "{" .. table.concat(members, ",") .. "}"
end

return function(order)
  local rows = {}
  for row in certcentral.fields() do
    rows[#rows + 1] = row
  end
  return object(rows, "", order)
end

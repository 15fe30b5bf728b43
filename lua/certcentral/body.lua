--- Bodies of the requests that the order's form does not write: JSON of a
-- list of members, in their order: texts, booleans, lists and objects of such.
-- Texts are checked before they get here.

local body = {}

local function escape(c)
  return (c == '"' or c == "\\") and "\\" .. c
         or c == "\n" and "\\n" or ("\\u%04x"):format(c:byte())
end

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31\127"\\]', escape) .. '"'
end

--- A text as JSON.
body.text = quoted

local write

-- Lists are told by their first item; there are no empty ones.
local function write_table(value)
  local parts = {}
  if value[1] ~= nil then
    for i, item in ipairs(value) do
      parts[i] = write(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local names = {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = quoted(name) .. ":" .. write(value[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function write(value)
  if type(value) == "string" then
    return quoted(value)
  elseif type(value) == "table" then
    return write_table(value)
  end
  assert(type(value) == "boolean", "neither text nor list nor boolean")
  return tostring(value)
end

--- Writes an object.
-- @param members list of {name, value}; one without a value is left out
function body.object(members)
  local parts = {}
  for _, member in ipairs(members) do
    if member[2] ~= nil then
      parts[#parts + 1] = quoted(member[1]) .. ":" .. write(member[2])
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return body

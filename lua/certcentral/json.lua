--- JSON: what the service says, read by lua-cjson; and bodies of requests that
-- the order's form does not write, of a list of members, in their order: texts,
-- booleans, ids, lists and objects of such, checked before they get here.

local core = require "certcentral.core"

local json = {}

local answer = core.answer
local pcall, type = pcall, type

local MARK = "^\239\187\191" -- a byte order mark: RFC 8259, 8.1

-- ---- reading ---------------------------------------------------------------

local read -- cjson's function of a text, loaded with the first

local function load_cjson()
  local cjson = require("cjson").new()
  cjson.decode_invalid_numbers(false)
  read = cjson.decode
  return read
end

--- A body without the mark that some servers write before it; "" for none.
function json.unmarked(body)
  if type(body) ~= "string" then
    return ""
  end
  local _, mark_end = body:find(MARK)
  return mark_end and body:sub(mark_end + 1) or body
end

--- Decodes a JSON object or list; the API's in its one shape: integers and ids
-- as integers, no nulls, one name for what has two.
-- @return the table, or nil where the text is anything else
function json.decode(body)
  local ok, value = pcall(read or load_cjson(), body)
  if not ok and type(body) == "string" and body:find(MARK) then
    ok, value = pcall(read, json.unmarked(body))
  end
  if ok and type(value) == "table" then
    return answer(value)
  end
end

-- ---- writing ---------------------------------------------------------------

local function escape(c)
  return (c == '"' or c == "\\") and "\\" .. c
         or c == "\n" and "\\n" or ("\\u%04x"):format(c:byte())
end

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31\127"\\]', escape) .. '"'
end

--- A text as JSON.
json.text = quoted

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
  elseif type(value) == "number" then
    return ("%d"):format(value)
  end
  assert(type(value) == "boolean", "neither text nor list nor boolean nor id")
  return tostring(value)
end

--- Writes an object.
-- @param members list of {name, value}; one without a value is left out
function json.object(members)
  local parts = {}
  for _, member in ipairs(members) do
    if member[2] ~= nil then
      parts[#parts + 1] = quoted(member[1]) .. ":" .. write(member[2])
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return json

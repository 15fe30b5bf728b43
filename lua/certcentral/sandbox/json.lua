-- JSON for the sandbox: a strict reader and a writer that lose nothing.
--
-- The sandbox judges what a client sends, so it reads by RFC 8259 to the
-- letter: no NaN, no raw control characters, no lone surrogates, no invalid
-- UTF-8, no name twice in one object, nothing behind the value.
--
-- Values: objects are plain tables, arrays carry json.array's metatable (so
-- that [] stays apart from {}), null is cjson.null. A number that this Lua
-- cannot hold as it was written (20 digits, 1.0, 1e2) becomes a table
-- {literal = "1e2"} that the writer writes as it was.

local null = require("cjson").null

local json = { null = null }

local array_mt = { __name = "json array" }
local number_mt = {
  __name = "json number",
  __tostring = function(number)
    return number.literal
  end,
}

local MAX_DEPTH = 200

-- Marks a list (or a new one) as a JSON array and returns it.
function json.array(list)
  return setmetatable(list or {}, array_mt)
end

function json.is_array(value)
  return type(value) == "table" and getmetatable(value) == array_mt
end

function json.is_object(value)
  return type(value) == "table" and getmetatable(value) == nil
end

-- True for numbers that were written without fraction and exponent.
function json.is_integer(value)
  if type(value) == "number" then
    return value % 1 == 0
  end
  return getmetatable(value) == number_mt
    and value.literal:find("^-?%d+$") ~= nil
end

function json.is_number(value)
  return type(value) == "number" or getmetatable(value) == number_mt
end

-- Writer -------------------------------------------------------------------

-- The shortest text that reads back as the same number; nil for NaN and the
-- infinities, which JSON does not have.
local function number_text(value)
  if value ~= value or value == 1 / 0 or value == -1 / 0 then
    return nil
  end
  if math.type and math.type(value) == "integer" then
    return ("%d"):format(value)
  end
  if value % 1 == 0 and value > -2 ^ 53 and value < 2 ^ 53 then
    return ("%.0f"):format(value)
  end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then
      return text
    end
  end
end

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(char)
  return ESCAPES[char] or ("\\u%04x"):format(char:byte())
end

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', escape) .. '"'
end

local write

local function write_list(out, list, depth)
  out[#out + 1] = "["
  for index = 1, #list do
    if index > 1 then
      out[#out + 1] = ","
    end
    write(out, list[index], depth)
  end
  out[#out + 1] = "]"
end

-- Members are written in the order of their names: answers are repeatable.
local function write_object(out, object, depth)
  local names = {}
  for name in pairs(object) do
    if type(name) ~= "string" then
      error("a JSON object needs string names, got a " .. type(name), 0)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  out[#out + 1] = "{"
  for index, name in ipairs(names) do
    out[#out + 1] = (index > 1 and "," or "") .. quote(name) .. ":"
    write(out, object[name], depth)
  end
  out[#out + 1] = "}"
end

local function write_table(out, value, depth)
  if depth > MAX_DEPTH then
    error("JSON nested deeper than " .. MAX_DEPTH, 0)
  end
  if getmetatable(value) == number_mt then
    out[#out + 1] = value.literal
  elseif getmetatable(value) == array_mt or value[1] ~= nil then
    write_list(out, value, depth + 1)
  else
    write_object(out, value, depth + 1)
  end
end

function write(out, value, depth)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = quote(value)
  elseif kind == "number" then
    out[#out + 1] = number_text(value) or error("a number is not finite", 0)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif kind == "table" then
    write_table(out, value, depth)
  elseif value == null then
    out[#out + 1] = "null"
  else
    error("cannot write a " .. kind .. " as JSON", 0)
  end
end

-- The value as JSON text; raises on what JSON does not have. A list without
-- the array mark is written as an array too, an empty table as {}.
function json.encode(value)
  local out = {}
  write(out, value, 1)
  return table.concat(out)
end

-- Reader -------------------------------------------------------------------

local function fail(position, message)
  error({ json = ("%s at byte %d"):format(message, position) }, 0)
end

-- Rows of RFC 3629: first byte, the pattern of what follows it.
local CONT = "[\128-\191]"
local UTF8 = {
  { "[\194-\223]", CONT },
  { "\224", "[\160-\191]" .. CONT },
  { "[\225-\236\238\239]", CONT .. CONT },
  { "\237", "[\128-\159]" .. CONT },
  { "\240", "[\144-\191]" .. CONT .. CONT },
  { "[\241-\243]", CONT .. CONT .. CONT },
  { "\244", "[\128-\143]" .. CONT .. CONT },
}

local function sequence_end(text, position)
  for _, row in ipairs(UTF8) do
    local _, last = text:find("^" .. row[1] .. row[2], position)
    if last then
      return last
    end
  end
end

local function check_utf8(text)
  local position = text:find("[\128-\255]")
  while position do
    local last = sequence_end(text, position)
    if not last then
      fail(position, "invalid UTF-8")
    end
    position = text:find("[\128-\255]", last + 1)
  end
end

local function utf8_char(code)
  local char = string.char
  local function tail(shift)
    return 128 + math.floor(code / 2 ^ shift) % 64
  end
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(192 + math.floor(code / 64), tail(0))
  elseif code < 0x10000 then
    return char(224 + math.floor(code / 4096), tail(6), tail(0))
  end
  return char(240 + math.floor(code / 262144), tail(12), tail(6), tail(0))
end

local function hex4(text, position)
  local digits = text:match("^\\u(%x%x%x%x)", position)
  return digits and tonumber(digits, 16)
end

-- A \u escape, or two of them that make a surrogate pair.
local function read_unicode(text, position)
  local code = hex4(text, position) or fail(position, "bad \\u escape")
  if code < 0xD800 or code > 0xDFFF then
    return utf8_char(code), position + 6
  end
  local low = code < 0xDC00 and hex4(text, position + 6)
  if not low or low < 0xDC00 or low > 0xDFFF then
    fail(position, "lone surrogate")
  end
  return utf8_char(0x10000 + (code - 0xD800) * 1024 + low - 0xDC00),
    position + 12
end

local UNESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f",
  n = "\n", r = "\r", t = "\t",
}

local function read_escape(text, position)
  local char = text:sub(position + 1, position + 1)
  if char == "u" then
    return read_unicode(text, position)
  end
  return UNESCAPES[char] or fail(position, "bad escape"), position + 2
end

-- `position` is that of the opening quote.
local function read_string(text, position)
  local parts, start, from = {}, position + 1, position + 1
  while true do
    local at = text:find('["\\%c]', from)
      or fail(position, "unfinished string")
    local byte = text:byte(at)
    if byte == 127 then
      from = at + 1
    elseif byte < 32 then
      fail(at, "raw control character in a string")
    else
      parts[#parts + 1] = text:sub(start, at - 1)
      if byte == 34 then
        return table.concat(parts), at + 1
      end
      parts[#parts + 1], start = read_escape(text, at)
      from = start
    end
  end
end

local NUMBERS = {
  "^-?[1-9]%d*%.?%d*[eE]?[+-]?%d*",
  "^-?0%.?%d*[eE]?[+-]?%d*",
}

local function is_number_text(text)
  local rest = text:gsub("^-", "")
  rest = rest:match("^0(.*)$") or rest:match("^[1-9]%d*(.*)$")
  if not rest then
    return false
  end
  rest = rest:match("^%.%d+(.*)$") or rest
  return rest == "" or rest:find("^[eE][+-]?%d+$") ~= nil
end

local function read_number(text, position)
  for _, pattern in ipairs(NUMBERS) do
    local _, last = text:find(pattern, position)
    if last then
      local literal = text:sub(position, last)
      if not is_number_text(literal) then
        fail(position, "bad number")
      end
      local value = tonumber(literal)
      if number_text(value) == literal then
        return value, last + 1
      end
      return setmetatable({ literal = literal }, number_mt), last + 1
    end
  end
  fail(position, "unexpected character")
end

local function skip(text, position)
  return text:find("[^ \t\r\n]", position) or #text + 1
end

local read

local function read_array(text, position, depth)
  local list = json.array()
  position = skip(text, position + 1)
  if text:byte(position) == 93 then
    return list, position + 1
  end
  while true do
    list[#list + 1], position = read(text, position, depth)
    position = skip(text, position)
    local char = text:sub(position, position)
    if char == "]" then
      return list, position + 1
    elseif char ~= "," then
      fail(position, "expected , or ]")
    end
    position = skip(text, position + 1)
  end
end

local function read_member(text, position, depth, object)
  if text:byte(position) ~= 34 then
    fail(position, "expected a name in quotes")
  end
  local name, after = read_string(text, position)
  if object[name] ~= nil then
    fail(position, "the same name twice")
  end
  after = skip(text, after)
  if text:byte(after) ~= 58 then
    fail(after, "expected :")
  end
  object[name], after = read(text, skip(text, after + 1), depth)
  return skip(text, after)
end

local function read_object(text, position, depth)
  local object = {}
  position = skip(text, position + 1)
  if text:byte(position) == 125 then
    return object, position + 1
  end
  while true do
    position = read_member(text, position, depth, object)
    local char = text:sub(position, position)
    if char == "}" then
      return object, position + 1
    elseif char ~= "," then
      fail(position, "expected , or }")
    end
    position = skip(text, position + 1)
  end
end

local WORDS = { t = { "true", true }, f = { "false", false },
  n = { "null", null } }

local function read_word(text, position, word)
  local last = position + #word[1] - 1
  if text:sub(position, last) ~= word[1] then
    fail(position, "unexpected character")
  end
  return word[2], last + 1
end

function read(text, position, depth)
  if depth > MAX_DEPTH then
    fail(position, "nested deeper than " .. MAX_DEPTH)
  end
  local char = text:sub(position, position)
  if char == "{" then
    return read_object(text, position, depth + 1)
  elseif char == "[" then
    return read_array(text, position, depth + 1)
  elseif char == '"' then
    return read_string(text, position)
  elseif WORDS[char] then
    return read_word(text, position, WORDS[char])
  end
  return read_number(text, position)
end

-- Reads one JSON value. Returns it, or nil and a message with the place.
function json.decode(text)
  local ok, value = pcall(function()
    check_utf8(text)
    local result, after = read(text, skip(text, 1), 1)
    after = skip(text, after)
    if after <= #text then
      fail(after, "text behind the value")
    end
    return result
  end)
  if ok then
    return value
  end
  return nil, type(value) == "table" and value.json or tostring(value)
end

return json

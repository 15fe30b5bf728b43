--- Any value as text for a person: long lists and texts cut, secrets hidden.

local core = require "certcentral.core"
local hinted = require "certcentral.hinted"
local secrets = require "certcentral.secrets"

local HIDDEN, without_secrets = secrets.HIDDEN, secrets.hide
local WIDTH = 79
local ITEMS, MEMBERS, TEXT, DEPTH, TABLES = 10, 60, 100, 12, 1000
local EXACT = 2 ^ 53 -- a float of this size and more may have lost digits

-- ---- values ----------------------------------------------------------------

local function quoted(text)
  text = without_secrets(text)
  if text == HIDDEN then
    return HIDDEN
  end
  local first, bytes = text:match("^[^\r\n]*"), #text
  local shown = core.printable(first, TEXT):gsub("[\"\\]", "\\%0")
  if #first < bytes and text:find("^[\r\n]+$", #first + 1) then
    first, bytes = text, #text -- only the line's end is left out
  end
  if #first < bytes or bytes > TEXT then
    shown = shown:gsub("%.%.%.$", "")
    return ("\"%s\" ... (%d bytes)"):format(shown, bytes)
  end
  return ('"%s"'):format(shown)
end

local function scalar(value, name)
  if type(value) == "string" then
    return quoted(value)
  elseif value == core.null then
    return "null"
  elseif type(value) == "number" then
    local is_id = type(name) == "string" and name:find("id$")
    local text = value % 1 == 0 and value > -EXACT and value < EXACT and
                 ("%.0f"):format(value) or tostring(value)
    return is_id and text or secrets.hide_cards(text)
  end
  local ok, text = pcall(tostring, value)
  return ok and without_secrets(text) or "a " .. type(value)
end

local function key_of(name)
  if type(name) ~= "string" then
    return ("[%s]"):format(scalar(name))
  end
  name = without_secrets(name)
  return name:find("^[%a_][%w_]*$") and name or ("[%s]"):format(quoted(name))
end

-- Numbers before texts before the rest, and `id` before all.
local RANK = { number = 1, string = 2 }

local function by_name(a, b)
  if a == "id" or b == "id" then
    return a == "id" and b ~= "id"
  end
  local rank_a, rank_b = RANK[type(a)] or 3, RANK[type(b)] or 3
  if rank_a ~= rank_b then
    return rank_a < rank_b
  end
  return rank_a < 3 and a < b
end

-- The names of a table but for its list, sorted, and the list's length.
local function names_of(value)
  local names, count = {}, 0
  while rawget(value, count + 1) ~= nil do
    count = count + 1
  end
  for name in next, value do
    local in_list = type(name) == "number" and name >= 1 and
                    name <= count and name % 1 == 0
    if not in_list then
      names[#names + 1] = name
    end
  end
  table.sort(names, by_name)
  return names, count
end

local function is_foreign(value)
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and rawget(meta, "__tostring") and
         not rawget(meta, "printed")
end

-- `above` has the tables that a value is within, and the count of those that
-- were written.
local write

-- The members of a table, each as a line.
local function lines_of(value, indent, above)
  local names, count = names_of(value)
  local lines = {}
  for i = 1, math.min(count, ITEMS) do
    lines[i] = write(rawget(value, i), nil, indent, above)
  end
  if count > ITEMS then
    lines[#lines + 1] = ("... %d more"):format(count - ITEMS)
  end
  for i = 1, math.min(#names, MEMBERS) do
    local key = key_of(names[i])
    lines[#lines + 1] = key .. " = " ..
      write(rawget(value, names[i]), names[i], indent, above)
  end
  if #names > MEMBERS then
    lines[#lines + 1] = ("... %d more"):format(#names - MEMBERS)
  end
  return lines
end

function write(value, name, indent, above)
  if value ~= nil and secrets.is_name(name) then
    return HIDDEN
  elseif type(value) ~= "table" or is_foreign(value) then
    return scalar(value, name)
  elseif above[value] or #indent > 2 * DEPTH or above.count >= TABLES then
    return "{ ... }"
  end
  above[value], above.count = true, above.count + 1
  local lines = lines_of(value, indent .. "  ", above)
  above[value] = nil
  if #lines == 0 then
    return "{}"
  end
  local line = "{ " .. table.concat(lines, ", ") .. " }"
  local before = type(name) == "string" and #name + 3 or 0
  if #line + #indent + before < WIDTH and not line:find("\n", 1, true) then
    return line
  end
  return ("{\n%s  %s,\n%s}"):format(indent,
    table.concat(lines, ",\n" .. indent .. "  "), indent)
end

-- ---- kinds -----------------------------------------------------------------

local kinds = {} -- those of printed.lua that are not written as tables

function kinds.problem(problem)
  return type(problem.message) == "string" and hinted(problem)
end

function kinds.problems(list)
  local lines, more = {}, #list - ITEMS
  for i = 1, math.min(#list, ITEMS) do
    local problem = list[i]
    lines[i] = type(problem) == "table" and
               kinds.problem(problem) or "?"
  end
  if more > 0 then
    lines[#lines + 1] = ("... %d more"):format(more)
  end
  return #list == 0 and "none" or table.concat(lines, "\n")
end

function kinds.records(list)
  local lines = {}
  for i, record in ipairs(list) do
    lines[i] = type(record) == "table" and
               tostring(record.text or record.problem) or "?"
  end
  return #list == 0 and "none" or table.concat(lines, "\n")
end

function kinds.dcv(data)
  local text = type(data.text) == "string" and data.text
  return text and text ~= "" and ("order %s, %s\n%s"):format(
    tostring(data.order_id), tostring(data.order_status), text)
end

--- Text for a person.
return function(value)
  if type(value) == "string" then
    return without_secrets(value)
  end
  local meta = type(value) == "table" and debug.getmetatable(value)
  local kind = type(meta) == "table" and kinds[rawget(meta, "printed")]
  local text = kind and kind(value)
  return text and without_secrets(text) or write(value, nil, "", { count = 0 })
end

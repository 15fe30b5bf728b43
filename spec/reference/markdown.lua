-- The generated parts of lua/REFERENCE.md.

local certcentral = require "certcentral"
local errors = require "certcentral.error"
local functions = require "certcentral.functions"
local manual = require "certcentral.manual"
local probe = require "reference.probe"

local markdown = {}

local function cell(text)
  return (tostring(text):gsub("|", "\\|"):gsub("\n", " "))
end

local function code(text)
  return "`" .. tostring(text) .. "`"
end

-- A table of Markdown. A cell is a text.
local function table_of(head, rows)
  local lines = { "| " .. table.concat(head, " | ") .. " |",
                  "|" .. ("---|"):rep(#head) }
  for _, row in ipairs(rows) do
    local cells = {}
    for i = 1, #head do
      cells[i] = cell(row[i] or "")
    end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  return table.concat(lines, "\n")
end

-- ---- options ---------------------------------------------------------------

local found -- full name -> option -> words

local function words_of(name, option)
  found = found or probe.all(functions.list)
  return found[name] and found[name][option] or
         error(("%s: no option '%s'"):format(name, option))
end

local function shown_default(value)
  return value == nil and "" or tostring(value)
end

local function options_table(name, rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = { code(row[1]), words_of(name, row[1]), shown_default(row[2]),
                row[3] }
  end
  return table_of({ "option", "value", "default", "" }, list)
end

-- A function that has all options of a shared set.
local HAS_SET = { order = "certcentral.request", client = "certcentral.new" }

function markdown.options(set)
  return options_table(HAS_SET[set], manual.options.set(set))
end

-- ---- functions -------------------------------------------------------------

local function anchor(row)
  return (row.name:lower():gsub("[^%w_ -]", ""))
end

local SETS = {
  order = "those of [an order](#options-of-an-order)",
  client = "those of [a client](#options-of-a-client)",
}

local function options_line(row)
  local parts = {}
  for i, set in ipairs(manual.options.sets_of(row)) do
    parts[i] = SETS[set]
  end
  return #parts > 0 and ("Options: %s."):format(table.concat(parts, " and "))
         or nil
end

local function arguments_of(row)
  local lines, options = {}, manual.options.argument(row)
  for name in row.arguments:gmatch("[%l_]+") do
    local argument = name ~= options and
                     assert(manual.arguments.find(row.name, name),
                            row.name .. " has an unknown argument " .. name)
    if argument then
      lines[#lines + 1] = ("- `%s`: %s"):format(name, argument[2])
    end
  end
  return #lines > 0 and table.concat(lines, "\n") or nil
end

local function returns_of(row)
  return row.returns ~= "" and "Returns: " .. code(row.returns) or nil
end

local function section(row)
  local own = manual.options.own(row)
  local parts = {
    "### " .. row.name, code(functions.usage(row.name)), row.help .. (
    manual.notes[row.name] and " " .. manual.notes[row.name] or "") }
  for _, part in ipairs { arguments_of(row) or false,
      options_line(row) or false,
      #own > 0 and options_table(row.name, own), returns_of(row) or false } do
    parts[#parts + 1] = part or nil
  end
  return table.concat(parts, "\n\n")
end

-- The functions of an object or a module.
local function of(kind)
  local rows = {}
  for _, row in ipairs(functions.list) do
    if row.name:match("^(.*)[.:]") == kind then
      rows[#rows + 1] = row
    end
  end
  return assert(rows[1] and rows, kind)
end

function markdown.functions(kind)
  local parts = {}
  for i, row in ipairs(of(kind)) do
    parts[i] = section(row)
  end
  return table.concat(parts, "\n\n")
end

function markdown.overview()
  local list = {}
  for i, row in ipairs(functions.list) do
    list[i] = { ("[`%s`](#%s)"):format(row.name, anchor(row)), row.help }
  end
  return table_of({ "function", "" }, list)
end

-- ---- what they return ------------------------------------------------------

function markdown.shapes()
  local parts = {}
  for i, shape in ipairs(manual.shapes) do
    local rows = {}
    for place, member in ipairs(shape) do
      local name, mark = member[1]:match("^([^?]+)(%??)$")
      rows[place] = { code(name), code(member[2]), mark == "?" and "optional"
                      or "", member[3] }
    end
    parts[i] = ("### %s\n\n%s%s"):format(shape.name, shape.text,
      #rows > 0 and "\n\n" .. table_of({ "member", "type", "", "" }, rows)
      or "")
  end
  return table.concat(parts, "\n\n")
end

-- ---- codes -----------------------------------------------------------------

function markdown.codes(name)
  local rows = {}
  for i, row in ipairs(manual.codes[name]) do
    rows[i] = { code(row[1]), row[2] }
  end
  return table_of({ name == "environment" and "variable" or "code", "" },
                  rows)
end

function markdown.kinds()
  local rows = {}
  for i, row in ipairs(manual.codes.kinds) do
    rows[i] = { code(row[1]), row[2], row[3],
                row[4] or errors.kinds[row[1]] and "yes" or "no" }
  end
  return table_of({ "kind", "when", "outcome", "retryable" }, rows)
end

-- ---- the form --------------------------------------------------------------

local function values(row)
  local parts = { row.format }
  for _, choice in ipairs(row.choices or {}) do
    parts[#parts + 1] = code(choice)
  end
  if row.choices then
    return table.concat(parts, " ")
  elseif row.min and row.max then
    parts[#parts + 1] = row.min == row.max and tostring(row.min)
                        or ("%d to %d"):format(row.min, row.max)
  elseif row.min then
    parts[#parts + 1] = ("from %d"):format(row.min)
  elseif row.max then
    parts[#parts + 1] = ("at most %d characters"):format(row.max)
  end
  return table.concat(parts, ", ")
end

function markdown.form()
  local rows = {}
  for row in certcentral.fields() do
    rows[#rows + 1] = { code(row.path),
      row.items and row.items .. "s" or row.type,
      row.required == "optional" and "" or row.required, values(row),
      row.help .. (row.deprecated and " Deprecated." or "") }
  end
  return table_of({ "field", "type", "", "values", "" }, rows)
end

-- ---- the file --------------------------------------------------------------

-- A part is between "<!-- generated: NAME ARGUMENT -->" and "<!-- end -->".
local MARK = "(<!%-%- generated: ([%l_]+) ?(%S*) %-%->\n)(.-)(<!%-%- end %-%->)"

--- A text with its generated parts brought up to date.
function markdown.write(text)
  return (text:gsub(MARK, function(first, name, argument, _, last)
    return first .. "\n" .. markdown[name](argument) .. "\n\n" .. last
  end))
end

return markdown

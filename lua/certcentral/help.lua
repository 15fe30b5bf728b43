--- Help for a person at the prompt, from the form's rows and the table of
-- functions.

local core = require "certcentral.core"
local functions = require "certcentral.functions"

local function shown(value)
  if type(value) == "string" then
    return ("%q"):format(value):gsub("\\\n", "\\n")
  elseif type(value) == "table" then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = shown(item)
    end
    return "{ " .. table.concat(items, ", ") .. " }"
  end
  return tostring(value)
end

local function type_of(row)
  return row.items and ("list of %ss"):format(row.items) or row.type
end

local function limits_of(row)
  local unit = row.type == "string" and " characters" or ""
  if row.min and row.max then
    return row.min == row.max and tostring(row.min)
           or ("%d to %d"):format(row.min, row.max)
  elseif row.min then
    return ("at least %d"):format(row.min)
  end
  return row.max and ("at most %d%s"):format(row.max, unit)
end

local function overview(rows)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, #row.path)
  end
  local lines = { "The fields of an order (* is required, ? depends on other "
                  .. "fields).", 'help "name" explains a field, a function or '
                  .. 'a method.', 'help "functions" lists the functions and '
                  .. "methods.", "" }
  local marks = { required = "*", conditional = "?", optional = " " }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("%s %-" .. width .. "s  %s"):format(
      marks[row.required], row.path, type_of(row))
  end
  return table.concat(lines, "\n")
end

local function details(row, rows)
  local lines = { ("%s (%s, %s)"):format(row.path, type_of(row),
                                         row.required) }
  local function add(label, value)
    if value ~= nil and value ~= false then
      lines[#lines + 1] = ("  %-9s %s"):format(label .. ":", value)
    end
  end
  lines[#lines + 1] = "  " .. row.help
  add("format", row.format)
  add("limits", limits_of(row))
  add("choices", row.choices and shown(row.choices))
  add("default", row.default ~= nil and shown(row.default))
  add("example", row.example ~= nil and shown(row.example))
  add("note", row.deprecated and "deprecated")
  add("secret", row.secret and "its value never appears in a message")
  local below = row.path .. (row.items and "[]." or ".")
  for _, other in ipairs(rows) do
    if other.path:sub(1, #below) == below and
       not other.path:find(".", #below + 1, true) then
      add("field", other.path)
    end
  end
  return table.concat(lines, "\n")
end

-- ---- functions -------------------------------------------------------------

-- The functions of this name, with or without what they belong to.
local function functions_of(name)
  name = name:gsub("%(.*$", "")
  local found = {}
  for _, row in ipairs(functions.list) do
    local last = row.name:match("[^.:]+$")
    if name == row.name or name == last or
       name == row.name:gsub("^certcentral%.", "") then
      found[#found + 1] = row
    end
  end
  return found
end

local function option_lines(lines, rows)
  for _, option in ipairs(rows) do
    local default = option[2] ~= nil and (" (%s)"):format(
      tostring(option[2])) or ""
    lines[#lines + 1] = ("  %s%s: %s"):format(option[1], default, option[3])
  end
end

-- Options that many functions have are not repeated with each.
local SETS = { order = "certcentral.validate", client = "certcentral.new" }

-- What the manual has of a function: its note, its arguments, its options.
local function more_of(row)
  local manual = require "certcentral.manual"
  local lines = { manual.notes[row.name] and "  " .. manual.notes[row.name] }
  local options = manual.options.argument(row)
  for name in row.arguments:gmatch("[%l_]+") do
    local argument = name ~= options and
                     manual.arguments.find(row.name, name)
    if argument then
      lines[#lines + 1] = ("  %s: %s"):format(name, argument[2])
    end
  end
  option_lines(lines, manual.options.own(row))
  for _, set in ipairs(manual.options.sets_of(row)) do
    if row.name == SETS[set] then
      option_lines(lines, manual.options.set(set))
    else
      lines[#lines + 1] = ('  and the options of %s'):format(SETS[set])
    end
  end
  return lines
end

local function explain(found)
  local lines = {}
  for _, row in ipairs(found) do
    lines[#lines + 1] = functions.usage(row.name)
    lines[#lines + 1] = "  " .. row.help
    for _, line in ipairs(more_of(row)) do
      lines[#lines + 1] = line
    end
    lines[#lines + 1] = row.returns ~= "" and "  returns: " .. row.returns
                        or nil
  end
  return table.concat(lines, "\n")
end

local function all_functions()
  local lines = { 'The functions and methods. help "name" tells more of one.',
                  "" }
  for _, row in ipairs(functions.list) do
    lines[#lines + 1] = "  " .. functions.usage(row.name)
  end
  return table.concat(lines, "\n")
end

-- ---- all together ----------------------------------------------------------

-- The fields and functions that have a text in their names.
local function near_to(wanted, rows)
  local near = {}
  local function add(name)
    if wanted ~= "" and core.lower(name):find(core.lower(wanted), 1, true) then
      near[#near + 1] = "  " .. name
    end
  end
  for _, row in ipairs(rows) do
    add(row.path)
  end
  for _, row in ipairs(functions.list) do
    add(row.name)
  end
  return near
end

-- What a name that nothing is called was meant to be, or nil.
local function meant(name)
  local _, err = require("certcentral.order")
    .check_call({ [name] = true }, nil, false, "help")
  for _, problem in ipairs(err.problems) do
    if problem.code == "unknown" and problem.hint and
       not core.options[name] then
      return problem.hint
    end
  end
  local names = {}
  for i, row in ipairs(functions.list) do
    names[i] = row.name:match("[^.:]+$")
  end
  return require("certcentral.nearest").of(name:match("[^.:]*$"), names)
end

--- @param name a field's path, with or without the numbers of list items, or a
-- function's name; nil for an overview
return function(name)
  local rows = core.fields()
  if name == nil then
    return overview(rows)
  elseif type(name) ~= "string" then
    require("certcentral.options").raise(
      "bad argument #1 to 'help' (string expected, got %s)", type(name))
  elseif name == "functions" or name == "methods" then
    return all_functions()
  end
  local wanted = name:gsub("%[%d+%]", "[]"):gsub("%[%]$", "")
  local found = functions_of(name)
  for _, row in ipairs(rows) do
    if row.path == wanted then
      return details(row, rows) ..
             (#found > 0 and "\n\n" .. explain(found) or "")
    end
  end
  if #found > 0 then
    return explain(found)
  end
  local text = ("There is no field '%s' and no function of this name.")
    :format(core.printable(name, 80))
  local near, guess = near_to(wanted, rows), meant(name)
  if #near > 0 then
    return text .. " Similar names:\n" .. table.concat(near, "\n")
  end
  return text .. (guess and (" Did you mean '%s'?"):format(guess) or
                  " help() lists all.")
end

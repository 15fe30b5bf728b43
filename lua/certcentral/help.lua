--- Help for a person at the prompt, from the form's rows.

local core = require "certcentral.core"

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
                  .. "fields).", 'help "path" tells more of one.', "" }
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
  add("secret", row.secret and "its value never shows in a message")
  local below = row.path .. (row.items and "[]." or ".")
  for _, other in ipairs(rows) do
    if other.path:sub(1, #below) == below and
       not other.path:find(".", #below + 1, true) then
      add("field", other.path)
    end
  end
  return table.concat(lines, "\n")
end

--- @param path a field's path, with or without the numbers of list items; or
-- nil
return function(path)
  local rows = core.fields()
  if path == nil then
    return overview(rows)
  elseif type(path) ~= "string" then
    require("certcentral.options").raise(
      "bad argument #1 to 'help' (string expected, got %s)", type(path))
  end
  local wanted = path:gsub("%[%d+%]", "[]"):gsub("%[%]$", "")
  local near = {}
  for _, row in ipairs(rows) do
    if row.path == wanted then
      return details(row, rows)
    elseif wanted ~= "" and
           core.lower(row.path):find(core.lower(wanted), 1, true) then
      near[#near + 1] = "  " .. row.path
    end
  end
  local text = ("There is no field '%s'."):format(path)
  if #near == 0 then
    return text .. " help() lists all."
  end
  return text .. " These are near:\n" .. table.concat(near, "\n")
end

--- Checks option tables: misuse raises and names the option.

local options = {}

local function nearest(name, known)
  local lower = tostring(name):lower():gsub("[^%w]", "")
  for candidate in pairs(known) do
    if candidate:gsub("_", "") == lower then
      return candidate
    end
  end
end

local function names(known)
  local list = {}
  for name in pairs(known) do
    list[#list + 1] = name
  end
  table.sort(list)
  return table.concat(list, ", ")
end

--- Raises unless `given` is a table of known options of the right types.
-- @param given the caller's table
-- @param known option name -> type name, or a function(value) that returns
--   what was expected where the value is wrong
-- @param who the function's name, for the message
-- @param level of the error, as for error()
function options.check(given, known, who, level)
  level = (level or 3) + 1
  if type(given) ~= "table" then
    error(("bad options to '%s' (table expected, got %s)")
      :format(who, type(given)), level)
  end
  for name, value in pairs(given) do
    local rule = known[name]
    if rule == nil then
      local near = nearest(name, known)
      error(("unknown option '%s' to '%s' (%s)"):format(tostring(name), who,
        near and "did you mean '" .. near .. "'?" or
        "known are " .. names(known)), level)
    end
    local expected
    if type(rule) == "function" then
      expected = rule(value)
    elseif type(value) ~= rule then
      expected = rule
    end
    if expected then
      error(("bad option '%s' to '%s' (%s expected, got %s)")
        :format(name, who, expected, type(value) == "number" and
                tostring(value) or type(value)), level)
    end
  end
end

return options

-- A value as Lua text, the same in every run: what a failed random test
-- prints, fit to be kept as a case.

local dump

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\128-\255]', function(c)
    return ("\\%03d"):format(c:byte())
  end) .. '"'
end

local function before(a, b)
  if type(a) == type(b) then
    return a < b
  end
  return type(a) == "number"
end

local function table_text(value)
  local keys, parts = {}, {}
  for key in next, value do
    keys[#keys + 1] = key
  end
  table.sort(keys, before)
  for i, key in ipairs(keys) do
    parts[i] = ("[%s] = %s"):format(dump(key), dump(value[key]))
  end
  local text = "{ " .. table.concat(parts, ", ") .. " }"
  local meta = getmetatable(value)
  if not meta then
    return text
  end
  return ("setmetatable(%s, %s)"):format(text, table_text(meta))
end

function dump(value)
  local kind = type(value)
  if kind == "string" then
    return quoted(value)
  elseif kind == "table" then
    return table_text(value)
  elseif kind == "function" then
    return "print"
  elseif kind == "userdata" then
    return "null"
  elseif value == 1 / 0 or value == -1 / 0 then
    return value > 0 and "1 / 0" or "-1 / 0"
  elseif kind == "number" then
    return (("%.17g"):format(value))
  end
  return tostring(value)
end

return dump

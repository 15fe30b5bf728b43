--- Hides an order's own secrets in what the other side says of it.

local core = require "certcentral.core"

local SHORTEST = 3 -- characters: a month is in every second message

local members

-- The members of each object that hold a secret, but for lists.
local function secret_members()
  if not members then
    members = {}
    for _, row in ipairs(core.fields()) do
      local object, member = row.path:match("^([%w_]+)%.([%w_]+)$")
      if row.secret and object then
        members[object] = members[object] or {}
        table.insert(members[object], member)
      end
    end
  end
  return members
end

-- A pattern that finds the value however it is spaced, and in either case;
-- a short number only where it is the whole of one.
local function pattern_of(value)
  local between = value:find("^%d+$") and #value > 4 and "[%s%-]*" or ""
  local pattern = value:gsub(".", function(c)
    if c:find("[A-Za-z]") then
      return ("[%s%s]"):format(core.lower(c), core.upper(c))
    end
    return (c:find("[%w\128-\255]") and c or c:find("%s") and "%s+"
            or "%" .. c) .. between
  end)
  if value:find("^%d+$") and #value <= 4 then
    pattern = "%f[%d]" .. pattern .. "%f[%D]"
  end
  return pattern
end

-- Adds the patterns of an object's secret members.
local function add_patterns(patterns, object, list)
  for _, member in ipairs(list) do
    local value = rawget(object, member)
    if type(value) == "number" then
      value = ("%.0f"):format(value)
    end
    if type(value) == "string" and #value >= SHORTEST
       and not value:find("%z") then
      patterns[#patterns + 1] = pattern_of(value)
    end
  end
end

--- @param order the order table
-- @param shared texts of secrets -> the function that hides them: orders that
--   are paid with one card have one
-- @return a function from a text to the same without the order's secrets;
--   nil where it has none
return function(order, shared)
  local patterns = {}
  for name, list in next, secret_members() do
    local object = rawget(order, name)
    if type(object) == "table" then
      add_patterns(patterns, object, list)
    end
  end
  if #patterns == 0 then
    return nil
  end
  local key = table.concat(patterns, "\n")
  local hide = shared[key] or function(text)
    for _, pattern in ipairs(patterns) do
      text = text:gsub(pattern, "[hidden]")
    end
    return text
  end
  shared[key] = hide -- held by who asked for it alone
  return hide
end

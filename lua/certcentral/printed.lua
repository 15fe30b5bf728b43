--- Plain tables that print themselves: metatables that have a __tostring and
-- nothing else that Lua asks for, so that pairs, # and cjson see what they
-- always saw.

local printed = {}

local function text(value)
  return require("certcentral.show")(value)
end

local function kind(name)
  return { __name = "certcentral." .. name, __tostring = text, printed = name }
end

printed.ANSWER = kind "answer"     -- what the service said
printed.INFO = kind "info"
printed.ORDER = kind "order"       -- an order to be placed
printed.PROBLEM = kind "problem"   -- also a warning
printed.PROBLEMS = kind "problems" -- a list of them
printed.DCV = kind "dcv"
printed.RECORDS = kind "records"   -- a list of what to put where

local setmetatable, getmetatable, type = setmetatable, getmetatable, type

local function is_plain(value)
  return type(value) == "table" and not getmetatable(value)
end

--- Makes an answer, of a list its items too, and its info print themselves.
-- @return what it was given
function printed.answer(value, info, ...)
  if is_plain(value) then
    for i = 1, #value do
      if is_plain(value[i]) then
        setmetatable(value[i], printed.ANSWER)
      end
    end
    setmetatable(value, printed.ANSWER)
  end
  if is_plain(info) then
    setmetatable(info, printed.INFO)
  end
  return value, info, ...
end

--- Makes a list of problems or warnings, and each of them, print themselves.
-- @return the list
function printed.problems(list)
  for i = 1, #list do
    setmetatable(list[i], printed.PROBLEM)
  end
  return setmetatable(list, printed.PROBLEMS)
end

return printed

--- A dot for a colon, and a colon for a dot: said at the caller's line, before
-- anything is done.

local options_of = require "certcentral.options"

local calls = {}

--- Raises for a call with the wrong mark.
-- @param mark "dot" or "colon"
-- @param name the full name of what was called
local function refuse(mark, name)
  options_of.raise("bad call with a %s: use %s", mark,
                   require("certcentral.functions").usage(name))
end

calls.refuse = refuse

local function is_public(name, f)
  return type(f) == "function" and type(name) == "string" and
         not name:find("^_")
end

local rawequal = rawequal

local function with_dot(module, name, f)
  return function(first, ...)
    if rawequal(first, module) then
      refuse("colon", name)
    end
    return f(first, ...)
  end
end

--- Makes functions of a module refuse a call with a colon.
-- @param what the module's name, for the message
-- @param names of the functions
-- @param from, to where they are and where they come; the module by default
function calls.functions(module, what, names, from, to)
  for _, name in ipairs(names) do
    (to or module)[name] = with_dot(module, what .. "." .. name,
                                    (from or module)[name])
  end
end

-- Whether a value is an object of this kind, or a wrapper of one.
local function inherits(value, meta)
  local depth = 0
  while type(value) == "table" and depth < 10 do
    local its = getmetatable(value)
    if its == meta then
      return true
    end
    value, depth = type(its) == "table" and rawget(its, "__index"), depth + 1
  end
  return false
end

--- Makes one method refuse a call with a dot.
-- @param what the object's usual name, for the message
function calls.method(meta, what, name, f)
  return function(self, ...)
    if getmetatable(self) ~= meta and not inherits(self, meta) then
      refuse("dot", what .. ":" .. name)
    end
    return f(self, ...)
  end
end

--- Makes the public methods of a kind of object refuse a call with a dot.
-- @return methods
function calls.methods(meta, what, methods)
  for name, f in pairs(methods) do
    if is_public(name, f) then
      methods[name] = calls.method(meta, what, name, f)
    end
  end
  return methods
end

return calls

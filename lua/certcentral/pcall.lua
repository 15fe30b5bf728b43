-- pcall through which a coroutine can yield. That of Lua 5.1 (not LuaJIT's)
-- ends the yield with an error, which would leave an order of a queue unsent
-- and taken for one that may have been placed: there the function runs in a
-- coroutine of its own, whose yields are passed on.

local native = pcall

if _VERSION ~= "Lua 5.1" or rawget(_G, "jit") then
  return native
end

-- Hands on what a coroutine yields and is resumed with, until it ends.
local function carry_on(thread, ok, ...)
  if coroutine.status(thread) == "suspended" then
    return carry_on(thread, coroutine.resume(thread, coroutine.yield(...)))
  end
  return ok, ...
end

return function(f, ...)
  if not coroutine.running() then
    return native(f, ...)
  end
  local thread = coroutine.create(function(...) return f(...) end)
  return carry_on(thread, coroutine.resume(thread, ...))
end

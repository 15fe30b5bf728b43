--- Keeps functions away from LuaJIT's compiler: interpreted(f, ...).
--
-- A queue that the collector ends runs the policies of its orders to their
-- end within a finalizer. There LuaJIT 2.1 (as of 2023) never comes out of a
-- compiled loop over `pairs` or `next` that ends in another way than it was
-- recorded. So the functions on that way that have such loops are passed
-- here, and functions of others that may have some are not called.

local jit = rawget(_G, "jit") -- luacheck: ignore

return function(...)
  for i = 1, jit and select("#", ...) or 0 do
    jit.off((select(i, ...)))
  end
  return jit ~= nil
end

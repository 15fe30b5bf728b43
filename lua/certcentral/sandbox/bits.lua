-- Exclusive or on 32 bits, on every Lua.

local found, bit = pcall(require, "bit")

if found then
  return {
    xor = function(a, b)
      return bit.bxor(a, b) % 4294967296
    end,
  }
end

return { xor = assert(load("local a, b = ... return a ~ b")) }

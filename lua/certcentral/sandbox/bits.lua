-- Exclusive or on 32 bits, on every Lua: by LuaJIT's library, by the operator
-- of Lua 5.3 and newer, or bit by bit.

local found, bit = pcall(require, "bit")

if found then
  return {
    xor = function(a, b)
      return bit.bxor(a, b) % 4294967296
    end,
  }
end

local compile = _G.loadstring or load

local function xor(a, b)
  local result, place = 0, 1
  while a > 0 or b > 0 do
    if a % 2 ~= b % 2 then
      result = result + place
    end
    a, b, place = math.floor(a / 2), math.floor(b / 2), place * 2
  end
  return result
end

return { xor = compile("local a, b = ... return a ~ b") or xor }

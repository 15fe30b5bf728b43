--- How a measurement is printed: the median of the rounds, the least and the
-- most, and whether the goal is met.

local jit = rawget(_G, "jit") -- luacheck: ignore

local row = {}

function row.median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

--- Prints a row.
-- @param rounds the ratios of the rounds
-- @param goals {of Lua 5.4, of LuaJIT}, or nil
function row.print(name, rounds, goals)
  local middle, goal = row.median(rounds), goals and goals[jit and 2 or 1]
  local said = goal and ("   goal %.2f: %s"):format(goal,
    middle <= goal and "met" or "missed") or ""
  print(("%-44s %6.2f (%.2f to %.2f)%s"):format(name, middle, rounds[1],
    rounds[#rounds], said))
end

--- Prints which interpreter it is, and what is 1.
function row.head(base)
  print(("%s; %s = 1"):format(jit and jit.version or _VERSION, base))
end

return row

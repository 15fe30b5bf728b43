--- What a mistyped name was meant to be.

local core = require "certcentral.core"

local nearest = {}

local LONGEST = 60 -- bytes; what is longer is no mistyped name

-- How many letters to change, add, drop or swap with a neighbour (optimal
-- string alignment).
local function distance(a, b)
  local before, above = {}, {}
  for j = 0, #b do
    above[j] = j
  end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and
         a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, above = above, row
  end
  return above[#b]
end

local function plain(name)
  return (core.lower(name):gsub("[^%w]", ""))
end

--- The nearest of some names.
-- @param names a list
-- @return the name; or nil where none is near
function nearest.of(name, names)
  if type(name) ~= "string" or #name > LONGEST then
    return nil
  end
  local wanted, best = plain(name), nil
  local least = math.floor(#wanted / 4) + 1
  for _, candidate in ipairs(names) do
    local far = distance(wanted, plain(candidate))
    if far < least or far == least and best and candidate < best then
      best, least = candidate, far
    end
  end
  return best
end

return nearest

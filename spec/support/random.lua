--- Numbers that are the same in each run, whatever the interpreter.

local random = {}

--- A function(most) that gives an integer from 1 to `most`.
function random.new(seed)
  return function(most)
    seed = (seed * 48271) % 2147483647
    return seed % most + 1
  end
end

return random

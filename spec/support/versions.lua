-- Where versions of a library differ, an expectation is a list: of values, or
-- of patterns.

local versions = {}

--- What `got` is to be equal to: itself where the list has it.
function versions.one_of(expected, got)
  for _, value in ipairs(type(expected) == "table" and expected or {}) do
    if value == got then
      return got
    end
  end
  return expected
end

--- Whether a text has one of the patterns.
function versions.fits(expected, text)
  for _, pattern in ipairs(type(expected) == "table" and expected
                           or { expected }) do
    if text:find(pattern) then
      return true
    end
  end
  return false
end

return versions

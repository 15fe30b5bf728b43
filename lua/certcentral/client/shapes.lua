--- What an answer must have to be of use.

local errors = require "certcentral.error"

local shapes = {}

--- The list at a member of an answer: of objects, or empty as with `{}` for
-- no results. nil where anything else is there, a list with a null in it
-- included: what cannot be read whole is not read in part.
function shapes.list(answer, member)
  local list = answer[member]
  if list == nil then
    return {}
  elseif type(list) ~= "table" then
    return nil
  end
  local count = 0
  for place, item in pairs(list) do
    count = count + 1
    if type(place) ~= "number" or type(item) ~= "table" then
      return nil
    end
  end
  return count == #list and list or nil
end

--- Whether an answer is about what was asked for: caches, proxies and mixed-up
-- connections give answers about other things.
-- @param answer as json.decode gives it
-- @param id the id that was asked for
-- @param what it is the id of, in words
-- @param member where the answer has it, "id" by default
-- @return answer; or nil, err
function shapes.about(answer, id, what, member)
  if answer[member or "id"] ~= id then
    return nil, errors.new("protocol", ("the response is not %s %s")
      :format(what, type(id) == "number" and ("%d"):format(id) or id))
  end
  return answer
end

return shapes

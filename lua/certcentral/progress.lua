--- One line of progress, where somebody may be looking at it.

local core = require "certcentral.core"
local is_callable = require("certcentral.rules").is_callable

local progress = {}

--- A rule of options: true or false, or a function that gets the line, and
-- true with the last one.
function progress.rule(value)
  return type(value) ~= "boolean" and not is_callable(value) and
         "boolean or function" or nil
end

local function write_to_terminal(line, last)
  io.stderr:write("\r", line, "\27[K", last and "\n" or "")
end

--- What writes the lines.
-- @param option as above; true writes where standard error is a terminal
-- @return a function; or false
function progress.writer(option)
  if option == true then
    return core.is_terminal(2) and write_to_terminal
  end
  return option
end

--- A time in words, short.
function progress.span(seconds)
  if seconds < 90 then
    return ("%d s"):format(math.ceil(seconds))
  end
  return ("%d min"):format(math.ceil(seconds / 60))
end

return progress

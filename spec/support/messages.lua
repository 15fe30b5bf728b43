--- Listens while specs run, and prints what the library said: an output
-- handler for busted. A message is a problem, a warning, an error that was
-- returned or one that was raised. Whether the tests pass is of no interest
-- here: some see the ears in a traceback.

local hinted -- certcentral.hinted

local heard = {} -- of what kind and text -> message
local now = "?"  -- the test that runs

-- Messages that differ only in what was given count once.
local function alike(text)
  return (text:gsub('"[^"]*"', '""'):gsub("'[^']*'", "''"):gsub("%d+", "0"))
end

local function note(code, path, text)
  if type(text) ~= "string" then
    return
  end
  local key = code .. "\0" .. alike(text)
  local old = heard[key]
  if not old or #text < #old.text or #text == #old.text and text < old.text then
    heard[key] = { code = code, path = path, text = text, test = now }
  end
end

local function note_problems(list)
  for _, problem in ipairs(type(list) == "table" and list or {}) do
    note(problem.code, problem.path or "", hinted(problem))
  end
end

-- What is put around the modules in which messages are made. busted loads them
-- anew for each file.
local AROUND = {
  ["certcentral.error"] = function(errors)
    local new, interrupted = errors.new, errors.is_interruption
    function errors.new(kind, message, members)
      if kind ~= "invalid" or not (members and members.problems) then
        note(kind, "", message)
      end
      note_problems(members and members.problems)
      return new(kind, message, members)
    end
    errors.is_interruption = interrupted
    return errors
  end,
  ["certcentral.options"] = function(options)
    local raise = options.raise
    function options.raise(format, ...)
      note("raised", "", format:format(...))
      return raise(format, ...) -- no level of its own
    end
    return options
  end,
  ["certcentral.printed"] = function(printed)
    local problems = printed.problems
    function printed.problems(list)
      note_problems(list)
      return problems(list)
    end
    return printed
  end,
}

for name, around in pairs(AROUND) do
  package.preload[name] = function(...)
    hinted = require "certcentral.hinted"
    local path = assert(package.searchpath(name, package.path))
    return around(assert(loadfile(path))(...))
  end
end

-- What C raises has no other place where all of it passes.
local plain_pcall = pcall

local function after(ok, problem, ...)
  if not ok and type(problem) == "string" then
    note("raised", "", (problem:gsub("^[^%s:]+:%d+: ", "")))
  end
  return ok, problem, ...
end

function _G.pcall(...) -- luacheck: ignore
  return after(plain_pcall(...))
end

local function print_all()
  local lines = {}
  for _, message in pairs(heard) do
    lines[#lines + 1] = ("%s\t%s\t%s\t%s"):format(message.code, message.path,
      (message.text:gsub("[\n\t]", " ")), message.test)
  end
  table.sort(lines)
  io.write(table.concat(lines, "\n"), "\n")
end

return function()
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  busted.subscribe({ "test", "start" }, function(element, parent)
    now = handler.getFullName(element, parent)
    return nil, true
  end)
  -- Tests of the caller's line fail here, where pcall is another function.
  -- What is listed is what they have made the library say.
  busted.subscribe({ "exit" }, function()
    print_all()
    os.exit(0, true)
  end)
  return handler
end

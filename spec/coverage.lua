-- Lines of lua/certcentral that a run of the specs reaches, counted by a
-- hook, in this process and in coroutines.
--
--   coverage.lua [LEAST]     runs all specs but those of processes' ends
--
-- Ends with 1 below LEAST of 100 lines. A line counts as one where luac's
-- listing has code for it.

local LEAST = tonumber(arg[1] or 95)
local LUAC = "luac5.4 -l -l -p %s"

-- Run in processes of their own, where nobody counts: the specs of the sandbox
-- reach them.
local ELSEWHERE = {
  ["lua/certcentral/sandbox/front.lua"] = "runs within nginx",
  ["lua/certcentral/sandbox/serve.lua"] = "is a program",
}

local hits = {} -- file -> line -> true

local names = setmetatable({}, { __index = function(self, source)
  local name = source:match("(lua/certcentral/.*)$") or false
  if name then
    hits[name] = hits[name] or {}
  end
  self[source] = name
  return name
end })

local getinfo, sethook = debug.getinfo, debug.sethook

local function on_line(_, line)
  local name = names[getinfo(2, "S").source]
  if name then
    hits[name][line] = true
  end
end

-- A hook belongs to one coroutine.
local create, wrap = coroutine.create, coroutine.wrap
function coroutine.create(f) -- luacheck: ignore
  local thread = create(f)
  sethook(thread, on_line, "l")
  return thread
end
function coroutine.wrap(f) -- luacheck: ignore
  return wrap(function(...)
    sethook(on_line, "l")
    return f(...)
  end)
end

-- Lines that have code: luac's listing names one for each instruction. The
-- return at the end of a function, and `end` alone, are no code of anybody's.
local function lines_of(name)
  local lines, sources = {}, {}
  for line in io.lines(name) do
    sources[#sources + 1] = line
  end
  local listing = assert(io.popen(LUAC:format(name)))
  for text in listing:lines() do
    local line, operation = text:match("^%s+%d+%s+%[(%d+)%]%s+(%u+)")
    line = operation ~= "VARARGPREP" and tonumber(line)
    if line and not sources[line]:find("^%s*end[%s,)}]*$") then
      lines[line] = true
    end
  end
  listing:close()
  return lines
end

local function report()
  local files = assert(io.popen("find lua -name '*.lua' | sort"))
  local all, reached = 0, 0
  for name in files:lines() do
    local missed, count = {}, 0
    if ELSEWHERE[name] then
      print(("%-45s %s: not counted"):format(name, ELSEWHERE[name]))
    end
    for line in pairs(ELSEWHERE[name] and {} or lines_of(name)) do
      count = count + 1
      if not (hits[name] and hits[name][line]) then
        missed[#missed + 1] = line
      end
    end
    table.sort(missed)
    all, reached = all + count, reached + count - #missed
    if #missed > 0 then
      print(("%-45s %3d of %3d, not %s"):format(name, count - #missed, count,
                                               table.concat(missed, " ")))
    end
  end
  files:close()
  local percent = 100 * reached / all
  print(("Lua: %.1f %% of %d lines"):format(percent, all))
  return percent
end

arg = { [0] = "busted", "--output=spec/support/totals.lua", -- luacheck: ignore
        "--pattern=_spec", "--exclude-pattern=coverage", "spec" }
local exit = os.exit
os.exit = function(code) -- luacheck: ignore
  sethook()
  os.exit = exit -- luacheck: ignore
  local percent = report()
  exit((code == true or code == 0 or code == nil) and percent >= LEAST)
end
sethook(on_line, "l")
require "busted.runner"({ standalone = false })
os.exit(true)

-- Notes each line of lua/certcentral that this process runs, once, at the end
-- of the file that $COVERAGE_LINES names: for $LUA_INIT, and for nginx.

local path = assert(os.getenv("COVERAGE_LINES"))
local getinfo, sethook, open = debug.getinfo, debug.sethook, io.open

local seen = {} -- file -> line -> true

local names = setmetatable({}, { __index = function(self, source)
  local name = source:match("^@.*(lua/certcentral/.*)$") or false
  if name then
    seen[name] = seen[name] or {}
  end
  self[source] = name
  return name
end })

local function on_line(_, line)
  local name = names[getinfo(2, "S").source]
  if name and not seen[name][line] then
    seen[name][line] = true
    local file = open(path, "a")
    if file then
      file:write(name, ":", line, "\n")
      file:close()
    end
  end
end

if jit then -- its hook is for all coroutines, but not for compiled code
  jit.off()
else
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
end
sethook(on_line, "l")

-- "Processes": coroutines of one, which take turns where one waits. A wait is a
-- yield of its seconds.

local processes = {}

--- Runs functions, each until it has returned; the one that is due first goes
-- on.
-- @param clock one of the sandbox's
-- @param dies nil, or a function that says after each step whether the process
--   is killed there
function processes.run(clock, functions, dies)
  local list = {}
  for i, f in ipairs(functions) do
    list[i] = { thread = coroutine.create(f), due = clock(), order = i }
  end
  while #list > 0 do
    table.sort(list, function(a, b)
      return a.due < b.due or a.due == b.due and a.order < b.order
    end)
    local process = list[1]
    if process.due > clock() then
      clock:advance(process.due - clock())
    end
    local ok, seconds = coroutine.resume(process.thread)
    assert(ok, seconds)
    process.due = clock() + (tonumber(seconds) or 0)
    process.order = process.order + #functions
    if coroutine.status(process.thread) == "dead" or dies and dies() then
      table.remove(list, 1)
    end
  end
end

--- Runs a function until a condition holds, and no further: it was killed.
function processes.kill(f, condition)
  local thread = coroutine.create(f)
  repeat
    assert(coroutine.resume(thread))
  until condition()
  thread = nil
  collectgarbage()
  collectgarbage()
  assert(thread == nil)
end

return processes

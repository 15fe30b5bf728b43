-- A process that uses a journal:
--
--   write PATH NAME COUNT   writes COUNT entries, reads now and then
--   fill PATH               writes entries until that fails; prints how many
--                           were written, and the message
--   compact PATH            takes out what is closed; prints what that says
--                           where it fails
--   read PATH               prints how many entries there are, and how many
--                           lines are none
--   show PATH               prints the journal
--   nothing                 only loads what the others load

local journal = require "certcentral.journal"

local actions = {}

function actions.nothing()
end

function actions.show(path)
  io.write(tostring(assert(journal.file(path))))
end

function actions.read(path)
  local list, skipped = assert(assert(journal.file(path)):read())
  io.write(#list, " ", skipped)
end

function actions.fill(path)
  local j = assert(journal.file(path))
  local count = 0
  while true do
    local ok, message = j:write { step = "intent", entry = "e" .. count }
    if not ok then
      io.write(count, " ", message)
      return
    end
    count = count + 1
    assert(count < 1000, "the disk does not end")
  end
end

-- Lines of very different lengths: some are longer than a page of memory.
function actions.write(path, name, count)
  local j = assert(journal.file(path))
  for i = 1, tonumber(count) do
    assert(j:write { step = "intent", entry = name .. i, writer = name,
                     number = i, filler = name:rep(i % 40 == 0 and 9000
                                                   or i % 7) })
    if i % 50 == 0 then
      local list, skipped = j:read()
      assert(#list >= i and skipped == 0, "a line was cut")
    end
  end
end

function actions.compact(path)
  local gone, message = assert(journal.file(path))
    :compact { older = 3600, now = 1764000000 }
  io.write(gone and "" or message)
end

actions[arg[1]]((table.unpack or unpack)(arg, 2)) -- luacheck: ignore

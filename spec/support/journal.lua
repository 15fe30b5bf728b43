-- What the specs of journals share: files, and other processes that use them.

local files = require "support.files"
local journals = require "certcentral.journal"
local stores = require "certcentral.store"

local support = {}

local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local preload = os.getenv("CERTCENTRAL_TEST_PRELOAD") or ""

function support.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local quote = support.quote

-- Runs a command for the shell; returns its output, standard error included,
-- and its exit status.
function support.run(command)
  local pipe = io.popen(("exec 2>&1; (%s); printf '\\n%%s' $?"):format(command))
  local text = pipe:read("*a")
  pipe:close()
  local output, status = text:match("^(.*)\n(%d+)$")
  return output, tonumber(status)
end

-- The same for a command that has to succeed; without the last line break.
function support.sure(command)
  local output, status = support.run(command)
  assert(status == 0, output)
  return (output:gsub("\n$", ""))
end

-- A new directory, to be removed with support.remove().
function support.directory()
  return support.sure("mktemp -d")
end

function support.remove(directory)
  support.sure("rm -rf " .. quote(directory))
end

-- The command that runs a program of spec/support.
function support.program(name, ...)
  local words = { ("LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 exec %s")
    :format(quote(preload), quote(lua)), "spec/support/" .. name }
  for _, word in ipairs { ... } do
    words[#words + 1] = quote(tostring(word))
  end
  return table.concat(words, " ")
end

-- The command that runs an action of journal_process.lua.
function support.process(...)
  return "(" .. support.program("journal_process.lua", ...) .. ")"
end

-- Runs one command while another process holds the file's lock: commands
-- `before`, then `meanwhile` in the background, which gets the time that it
-- needs several times over, then commands `after`. Returns what `meanwhile`
-- printed.
function support.locked(path, before, meanwhile, after)
  local nothing = support.process("nothing")
  return support.sure(([[
    exec 9>>%s && flock 9 || exit 1
    { %s; }
    %s 9>&- &
    %s && %s && %s && %s
    { %s; }
    exec 9>&-
    wait]]):format(quote(path), before, meanwhile, nothing, nothing, nothing,
                   nothing, after))
end

support.read, support.write = files.read, files.write

-- What of `list` an element is, by its member `name`.
function support.pick(list, name)
  local picked = {}
  for i, element in ipairs(list) do
    picked[i] = element[name]
  end
  return picked
end

--- Where the past of a name is kept: {what, function}, which returns a function
-- that returns a client's options for one more run.
support.KEEPERS = {
  { "the journal", function()
    local kept = journals.memory()
    return function() return { journal = kept, store = stores.memory() } end
  end },
  { "the claim's note", function()
    local store = stores.memory()
    return function() return { store = store } end
  end },
}

return support

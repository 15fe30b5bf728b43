-- Which room of the code may see which, and that no files go round in a
-- circle. A circle: file A uses file B, and B uses A, directly or by way of
-- others. In C the pair x.c and x.h counts as one file, and a file uses
-- another whose header it includes or whose function it calls. In Lua it uses
-- what it requires by name, at once or later.

local rooms = {}

-- ---- the rules --------------------------------------------------------------

-- The rooms of csrc, and those that each may see besides itself.
rooms.C = {
  core = {},
  file = { "core" },
  suffix = { "core" },
  x509 = { "core" },
  transport = { "core" },
  binding = { "core", "file", "suffix", "x509", "transport" },
}

-- Libraries that one room alone may see, by how their headers begin.
rooms.LIBRARIES = {
  ["openssl/"] = "x509", ["curl/"] = "transport", ["lua"] = "binding",
  ["lauxlib"] = "binding",
}

-- The rooms of lua/certcentral, and those that each must not see. A room is a
-- folder; "files" are those in none, "face" is init.lua. "*" is every room,
-- and every other room.
rooms.LUA = {
  ["*"] = { "sandbox" },
  order = { "client", "many", "account", "transport" },
  client = { "many", "account" },
  many = { "account" },
  account = { "many" },
  transport = { "order", "client", "many", "account", "journal", "store" },
  journal = { "order", "client", "many", "account" },
  store = { "order", "client", "many", "account", "journal" },
  sandbox = { "*" },
}

-- Those who may require the face.
rooms.USERS_OF_THE_FACE = { ["certcentral.repl"] = true }

-- ---- help -------------------------------------------------------------------

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- The texts of the files below a directory, by their path from there.
local function texts(directory, endings)
  local files = {}
  local found = io.popen(("find '%s' -type f"):format(directory))
  for name in found:lines() do
    if endings[name:match("%.(%w+)$")] then
      files[name:sub(#directory + 2)] = read(name)
    end
  end
  found:close()
  return files
end

local function sorted(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function contains(list, value)
  for _, entry in ipairs(list or {}) do
    if entry == value then
      return true
    end
  end
  return false
end

-- ---- circles ----------------------------------------------------------------

-- A way from `node` to `goal`, as a list; nil: there is none.
local function way(uses, node, goal, seen)
  for _, other in ipairs(sorted(uses[node] or {})) do
    if other == goal then
      return { node, goal }
    elseif not seen[other] then
      seen[other] = true
      local rest = way(uses, other, goal, seen)
      if rest then
        table.insert(rest, 1, node)
        return rest
      end
    end
  end
end

-- Files that are in a circle are told of once.
local function report_circles(uses, say)
  local known = {}
  for _, file in ipairs(sorted(uses)) do
    local circle = not known[file] and way(uses, file, file, {})
    for _, name in ipairs(circle or {}) do
      known[name] = true
    end
    if circle then
      say("a circle: " .. table.concat(circle, " -> "))
    end
  end
end

-- ---- C ----------------------------------------------------------------------

local function room_of(path)
  return path:match("^[^/]+")
end

-- "core/form" of core/form.c and core/form.h
local function pair_of(path)
  return (path:gsub("%.%w+$", ""))
end

-- The path of what a file includes by `name`.
local function included(from, name)
  local path, count = from:match("^.*/") .. name, 1
  while count > 0 do
    path, count = path:gsub("[^/]+/%.%./", "", 1)
  end
  return path
end

local function code_of(text)
  return (text:gsub("/%*.-%*/", ""):gsub('"[^"\n]*"', '""'))
end

-- The file that each function which others may call is written in.
local function writers(files)
  local of = {}
  for path, text in pairs(files) do
    for head, name in ("\n" .. code_of(text))
        :gmatch("\n([%a_][^\n;{}]-)([dl]cc_[%w_]+)%b()%s*{") do
      if not head:find("static", 1, true) then
        of[name] = pair_of(path)
      end
    end
  end
  return of
end

local function check_headers(path, text, say)
  local room = room_of(path)
  if text:find('"require"', 1, true) then
    say(("csrc/%s requires a module: that is for Lua"):format(path))
  end
  for name in text:gmatch('#include "([^"]+)"') do
    local other = room_of(included(path, name))
    if other ~= room and not contains(rooms.C[room], other) then
      say(("csrc/%s includes %s: %s must not see %s"):format(path, name, room,
          other))
    end
  end
  for name in text:gmatch("#include <([^>]+)>") do
    for begin, owner in pairs(rooms.LIBRARIES) do
      if name:sub(1, #begin) == begin and owner ~= room then
        say(("csrc/%s includes <%s>, which is for %s alone"):format(path,
            name, owner))
      end
    end
  end
end

local function uses_in_c(files)
  local of, uses = writers(files), {}
  for path, text in pairs(files) do
    local file = pair_of(path)
    local used = uses[file] or {}
    uses[file] = used
    for name in text:gmatch('#include "([^"]+)"') do
      used[pair_of(included(path, name))] = true
    end
    for name in code_of(text):gmatch("[dl]cc_[%w_]+") do
      if path:find("%.c$") and of[name] then
        used[of[name]] = true
      end
    end
    used[file] = nil
  end
  return uses
end

--- Checks the C files below a directory as csrc; calls say(message).
function rooms.check_c(directory, say)
  local files = texts(directory, { c = true, h = true })
  for _, path in ipairs(sorted(files)) do
    local room = room_of(path)
    if room == "test" then
      files[path] = nil
    elseif not rooms.C[room] then
      say(("csrc/%s is in a room without a rule"):format(path))
      files[path] = nil
    else
      check_headers(path, files[path], say)
    end
  end
  report_circles(uses_in_c(files), say)
end

-- ---- Lua --------------------------------------------------------------------

-- The module of a file below lua, and its room.
local function module_of(path)
  return (path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

local function room_of_module(path)
  return path == "certcentral/init.lua" and "face" or
         path:match("^certcentral/([^/]+)/") or "files"
end

local function required_by(text)
  local names = {}
  for line in text:gmatch("[^\n]+") do
    for name in line:gsub("%-%-.*$", "")
        :gmatch("require%s*%(?%s*[\"'](certcentral[%w_.]*)[\"']") do
      names[name] = true
    end
  end
  return names
end

local function is_forbidden(room, other)
  if room == other then
    return false
  end
  for _, row in ipairs { rooms.LUA[room] or {}, rooms.LUA["*"] } do
    if contains(row, other) or contains(row, "*") then
      return true
    end
  end
  return false
end

local function modules_of(directory)
  local modules = { uses = {}, rooms = {} }
  for path, text in pairs(texts(directory, { lua = true })) do
    modules.uses[module_of(path)] = required_by(text)
    modules.rooms[module_of(path)] = room_of_module(path)
  end
  for _, used in pairs(modules.uses) do
    for other in pairs(used) do
      used[other] = modules.uses[other] and true -- those written in Lua
    end
  end
  return modules
end

--- Checks the Lua files below a directory as lua; calls say(message).
function rooms.check_lua(directory, say)
  local modules = modules_of(directory)
  for _, name in ipairs(sorted(modules.uses)) do
    local room = modules.rooms[name]
    for _, other in ipairs(sorted(modules.uses[name])) do
      local its = modules.rooms[other]
      if is_forbidden(room, its) then
        say(("%s requires %s: %s must not see %s"):format(name, other, room,
            its))
      elseif its == "face" and not rooms.USERS_OF_THE_FACE[name] then
        say(("%s requires %s, the face"):format(name, other))
      end
    end
  end
  report_circles(modules.uses, say)
end

return rooms

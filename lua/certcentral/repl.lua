--- The prompt of `make repl`: prints values by show, completes functions,
-- methods and fields, keeps a history without secrets, and asks before an
-- order is bought a second time. With lua-readline where that is installed,
-- else without editing and history.

local calls = require "certcentral.calls"
local core = require "certcentral.core"
local functions = require "certcentral.functions"
local secrets = require "certcentral.secrets"

local repl = {}

local HISTORY_LINES = 1000
local KEY_LENGTH = 24 -- characters of letters and digits: as keys have them

-- ---- completion ------------------------------------------------------------

local function fields_below(prefix)
  local names = {}
  for _, row in ipairs(core.fields()) do
    local name = row.path:sub(1, #prefix) == prefix and
                 row.path:sub(#prefix + 1)
    if name and name ~= "" and not name:find(".", 1, true) then
      names[#names + 1] = name
    end
  end
  return names
end

-- Lua code without what is in its strings and comments, but for a string that
-- has not ended: the code before it, and the text in it so far.
local function outside_strings(code)
  local parts, at = {}, 1
  while true do
    local from = code:find("[\"'%-%[]", at)
    if not from then
      parts[#parts + 1] = code:sub(at)
      return table.concat(parts), nil
    end
    parts[#parts + 1] = code:sub(at, from - 1)
    local mark = code:sub(from, from)
    local level = code:match("^%[(=*)%[", from)
    if code:find("^%-%-", from) then
      at = code:find("\n", from, true) or #code + 1
    elseif mark == "-" or mark == "[" and not level then
      parts[#parts + 1], at = mark, from + 1
    else
      local last
      if level then
        last = select(2, code:find("]" .. level .. "]", from, true))
      else
        local ends = from + 1
        while ends <= #code and code:sub(ends, ends) ~= mark do
          ends = ends + (code:sub(ends, ends) == "\\" and 2 or 1)
        end
        last = ends <= #code and ends
      end
      if not last then
        return table.concat(parts), code:sub(from + 1)
      end
      parts[#parts + 1], at = '""', last + 1
    end
  end
end

-- The names before the braces that are open at the end of code; false for a
-- brace without one.
local function open_tables(code)
  local stack = {}
  for before, mark in code:gmatch("([^{}]*)([{}])") do
    if mark == "{" then
      stack[#stack + 1] = before:match("([%a_][%w_]*)%s*=%s*$") or false
    else
      stack[#stack] = nil
    end
  end
  return stack
end

-- What the paths of the fields begin with that a table constructor may have:
-- "" for the order's own; nil where it is a list of texts.
local function prefix_of(stack)
  local rows = {}
  for _, row in ipairs(core.fields()) do
    rows[row.path] = row
  end
  for first = 1, #stack do
    local path, row = "", nil
    for i = first, #stack do
      if not stack[i] then
        path = row and row.items == "object" and path .. "[]" or nil
      else
        path = (path == "" and "" or path .. ".") .. stack[i]
        row = rows[path]
        path = row and path
      end
      if not path then
        break
      end
    end
    if path and row then
      return (row.type == "object" or path:find("%[%]$")) and path .. "."
             or nil
    end
  end
  return ""
end

local function kind_of(value)
  local meta = type(value) == "table" and getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return type(name) == "string" and name:match("^certcentral%.(%l+)$")
end

-- The names that may follow an object and a separator.
local function members_of(value, mark)
  local names, kind = {}, kind_of(value)
  for _, row in ipairs(functions.list) do
    names[#names + 1] = kind and row.name:match("^" .. kind .. ":(.+)$") or nil
  end
  if type(value) == "table" and mark == "." then
    for name in next, value do
      names[#names + 1] = type(name) == "string" and name or nil
    end
  end
  return names
end

-- The value that `a.b.c` names, without calling anything.
local function value_of(chain, env)
  local value = env
  for name in chain:gmatch("[^.:]+") do
    if value ~= env and type(value) ~= "table" then
      return nil
    end
    local ok, member = pcall(function() return value[name] end)
    value = ok and member or nil
  end
  return value
end

local function expression(word, env)
  local chain, mark, start = word:match("^(.-)([.:])([%w_]*)$")
  if not chain then
    local names = {}
    for name in next, env do
      names[#names + 1] = type(name) == "string" and name or nil
    end
    return names, "", word
  end
  local names = members_of(value_of(chain, env), mark)
  if chain == "certcentral" then
    names[#names + 1] = "csr" -- which is loaded when it is first used
  end
  return names, chain .. mark, start
end

-- Names of fields and functions, for help's argument.
local function topics()
  local names = {}
  for _, row in ipairs(core.fields()) do
    names[#names + 1] = row.path
  end
  for _, row in ipairs(functions.list) do
    names[#names + 1] = row.name
  end
  return names
end

local function choose(names, before, start, tail)
  local found, seen = {}, {}
  for _, name in ipairs(names) do
    if name:sub(1, #start) == start and not seen[name] and
       (start:find("^_") or not name:find("^_")) then
      seen[name] = true
      found[#found + 1] = before .. name .. tail
    end
  end
  table.sort(found)
  return found
end

--- What the last word of a text may become.
-- @param text Lua code up to the cursor
-- @param word its end that is to be completed
-- @param env the table of the globals
-- @return list of words in place of that one, sorted
function repl.complete(text, word, env)
  local code, inside = outside_strings(text)
  if inside then
    local asks = code:find("help%s*%(?%s*$")
    return asks and choose(topics(), inside:sub(1, #inside - #word),
                           inside, "") or {}
  end
  local stack = open_tables(code)
  local is_name = word:find("^[%w_]*$") and
                  code:sub(1, #code - #word):find("[{,;]%s*$")
  if #stack > 0 and is_name then
    local prefix = prefix_of(stack)
    return prefix and choose(fields_below(prefix), "", word, " = ") or {}
  end
  local names, before, start = expression(word, env)
  return choose(names, before, start, "")
end

-- ---- history ---------------------------------------------------------------

-- Letters and digits in one piece that is as long as a key.
local function has_token(text)
  for token in text:gmatch("[%w+/_-]+") do
    if #token >= KEY_LENGTH and token:find("%d") and token:find("%a") then
      return true
    end
  end
  return false
end

--- Whether a line may be kept: it has no key, no card and nothing that is
-- called so.
function repl.may_keep(line)
  if secrets.hide(line) ~= line or has_token(line) then
    return false
  end
  for name in line:gmatch("[%a_][%w_]*") do
    if secrets.is_name(name) then
      return false
    end
  end
  return line:find("%S") ~= nil
end

local function history_file()
  local store = require("certcentral.store").file()
  return store and store.dir, store and store.dir .. "/history"
end

local function read_history(path)
  local lines, file = {}, path and io.open(path, "rb")
  if file then
    for line in file:lines() do
      lines[#lines + 1] = line
    end
    file:close()
  end
  return lines
end

-- ---- buying twice ----------------------------------------------------------

local function fingerprint(certcentral, order, options)
  if type(order) ~= "table" then
    return nil
  end
  local product = type(options) == "table" and options.product or nil
  local ok, body = pcall(certcentral.encode, order,
    { check_csr = false, allow_unknown = true, product = product })
  return ok and body and require("certcentral.x509").sha256(
    tostring(product) .. body) or nil
end

-- place_order that asks before an equal order goes out again.
local function asking(certcentral, placed, ask, place)
  return function(order, options)
    local key = fingerprint(certcentral, order, options)
    local known = key and placed[key]
    if known and not ask(("An equal order was %s in this session. Placing it "
      .. "again buys a second certificate.\nType yes to place it: ")
      :format(known)) then
      return nil, require("certcentral.error").of_order(
        require("certcentral.error").new("refused", "the order was not "
          .. "placed again"))
    end
    local result, info = place(order, options)
    if key and result then
      placed[key] = ("placed as order %s"):format(tostring(result.id))
    elseif key and type(info) == "table" and info.outcome == "unknown" then
      placed[key] = "sent, with an outcome that is not known,"
    end
    return result, info
  end
end

--- The module as the prompt has it: a second place_order of an equal order
-- asks first.
-- @param ask a function from a question to whether the answer is yes
function repl.wrap(certcentral, ask)
  local wrapped, placed, names = {}, {}, {}
  for name, value in pairs(certcentral) do
    wrapped[name] = value
    names[#names + 1] = type(value) == "function" and name ~= "assert" and
                        name or nil
  end
  wrapped.place_order = asking(certcentral, placed, ask,
                               certcentral.place_order)
  function wrapped.new(options)
    local client, err = certcentral.new(options)
    if client then
      local place = client.place_order
      local meta = getmetatable(client)
      local f = function(self, ...)
        return asking(certcentral, placed, ask, function(order, more)
          return place(self, order, more)
        end)(...)
      end
      client.place_order = calls.method(meta, "client", "place_order", f)
    end
    return client, err
  end
  calls.functions(wrapped, "certcentral", names)
  return setmetatable(wrapped, getmetatable(certcentral))
end

-- ---- running ---------------------------------------------------------------

local function is_incomplete(message)
  return type(message) == "string" and message:find("<eof>'?$") ~= nil
end

-- A chunk as a function; or nil, why, whether more lines may make it one.
local function compile(text)
  local load = rawget(_G, "loadstring") or load -- Lua 5.1's name
  local f, of_value = load("return " .. text, "=stdin")
  local message
  if not f then
    f, message = load(text, "=stdin")
  end
  return f, message, is_incomplete(of_value) or is_incomplete(message)
end

--- Reads whole chunks and prints what they return.
-- @param terminal read(prompt) -> a line or nil, write(text), and kept(line)
--   for lines of the history
function repl.loop(terminal)
  local show = require "certcentral.show"
  local lines = {}
  local function report(ok, ...)
    local parts = {}
    for i = 1, select("#", ...) do
      parts[i] = show((select(i, ...)))
    end
    if #parts > 0 then
      terminal.write(table.concat(parts, "\n") .. "\n")
    end
    return ok
  end
  while true do
    local line = terminal.read(#lines == 0 and "> " or ">> ")
    if not line then
      return
    end
    lines[#lines + 1] = line
    local text = table.concat(lines, "\n")
    local f, message, goes_on = compile((text:gsub("^%s*=", "")))
    if f or not goes_on then
      for _, kept in ipairs(repl.may_keep(text) and lines or {}) do
        terminal.kept(kept)
      end
      lines = {}
      terminal.pending = ""
      if f then
        report(pcall(f))
      else
        report(false, message)
      end
    else
      terminal.pending = text .. "\n"
    end
  end
end

local function plain_terminal()
  return {
    pending = "",
    read = function(prompt)
      io.write(prompt)
      io.flush()
      return io.read("*l")
    end,
    write = function(text) io.write(text) end,
    kept = function() end,
  }
end

-- Of lua-readline the editing and the completion; the history's file is ours,
-- as nothing must be in it that has not been looked at.
local function readline_terminal(readline, env)
  local terminal = plain_terminal()
  local dir, path = history_file()
  readline.set_options { histfile = "/dev/null", auto_add = false,
                         completion = true }
  local known = read_history(path)
  for i = math.max(1, #known - HISTORY_LINES + 1), #known do
    readline.add_history(known[i])
  end
  readline.set_complete_function(function(text, from, to)
    readline.set_completion_append_character("") -- readline forgets it
    return repl.complete(terminal.pending .. text:sub(1, to),
                         text:sub(from, to), env)
  end)
  terminal.read = readline.readline
  function terminal.kept(line)
    readline.add_history(line)
    if path and core.directory(dir) then
      core.append(path, line .. "\n")
    end
  end
  return terminal
end

--- The prompt on standard input and output.
function repl.run()
  local env = _G
  local ok, readline = pcall(require, "readline")
  local terminal = ok and core.is_terminal(0) and
                   readline_terminal(readline, env) or plain_terminal()
  local certcentral = require "certcentral"
  env.certcentral = repl.wrap(certcentral, function(question)
    io.write(question)
    io.flush()
    return (io.read("*l") or ""):find("^%s*yes%s*$") ~= nil
  end)
  env.help = certcentral.help
  terminal.write(certcentral._VERSION .. "   help() lists the fields, "
    .. "help \"functions\" the functions" ..
    (ok and "" or "; Tab and history need lua-readline") .. "\n")
  repl.loop(terminal)
end

return repl

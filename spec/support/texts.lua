--- The texts of the sources: string literals with words in them, as they were
-- put together there, and where.

local texts = {}

-- Files whose texts are no messages: documentation and what prints it, names
-- of domains, what the service of the tests says.
local NOT = { "/test/", "/sandbox/", "embed%.lua", "/manual", "meta%.lua",
              "functions%.lua", "client%.lua", "endpoints%.lua", "help%.lua",
              "repl%.lua", "show%.lua", "registries%.c" }

local function is_left_out(path)
  for _, pattern in ipairs(NOT) do
    if path:find(pattern) then
      return true
    end
  end
  return false
end

local function unescaped(c)
  return c == "n" and "\n" or c
end

-- Where a literal that begins at `from` ends: at its closing quote, or at the
-- end of the line.
local function literal_end(source, from)
  local quote, at = source:sub(from, from), from
  repeat
    at = source:find("[\\\n" .. quote .. "]", at + 1) or #source + 1
    local found = source:sub(at, at)
    at = found == "\\" and at + 1 or at
  until found ~= "\\"
  return at
end

-- What comes next that is not code: a comment or a literal.
local BEGINS = { c = "[\"'/]", lua = "[\"'%-]" }
local COMMENT = { c = "^/%*.-%*/()", lua = "^%-%-[^\n]*()" }
-- What may be between two literals of one text: in C also PRId64 and the like.
local JOIN = { c = "^%s*(%w*)%s*()\"", lua = "^%s*%.(%.)%s*()\"" }

-- A text from its first literal on, and what comes after it.
local function joined(source, from, join)
  local parts, after = {}, from
  while from do
    local macro
    local last = literal_end(source, from)
    parts[#parts + 1] = source:sub(from + 1, last - 1):gsub("\\(.)", unescaped)
    after = last + 1
    macro, from = source:match(join, after)
    parts[#parts + 1] = macro and macro:match("^PRI(%a)") or ""
  end
  return table.concat(parts), after
end

local function add(list, path, source)
  local kind = path:find("%.lua$") and "lua" or "c"
  local at = source:find(BEGINS[kind])
  while at do
    local text
    local begin = source:sub(at, at)
    if begin == '"' then
      text, at = joined(source, at, JOIN[kind])
      if text:find("%l[,:)]? [%l%%(]") then
        list[#list + 1] = { text = text, path = path }
      end
    elseif begin == "'" then
      at = literal_end(source, at) + 1
    else
      at = source:match(COMMENT[kind], at) or at + 1
    end
    at = source:find(BEGINS[kind], at)
  end
end

--- The texts of the files below csrc and lua.
function texts.all()
  local list = {}
  local files = assert(io.popen(
    "find csrc lua -name '*.[ch]' -o -name '*.lua' | sort"))
  for path in files:lines() do
    if not is_left_out(path) then
      local file = assert(io.open(path))
      add(list, path, file:read "*a")
      file:close()
    end
  end
  files:close()
  return list
end

-- A text's parts between what is put into it.
local function parts_of(text)
  local list = {}
  text = text:gsub("%%$", ""):gsub("%%%%", "\1")
             :gsub("%%[%-%.%d*]*[hlzjt]*%a", "\0") .. "\0"
  for part in text:gmatch("([^%z]*)%z") do
    if part ~= "" then
      list[#list + 1] = (part:gsub("\1", "%%"))
    end
  end
  return list
end

-- Whether a message has these parts in their order.
local function is_in(parts, message)
  local at = 1
  for _, part in ipairs(parts) do
    local _, last = message:find(part, at, true)
    if not last then
      return false
    end
    at = last + 1
  end
  return true
end

-- All specs and their cases, but for the list of what is not reached.
local function specs()
  local list = {}
  local files = assert(io.popen(
    "find spec -name '*.lua' -not -path spec/cases/messages.lua"))
  for path in files:lines() do
    local file = assert(io.open(path))
    list[#list + 1] = file:read "*a":gsub('"%s*%.%.%s*"', "")
    file:close()
  end
  files:close()
  return table.concat(list, "\n")
end

local function longest(parts)
  local best = ""
  for _, part in ipairs(parts) do
    best = #part > #best and part or best
  end
  return best
end

local function is_in_one(parts, messages)
  for _, message in ipairs(messages) do
    if is_in(parts, message) then
      return true
    end
  end
  return false
end

--- The texts that are in none of the messages and in no spec.
function texts.unheard(list, messages)
  local unheard, asserted = {}, specs()
  for _, text in ipairs(list) do
    local parts = parts_of(text.text)
    if not is_in_one(parts, messages) and
       not asserted:find(longest(parts), 1, true) then
      unheard[#unheard + 1] = text
    end
  end
  return unheard
end

return texts

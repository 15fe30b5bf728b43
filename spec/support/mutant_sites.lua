-- Where a program can be changed, for spec/mutants.lua: its operators,
-- constants, conditions and calls outside comments and texts.

local sites = {}

-- ---- what is code ----------------------------------------------------------

local function blank(text)
  return (text:gsub("[^\n]", " "))
end

local function quoted(text, from)
  local quote, at = text:sub(from, from), from + 1
  while at <= #text and text:sub(at, at) ~= quote do
    at = at + (text:sub(at, at) == "\\" and 2 or 1)
  end
  return at
end

local function to_end_of_line(text, from)
  return select(2, text:find("[^\n]*", from + 1))
end

local function past(pattern)
  return function(text, from)
    return select(2, text:find(pattern, from + 2)) or #text
  end
end

-- How a language's comments and texts begin, and where they end. A line of the
-- preprocessor is as a comment.
local C = {
  { "^/%*", past "%*/" }, { "^//", to_end_of_line }, { '^"', quoted },
  { "^'", quoted }, { "^\n%s*#", to_end_of_line },
}
local LUA = {
  { "^%-%-%[%[", past "%]%]" }, { "^%-%-", to_end_of_line }, { '^"', quoted },
  { "^'", quoted }, { "^%[%[", past "%]%]" },
}

local function end_of_blank(text, at, rules)
  for _, rule in ipairs(rules) do
    if text:find(rule[1], at) then
      return rule[2](text, at)
    end
  end
end

-- The text with its comments and texts blank.
local function code_of(text, rules)
  local parts, at = {}, 1
  while at <= #text do
    local last = end_of_blank(text, at, rules)
    parts[#parts + 1] = last and blank(text:sub(at, last)) or text:sub(at, at)
    at = (last or at) + 1
  end
  return table.concat(parts)
end

-- ---- changes ---------------------------------------------------------------

-- Longest first; those that are changed into nothing here are passed over.
local OPERATORS = {
  "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "..", "::", "//", "*=",
  "/=", "|=", "&=", "+=", "-=", "<=", ">=", "==", "!=", "~=", "&&", "||", "<",
  ">", "+", "-", "!",
}
local TO = {
  ["<="] = "<", [">="] = ">", ["<"] = "<=", [">"] = ">=", ["=="] = "!=",
  ["!="] = "==", ["~="] = "==", ["&&"] = "||", ["||"] = "&&", ["+"] = "-",
  ["-"] = "+", ["+="] = "-=", ["-="] = "+=", ["!"] = "",
}
local WORDS = { ["and"] = "or", ["or"] = "and", ["not"] = "",
                ["true"] = "false", ["false"] = "true" }
local NO_CALLS = { ["return"] = true, ["if"] = true, ["while"] = true,
                   ["for"] = true, ["switch"] = true, ["require"] = true,
                   ["function"] = true, ["elseif"] = true, ["until"] = true }

local function operator_at(code, at)
  for _, operator in ipairs(OPERATORS) do
    if code:sub(at, at + #operator - 1) == operator then
      return operator
    end
  end
end

-- Whether a plus or minus stands between two values.
local function is_binary(code, at)
  return code:sub(1, at - 1):find("[%w_%)%]]%s*$") ~= nil
end

local function add(self, from, to, with)
  self[#self + 1] = { path = self.path, from = from, to = to, with = with,
                      before = self.text:sub(from, to),
                      code = self.text:sub(1, to):match("[^\n]*$")
                             .. self.text:match("^[^\n]*", to + 1) }
end

local function add_operator(self, code, at)
  local operator = operator_at(code, at)
  local to = operator and TO[operator]
  if to == "!=" and self.is_lua then
    to = "~="
  end
  local is_sign = operator == "+" or operator == "-"
  if to and not (is_sign and not is_binary(code, at)) then
    add(self, at, at + #operator - 1, to)
  end
  return operator and #operator or 1
end

local function add_word(self, code, at)
  local word = code:match("^[%w_%.]+", at)
  local to = WORDS[word]
  if word:find("^%d+$") and #word < 10 then
    to = ("%d"):format(word + 1)
  end
  if to and (self.is_lua or word ~= "not" and word ~= "and") then
    add(self, at, at + #word - 1, to)
  end
  return #word
end

-- Calls that are a line of their own.
local function add_calls(self, code)
  local at = 1
  for line in code:gmatch("([^\n]*)\n") do
    local first, name = line:match("^%s+()([%a_][%w_%.:]*)%b();?%s*$")
    if name and not NO_CALLS[name] then
      add(self, at + first - 1, at + #line - 1, "")
    end
    at = at + #line + 1
  end
end

--- The changes of a file.
-- @return list of {path, from, to, with, before, code}
function sites.of(text, path)
  local self = { path = path, text = text, is_lua = path:find("%.lua$") ~= nil }
  local code = code_of("\n" .. text, self.is_lua and LUA or C):sub(2)
  local at = 1
  while at <= #code do
    if code:find("^[%w_]", at) then
      at = at + add_word(self, code, at)
    else
      at = at + add_operator(self, code, at)
    end
  end
  add_calls(self, code)
  return self
end

--- The text of a file with a change.
function sites.apply(text, site)
  return text:sub(1, site.from - 1) .. site.with .. text:sub(site.to + 1)
end

--- A change in words, which outlast other changes of the file.
function sites.describe(site)
  local code = site.code:gsub("^%s+", ""):gsub("%s+$", "")
  return ("%s: %s => %s: %s"):format(site.path, site.before,
    site.with == "" and "nothing" or site.with, code)
end

return sites

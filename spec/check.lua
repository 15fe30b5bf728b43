-- Checks of `make check` that no linter does: the tables against themselves
-- and against each other (support/complete.lua), what is generated against its
-- source, the version in its places, who sees whom (check_rooms.lua), the
-- length of lines.
-- With the argument "write" it brings the generated parts up to date.

local certcentral = require "certcentral"
local complete = require "support.complete"
local endpoints = require "certcentral.account.endpoints"
local functions = require "certcentral.functions"
local holes = require "reference.holes"
local luacats = require "reference.luacats"
local markdown = require "reference.markdown"
local rooms = require "check_rooms"

local function read(name)
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- What is generated: a file, and what it should be.
local function generated()
  return {
    ["lua/REFERENCE.md"] = markdown.write(read "lua/REFERENCE.md"),
    ["lua/certcentral/meta.lua"] = luacats(),
  }
end

local failed = 0

local function expect(good, message)
  if not good then
    failed = failed + 1
    print("check: " .. message)
  end
end

-- The rows against themselves.
local function check_rows()
  local rows, types = {}, { object = true, array = true, string = true,
                            integer = true, boolean = true }
  for row in certcentral.fields() do
    local parent = row.path:match("^(.*)%.[^.]+$")
    expect(not rows[row.path], row.path .. " stands twice")
    expect(types[row.type], row.path .. " has no type")
    expect(not parent or rows[(parent:gsub("%[%]$", ""))],
           row.path .. " stands before its object")
    expect(row.help:find("%.$"), row.path .. " has no help")
    expect(row.type == "object" or row.items == "object" or
           row.example ~= nil, row.path .. " has no example")
    expect(not row.min or not row.max or row.min <= row.max,
           row.path .. " has no possible value")
    if row.choices and type(row.example) == "string" then
      local found = false
      for _, choice in ipairs(row.choices) do
        found = found or choice == row.example
      end
      expect(found, row.path .. " has an example that is no choice")
    end
    rows[row.path] = row
  end
end

-- A field's name stands in the form and nowhere else in the C code. What a
-- CSR is read into and made from is no order, nor is an answer: their members
-- are named where they are read.
local function check_names()
  local files = io.popen("ls csrc/core/*.c csrc/core/*.h "
    .. "csrc/binding/*.c | grep -v '^csrc/binding/lcc_[ac][ns][rs]'")
  for name in files:lines() do
    local text = read(name):gsub("/%*.-%*/", "")
    for _, field in ipairs { "common_name", "dns_names", "order_validity",
                             "credit_card", "metadata_id" } do
      expect(not text:find('"' .. field .. '"', 1, true),
             name .. " knows the field " .. field)
    end
  end
  files:close()
end

local function check_version()
  local version = certcentral._VERSION:match("[%d.]+$")
  expect(read("CHANGELOG.md"):find("## [" .. version .. "] - ", 1, true),
         "CHANGELOG.md has no dated part for " .. version)
end

local function check_rooms()
  local function say(message)
    expect(false, message)
  end
  rooms.check_c("csrc", say)
  rooms.check_lua("lua", say)
end

local COLUMNS = 80

-- Their long lines are data, as they come out, or generated.
local LONG = { ["spec/deps.sh"] = true,
               ["spec/account/endpoints_spec.lua"] = true,
               ["lua/certcentral/meta.lua"] = true }

local function check_lines()
  local files = io.popen("find csrc lua spec examples -name '*.[ch]' "
    .. "-o -name '*.def' -o -name '*.lua' -o -name '*.sh' -o -name '*.mk' "
    .. "| LC_ALL=C sort")
  for name in files:lines() do
    local number = 0
    for line in io.lines(name) do
      number = number + 1
      local _, characters = line:gsub("[^\128-\191]", "")
      expect(characters <= COLUMNS or LONG[name],
             ("%s:%d has %d columns"):format(name, number, characters))
    end
  end
  files:close()
end

-- What one table has, the others have as well.
local function check_complete()
  for _, list in ipairs {
    complete.reference(functions.list),
    complete.cases(functions.list, require "cases.endpoints",
                   require "cases.elsewhere",
                   require("support.specs").text),
    complete.misuse(endpoints.list),
    complete.routes(endpoints.list,
                    require("certcentral.sandbox.routes").rows),
    complete.fields(certcentral.fields(), require("support.oracle").form,
                    require("certcentral.sandbox.checks").ORDER),
    complete.faults(require("certcentral.sandbox.faults").kinds(),
                    require "support.fault_cases"),
  } do
    for _, hole in ipairs(list) do
      expect(false, hole)
    end
  end
end

if arg[1] == "write" then
  for name, text in pairs(generated()) do
    local file = assert(io.open(name, "wb"))
    file:write(text)
    file:close()
  end
  return
end

check_rows()
check_names()
check_version()
check_rooms()
check_lines()
check_complete()
for _, hole in ipairs(holes(read)) do
  expect(false, hole)
end
for name, text in pairs(failed == 0 and generated() or {}) do
  expect(read(name) == text, name .. " is not up to date: make reference")
end
print(failed > 0 and failed .. " failed"
      or "tables, names, version, rooms, lines, reference: in order")
os.exit(failed == 0)

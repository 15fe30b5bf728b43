-- Reports what a run of the tests reached.
--
--   coverage.lua C.JSON LINES LISTED
--
-- C.JSON is gcovr's, LINES what count_lines.lua has noted. LISTED has what is
-- not reached, with the reasons: "= REASON", then the lines that it is the
-- reason of, each as "FILE: TEXT" or, where only a branch is not taken,
-- "FILE? TEXT". Each stands for one line of that text; "FILE: *" for the whole
-- file.
--
-- Ends with 1 below a goal, or where something that is not reached has no
-- reason. Branches count in the core, where they are decisions of ours.

local json = require "cjson"

-- part, least of 100 lines, least of 100 branches
local PARTS = {
  { "csrc/core/", 95, 85 }, { "csrc/x509/", 90 }, { "csrc/transport/", 90 },
  { "csrc/binding/", 90 }, { "lua/", 95 },
}

local function trim(text)
  return text:match("^%s*(.-)%s*$")
end

local function texts_of(name)
  local texts = {}
  for line in io.lines(name) do
    texts[#texts + 1] = trim(line)
  end
  return texts
end

-- ---- what there is: lists of {file, line, text, mark, count, branches,
-- taken}; mark is "" where it is reached, ":" where not, "?" where in part

local function c_lines(path)
  local file = assert(io.open(path))
  local report = json.decode(file:read("*a"))
  file:close()
  local list = {}
  for _, source in ipairs(report.files) do
    local texts = texts_of(source.file)
    for _, line in ipairs(source.lines) do
      if not line["gcovr/noncode"] then
        local branches, taken = #(line.branches or {}), 0
        for _, branch in ipairs(line.branches or {}) do
          taken = taken + (branch.count > 0 and 1 or 0)
        end
        list[#list + 1] = {
          file = source.file, line = line.line_number,
          text = texts[line.line_number], branches = branches, taken = taken,
          mark = line.count == 0 and ":" or taken < branches
            and source.file:find("^csrc/core/") and "?" or "",
        }
      end
    end
  end
  return list
end

-- Lines that have code: luac's listing names one for each instruction. The
-- return at the end of a function, and `end` or brackets alone, are no code of
-- anybody's.
local function add_lua(list, name, hits)
  local texts, seen = texts_of(name), {}
  local listing = assert(io.popen("luac5.4 -l -l -p " .. name))
  for text in listing:lines() do
    local line, operation = text:match("^%s+%d+%s+%[(%d+)%]%s+(%u+)")
    line = operation ~= "VARARGPREP" and tonumber(line)
    if line and not seen[line] and not texts[line]:find("^end[%s,)}]*$")
       and not texts[line]:find("^[)}]+,?$") then
      seen[line] = true
      list[#list + 1] = { file = name, line = line, text = texts[line],
                          branches = 0, taken = 0,
                          mark = hits[name .. ":" .. line] and "" or ":" }
    end
  end
  listing:close()
end

local function lua_lines(path)
  local hits, list = {}, {}
  for line in io.lines(path) do
    hits[line] = true
  end
  local files = assert(io.popen("find lua -name '*.lua' | sort"))
  for name in files:lines() do
    add_lua(list, name, hits)
  end
  files:close()
  return list
end

-- ---- the reasons: "FILE: TEXT" -> how many lines

local function listed(path)
  local left = {}
  for line in io.lines(path) do
    if not line:find("^[=#]") and line ~= "" then
      left[line] = (left[line] or 0) + 1
    end
  end
  return left
end

-- ---- together -------------------------------------------------------------

local all = c_lines(arg[1])
for _, item in ipairs(lua_lines(arg[2])) do
  all[#all + 1] = item
end
table.sort(all, function(a, b)
  if a.file ~= b.file then
    return a.file < b.file
  end
  return a.line < b.line
end)

local left, failed = listed(arg[3]), false
for _, item in ipairs(all) do
  local key = item.file .. item.mark .. " " .. item.text
  if item.mark ~= "" then
    local whole = item.file .. ": *"
    if left[whole] then
      left[whole] = 0
    elseif (left[key] or 0) > 0 then
      left[key] = left[key] - 1
    else
      print(("no reason: %s   (line %d)"):format(key, item.line))
      failed = true
    end
  end
end
local reached = {}
for key, count in pairs(left) do
  if count > 0 then
    reached[#reached + 1] = key
  end
end
table.sort(reached)
for _, key in ipairs(reached) do
  print("reached, but listed: " .. key)
end

local function percent(some, of)
  return of > 0 and 100 * some / of or 100
end

for _, part in ipairs(PARTS) do
  local lines, hit, branches, taken = 0, 0, 0, 0
  for _, item in ipairs(all) do
    if item.file:sub(1, #part[1]) == part[1] then
      lines, hit = lines + 1, hit + (item.mark ~= ":" and 1 or 0)
      branches, taken = branches + item.branches, taken + item.taken
    end
  end
  print(("%-16s %5.1f %% of %d lines%s"):format(part[1], percent(hit, lines),
    lines, branches > 0 and (", %.1f %% of %d branches"):format(
      percent(taken, branches), branches) or ""))
  failed = failed or lines == 0 or percent(hit, lines) < part[2]
    or percent(taken, branches) < (part[3] or 0)
end
os.exit(not failed)

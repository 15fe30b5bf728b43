-- Tests that bite: changes one operator, constant or call at a time, builds,
-- and runs the tests that speak of that file. A change that no test finds is a
-- hole, unless spec/mutants.txt has it with the reason why it changes nothing.
--
--   mutants.lua [COUNT [SEED [JOBS]]]
--
-- The last line counts the changes that were found as passed, those that were
-- not as failed, those of spec/mutants.txt as skipped.

local random = require "support.random"
local sites = require "support.mutant_sites"
local specs = require "support.specs"

local COUNT = tonumber(arg[1] or 40)
local SEED = tonumber(arg[2] or 20261125)
local JOBS = tonumber(arg[3] or 2)
local SECONDS = 60 -- a program that takes longer hangs: the change is found

-- Which files, the C programs and the specs that speak of them, the quick ones
-- first: the first that fails ends it. The first row that fits a file is its
-- own.
local TABLE = {
  { "^csrc/core/json%.c$", "test_core test_core_order test_core_memory",
    "encode oracle" },
  { "^csrc/core/rules.*%.c$", "test_core_check test_core_order "
    .. "test_core_memory",
    "rules csr_names validate preflight oracle" },
  { "^csrc/core/csr_names%.c$", "test_core_check", "csr_names validate" },
  { "^csrc/core/[nps][aucn][mna].*%.c$", "test_core test_names",
    "formats csr_names validate" },
  { "^csrc/core/.*%.c$", "test_core test_core_check test_core_order test_names "
    .. "test_core_views test_core_memory",
    "help defaults echo rules csr_names date validate form encode formats "
    .. "oracle unknown bad_input" },
  { "^csrc/x509/chain%.c$", "test_chain", "chain_graphs certificate" },
  { "^csrc/x509/.*%.c$", "test_csr_generate test_csr test_chain",
    "x509 csr_names csr_inspect save certificate csr csr_generate" },
  { "^lua/certcentral/client/response%.lua$", "", "outcome client failures "
    .. "response recovery" },
  { "^lua/certcentral/client/options%.lua$", "", "options client "
    .. "api_key_file" },
  { "^lua/certcentral/client/http_date%.lua$", "", "http_date rate" },
  { "^lua/certcentral/client/reissues%.lua$", "", "ensure_reissue reissue "
    .. "reissue_faults" },
  { "^lua/certcentral/client/.*%.lua$", "", "events recover outcome client "
    .. "policy failures lookup claims simulation place_order unknown "
    .. "recovery" },
  { "^lua/certcentral/journal.*%.lua$", "", "journal journal_damage recover" },
  { "^lua/certcentral/budget.*%.lua$", "", "budget budget_shared rate" },
  { "^lua/certcentral/many/.*%.lua$", "", "place_orders queue fork "
    .. "interruption queue_https" },
  { "^lua/certcentral/account/renew%.lua$", "", "renew" },
  { "^lua/certcentral/account/advice%.lua$", "", "renew" },
  { "^lua/certcentral/account/term%.lua$", "", "term renew" },
  { "^lua/certcentral/account/wait%.lua$", "", "wait" },
}

-- ---- the shell -------------------------------------------------------------

local function shell(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read("*a")
  local ok = pipe:close()
  return ok, text
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function row_of(path)
  for _, row in ipairs(TABLE) do
    if path:find(row[1]) then
      return row
    end
  end
end

-- ---- choosing --------------------------------------------------------------

-- The changes in the order of a draw by SEED.
local function draw()
  local all, chance = {}, random.new(SEED)
  local _, files = shell("git ls-files csrc lua")
  for path in files:gmatch("[^\n]+") do
    if row_of(path) then
      for _, site in ipairs(sites.of(read(path), path)) do
        all[#all + 1] = site
      end
    end
  end
  for i = #all, 2, -1 do
    local j = chance(i)
    all[i], all[j] = all[j], all[i]
  end
  return all
end

-- ---- one change ------------------------------------------------------------

local BUILD = "make -s ABIS=lua5.4 all test-programs >build/log 2>&1"
-- The tree's own Lua files, not those of the tree that this runs from.
local SUITE = "cd %s && export work=$PWD/build "
  .. "LUA_PATH=\"$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/spec/?.lua;;\" && "
  .. "timeout %d sh spec/run.sh --suite %s 2>&1 | grep -q ' 0 failed'"

-- The first suite of a row that fails in a tree, or nil.
local function failing(dir, row)
  local suites = {}
  for name in row[2]:gmatch("%S+") do
    suites[#suites + 1] = "program " .. name
  end
  for name in row[3]:gmatch("%S+") do
    suites[#suites + 1] = "specs lua5.4 " .. specs.path(name)
  end
  for _, suite in ipairs(suites) do
    if not shell(SUITE, dir, SECONDS, suite) then
      return suite
    end
  end
end

-- What finds the change of a tree: a suite's name; nil for nothing; or false
-- where it does not build.
local function finder(dir, path)
  if path:find("%.c$") and not shell("cd %s && %s", dir, BUILD) then
    return false
  end
  return failing(dir, row_of(path))
end

local function try(dir, site)
  local path = dir .. "/" .. site.path
  local whole = read(path)
  write(path, sites.apply(whole, site))
  local found = finder(dir, site.path)
  write(path, whole)
  return found
end

-- ---- all of them -----------------------------------------------------------

-- Works on every JOBS-th change in a copy of the tree, and prints a line for
-- each: how it ended, and the change.
local function work(number)
  local _, dir = shell("d=$(mktemp -d) && git ls-files -z "
    .. "| xargs -0 cp --parents -t $d && cd $d && mkdir build && %s "
    .. "&& echo $d", BUILD)
  dir = assert(dir:match("^[^\n]+"), "the tree does not build")
  for i = number, #TABLE, JOBS do -- else they find what is no change
    local suite = failing(dir, TABLE[i])
    assert(not suite, suite)
  end
  local all, done = draw(), 0
  for i = number, #all, JOBS do
    if done >= math.floor((COUNT + JOBS - number) / JOBS) then
      break
    end
    local found = try(dir, all[i])
    if found ~= false then
      done = done + 1
      print(("%s\t%s\t%s"):format(found and "found" or "MISSED",
        found or "-", sites.describe(all[i])))
      io.stdout:flush()
    end
  end
  shell("rm -rf %s", dir)
end

-- The changes of spec/mutants.txt: every other line is one.
local function known()
  local list = {}
  for line in read("spec/mutants.txt"):gmatch("[^\n]+") do
    if not line:find("^#") and not line:find("^%s") then
      list[line] = true
    end
  end
  return list
end

local function run()
  local workers, equal = {}, known()
  local passed, failed, skipped = 0, 0, 0
  for number = 1, JOBS do
    workers[number] = assert(io.popen(("lua5.4 spec/mutants.lua %d %d %d %d")
                                      :format(COUNT, SEED, JOBS, number)))
  end
  for _, pipe in ipairs(workers) do
    for line in pipe:lines() do
      local ended, by, change = line:match("^(%S+)\t([^\t]+)\t(.*)$")
      if ended == "found" then
        passed = passed + 1
      elseif equal[change] then
        skipped = skipped + 1
      else
        failed = failed + 1
        print("not found: " .. change)
      end
      assert(by, line)
    end
    pipe:close()
  end
  print(("%d passed, %d failed, %d skipped"):format(passed, failed, skipped))
  os.exit(failed == 0 and passed > 0)
end

if arg[4] then
  work(tonumber(arg[4]))
else
  run()
end

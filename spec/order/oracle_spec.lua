-- Random orders, judged by the code and by a second reading of the page
-- (spec/support/oracle*.lua). They must agree on every one.
--
-- ORACLE_COUNT and ORACLE_SEED ask for more orders, or others: make fuzz-lua.

local certcentral = require "certcentral"
local cjson = require "cjson"
local dump = require "support.dump"
local oracle = require "support.oracle_rules"
local orders = require "support.orders"
local random_orders = require "support.random_orders"

local COUNT = tonumber(os.getenv("ORACLE_COUNT") or 2000)
local SEED = tonumber(os.getenv("ORACLE_SEED") or 20261124)

oracle.null = certcentral.null

-- What the two say differently of a list of problems, as lines.
local function compare_problems(said, list, problems, also, may)
  local told = {}
  for _, problem in ipairs(list) do
    local entry = problem.path .. " " .. problem.code
    local codes = problems[problem.path]
    if not may[entry] and not (codes and codes[problem.code]) then
      said[#said + 1] = "only the code: " .. entry
    end
    told[problem.path], told[entry] = true, true
  end
  for path, codes in pairs(problems) do
    if not told[path] then
      said[#said + 1] = ("only the oracle: %s %s"):format(path, next(codes))
    end
  end
  for entry in pairs(also) do
    if not told[entry] then
      said[#said + 1] = "only the oracle, strictly: " .. entry
    end
  end
end

local function compare_warnings(said, list, warnings)
  local told = {}
  for _, warning in ipairs(list) do
    local entry = warning.path .. " " .. warning.code
    told[entry] = true
    if not warnings[entry] then
      said[#said + 1] = "only the code warns: " .. entry
    end
  end
  for entry in pairs(warnings) do
    if not told[entry] then
      said[#said + 1] = "only the oracle warns: " .. entry
    end
  end
end

-- A CSR's PEM in lines of 64 characters; what is none, with LF for its line
-- ends.
local function canonical(pem)
  local text = pem:gsub("^%s+", ""):gsub("%s+$", "")
  local first, body, last =
    text:match("^(%-+BEGIN [%u ]+%-%-%-%-%-)([%w+/=%s]+)(%-+END [%u ]+%-+)$")
  if not first then
    return (text:gsub("\r\n?", "\n"))
  end
  body = body:gsub("%s+", "")
  return first .. "\n" .. body:gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
    .. "\n" .. last
end

-- A value as it must come out of the JSON: null is absent, flags are
-- numbers, the CSR has nothing around it and LF behind its lines.
local function expected(field, value)
  if field and field.kind == "flag" and type(value) == "boolean" then
    return value and 1 or 0
  elseif field and field.csr then
    return canonical(value)
  elseif field and field.kind == "cvv" then
    return tonumber(value)
  elseif type(value) ~= "table" then
    return value
  end
  local result, fields = {}, {}
  for _, entry in ipairs(field and field.fields or {}) do
    fields[entry[1]] = entry[2]
  end
  for key, member in next, value do
    if member ~= certcentral.null then
      result[key] = expected(field and field.of or fields[key], member)
    end
  end
  return result
end

local reader = cjson.new()

local function compare_json(said, order, options)
  local body = assert(certcentral.encode(order, options))
  if dump(reader.decode(body)) ~= dump(expected(oracle.form, order)) then
    said[#said + 1] = "the body is not the order: " .. body
  end
end

-- Lines that tell where code and oracle disagree.
local function disagreements(order, options)
  local said, before = {}, dump(order)
  local problems, warnings, also, may = oracle.judge(order, options)
  local ok, found = certcentral.validate(order, options)
  compare_problems(said, ok and {} or found.problems, problems, also,
                   may)
  compare_warnings(said, ok and found or found.warnings, warnings)
  if ok then
    compare_json(said, order, options)
  end
  if dump(order) ~= before then
    said[#said + 1] = "the order was changed"
  end
  return said, ok
end

local function case_text(order, options)
  return ("return {\n  order = %s,\n  options = %s,\n}"):format(dump(order),
                                                                 dump(options))
end

local function expect_agreement(order, options, what)
  local said, ok = disagreements(order, options)
  if said[1] then
    error(("%s: %s\n%s"):format(what, table.concat(said, "\n"),
                                case_text(order, options)), 0)
  end
  return ok
end

describe("the oracle", function()
  it("agrees on random orders, some of them right", function()
    local source = random_orders.new(SEED)
    local right = 0
    for i = 1, COUNT do
      local options = source:options()
      if expect_agreement(source:order(options.now), options,
                          ("order %d of seed %d"):format(i, SEED)) then
        right = right + 1
      end
    end
    assert.is_true(right > COUNT / 50 and right < COUNT * 0.9,
                   ("%d of %d orders are right"):format(right, COUNT))
  end)

  it("knows the same products", function()
    for _, name in ipairs(require "certcentral.order.product_names") do
      expect_agreement(orders.minimal(), orders.options {
        product = name, check_csr = false }, name)
    end
  end)

  local files = assert(io.popen("ls spec/cases/oracle/*.lua 2>/dev/null"))
  for name in files:lines() do
    it("agrees on " .. name, function()
      local case = dofile(name)
      expect_agreement(case.order, case.options, name)
    end)
  end
  files:close()

  it("gives the same orders for the same seed", function()
    assert.are.equal(dump(random_orders.new(7):order(0)),
                     dump(random_orders.new(7):order(0)))
    assert.are_not.equal(dump(random_orders.new(7):order(0)),
                         dump(random_orders.new(8):order(0)))
  end)
end)

-- Completeness: what one table has, the others have as well. Each check takes
-- the tables and returns what is missing, as a list of sentences.

local complete = {}

--- Every public function: what it takes, what it returns, and a sentence.
-- @param functions list of rows as functions.list
function complete.reference(functions)
  local holes = {}
  for _, row in ipairs(functions) do
    if type(row.arguments) ~= "string" then
      holes[#holes + 1] = row.name .. " does not say what it takes"
    end
    if type(row.returns) ~= "string" then
      holes[#holes + 1] = row.name .. " does not say what it returns"
    end
    if type(row.help) ~= "string" or not row.help:find("^%u[^\n]*%.$") then
      holes[#holes + 1] = row.name .. " has no sentence"
    end
  end
  return holes
end

-- What is wrong with the spec that is to have a function's cases, or nil.
local function no_case(name, spec, read)
  local text = spec and read(spec)
  if not spec then
    return "has no case in spec/cases/endpoints.lua, and none is named in "
           .. "spec/cases/elsewhere.lua"
  elseif not text then
    return ("is to have its cases in %s_spec, which is not there"):format(spec)
  elseif not text:find("[:.\"]" .. name:match("[^.:]+$") .. "%f[^%w_]") then
    return ("is to have its cases in %s_spec, which does not mention it")
           :format(spec)
  end
end

--- Every public function: a case.
-- @param cases those of the client's methods, each with its name first
-- @param elsewhere name -> the spec that has its cases
-- @param read a function from a spec's name to its text, or nil
function complete.cases(functions, cases, elsewhere, read)
  local holes, known, there = {}, {}, {}
  for _, case in ipairs(cases) do
    known["client:" .. case.name:match("^[%w_]+")] = true
  end
  for _, row in ipairs(functions) do
    there[row.name] = true
    local problem = not known[row.name] and
                    no_case(row.name, elsewhere[row.name], read)
    holes[#holes + 1] = problem and row.name .. " " .. problem or nil
  end
  for name in pairs(elsewhere) do
    if not there[name] then
      holes[#holes + 1] = "spec/cases/elsewhere.lua names " .. name
                          .. ", which is not a function"
    end
  end
  table.sort(holes)
  return holes
end

--- Every method that takes an id: the misuse cases of endpoints_spec, which
-- tries those whose row says what the id is of.
-- @param endpoints list of rows as in account/endpoints.lua
function complete.misuse(endpoints)
  local holes = {}
  for _, row in ipairs(endpoints) do
    if row.arguments:find("^id%f[^%w_]") and not row.id then
      holes[#holes + 1] = ("client:%s takes an id, and its row does not say "
                           .. "of what"):format(row.name)
    end
  end
  return holes
end

-- "GET /order/:": the same for "{order}" and ":id".
local function shape_of(method, path)
  return method .. " " .. path:gsub("{%l+}", ":"):gsub(":%l+", ":")
end

--- Every endpoint: a route of the sandbox.
-- @param routes list of {method, path}
function complete.routes(endpoints, routes)
  local holes, there = {}, {}
  for _, route in ipairs(routes) do
    there[shape_of(route[1], route[2])] = true
  end
  for _, row in ipairs(endpoints) do
    if row.path and not there[shape_of(row.method, row.path)] then
      holes[#holes + 1] = ("client:%s has no route in the sandbox: %s %s")
                          :format(row.name, row.method, row.path)
    end
  end
  return holes
end

-- The row of a name among those of the oracle or of the sandbox's checks.
local function find(rows, name)
  for _, row in ipairs(rows or {}) do
    if row[1] == name then
      return row
    end
  end
end

local function in_oracle(form, path)
  for name, mark in path:gmatch("([^.%[]+)([^.]*)") do
    local entry = find(form and form.fields, name)
    if not entry then
      return false
    end
    form = mark == "" and entry[2] or entry[2].of
  end
  return true
end

local function in_checks(rows, path)
  for name, mark in path:gmatch("([^.%[]+)([^.]*)") do
    local row = find(rows, name)
    if not row then
      return false
    end
    rows = (mark == "" and row or row.of or {}).fields
  end
  return true
end

--- Every field of an order: a row in the oracle and in the sandbox's checks.
-- @param fields an iterator as certcentral.fields()
-- @param form the oracle's
-- @param rows the sandbox's
function complete.fields(fields, form, rows)
  local holes = {}
  for row in fields do
    if not in_oracle(form, row.path) then
      holes[#holes + 1] = row.path .. " is not in spec/support/oracle.lua"
    end
    if not in_checks(rows, row.path) then
      holes[#holes + 1] = row.path .. " is not in the sandbox's checks"
    end
  end
  return holes
end

--- Every kind of fault: a case in support/fault_cases.lua.
-- @param kinds their names, in a text
function complete.faults(kinds, cases)
  local holes, there = {}, {}
  for _, case in ipairs(cases) do
    for _, fault in ipairs(case.faults) do
      there[fault.kind] = true
    end
  end
  for kind in kinds:gmatch("[%w_]+") do
    if not there[kind] then
      holes[#holes + 1] = ("the fault %s has no case"):format(kind)
    end
  end
  return holes
end

return complete

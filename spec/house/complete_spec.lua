-- The checks of support/complete.lua: each finds what is taken out of the
-- real tables, and nothing in them as they are.

local certcentral = require "certcentral"
local cases = require "cases.endpoints"
local checks = require "certcentral.sandbox.checks"
local complete = require "support.complete"
local elsewhere = require "cases.elsewhere"
local endpoints = require "certcentral.account.endpoints"
local fault_cases = require "support.fault_cases"
local faults = require "certcentral.sandbox.faults"
local functions = require "certcentral.functions"
local oracle = require "support.oracle"
local routes = require "certcentral.sandbox.routes"
local specs = require "support.specs"

local read = specs.text

-- A list with one more item.
local function with(list, item)
  local copy = {}
  for i, one in ipairs(list) do
    copy[i] = one
  end
  copy[#copy + 1] = item
  return copy
end

-- The items of a list that are good.
local function only(list, is_good)
  local copy = {}
  for _, item in ipairs(list) do
    copy[#copy + 1] = is_good(item) and item or nil
  end
  return copy
end

-- An iterator as certcentral.fields(), over rows of these paths.
local function fields(...)
  local paths, i = { ... }, 0
  return function()
    i = i + 1
    return paths[i] and { path = paths[i] }
  end
end

describe("a public function", function()
  it("has a text for help", function()
    assert.are.same({}, complete.reference(functions.list))
    assert.are.same({ "client:x does not say what it takes",
      "client:x does not say what it returns", "client:x has no sentence" },
      complete.reference { { name = "client:x" } })
    assert.are.same({ "client:x has no sentence" }, complete.reference {
      { name = "client:x", arguments = "", returns = "", help = "Does x" } })
  end)

  local new = { name = "client:order_notes" }

  it("has a case", function()
    assert.are.same({},
                    complete.cases(functions.list, cases, elsewhere, read))
    assert.are.same({ "client:order_notes has no case in spec/cases/"
      .. "endpoints.lua, and none is named in spec/cases/elsewhere.lua" },
      complete.cases(with(functions.list, new), cases, elsewhere, read))
    assert.are.same({ "client:me has no case in spec/cases/endpoints.lua, "
      .. "and none is named in spec/cases/elsewhere.lua" },
      complete.cases(functions.list, only(cases, function(case)
        return case.name ~= "me"
      end), elsewhere, read))
  end)

  it("has it in a spec that is there and mentions it", function()
    local function holes(spec)
      return complete.cases({ new }, {}, { [new.name] = spec }, read)
    end
    assert.are.same({ "client:order_notes is to have its cases in "
      .. "nowhere_spec, which is not there" }, holes "nowhere")
    assert.are.same({ "client:order_notes is to have its cases in "
      .. "save_spec, which does not mention it" }, holes "save")
    local function text(said)
      return complete.cases({ new }, {}, { [new.name] = "x" },
                            function() return said end)
    end
    assert.are.same({}, text "client:order_notes(5)")
    assert.are.same({}, text '"order_notes"')
    assert.are.equal(1, #text "client:order_notes_of(5)")
    assert.are.equal(1, #text "my_order_notes(5)")
  end)

  it("is one where a spec is named for it", function()
    assert.are.same({ "spec/cases/elsewhere.lua names client:gone, which is "
      .. "not a function" },
      complete.cases({}, {}, { ["client:gone"] = "save" }, read))
  end)
end)

describe("an endpoint", function()
  it("says what its id is of", function()
    assert.are.same({}, complete.misuse(endpoints.list))
    assert.are.same({ "client:x takes an id, and its row does not say of "
      .. "what" }, complete.misuse { { name = "x", arguments = "id" },
      { name = "y", arguments = "id", id = "order" },
      { name = "z", arguments = "ids" } })
  end)

  it("has a route in the sandbox", function()
    assert.are.same({}, complete.routes(endpoints.list, routes.rows))
    assert.are.same({ "client:order_notes has no route in the sandbox: GET "
      .. "/order/certificate/{order}/note" }, complete.routes({ {
        name = "order_notes", method = "GET",
        path = "/order/certificate/{order}/note" } }, routes.rows))
    assert.are.same({ "client:cancel has no route in the sandbox: PUT "
      .. "/order/certificate/{order}/status" },
      complete.routes(endpoints.list, only(routes.rows, function(row)
        return row[1] ~= "PUT" or not row[2]:find("certificate/:id/status")
      end)))
  end)

  it("is not hidden by a route that takes anything there", function()
    assert.are.same({ "client:status_changes has no route in the sandbox: "
      .. "GET /order/certificate/status-changes" },
      complete.routes(endpoints.list, only(routes.rows, function(row)
        return row[2] ~= "/order/certificate/status-changes"
      end)))
  end)
end)

describe("a field", function()
  local function holes(...)
    return complete.fields(fields(...), oracle.form, checks.ORDER)
  end

  it("is in the oracle and in the sandbox's checks", function()
    assert.are.same({}, complete.fields(certcentral.fields(), oracle.form,
                                        checks.ORDER))
    for _, path in ipairs { "color", "certificate.color", "comments.color",
        "organization.contacts[].color", "color.id", "custom_fields[].color",
        "additional_emails[].color" } do
      assert.are.same({ path .. " is not in spec/support/oracle.lua",
                        path .. " is not in the sandbox's checks" },
                      holes(path))
    end
  end)

  it("is in either of them", function()
    assert.are.same({ "comments is not in the sandbox's checks" },
      complete.fields(fields("comments", "locale"), oracle.form,
                      only(checks.ORDER, function(row)
                        return row[1] ~= "comments"
                      end)))
    assert.are.same({ "comments is not in spec/support/oracle.lua" },
      complete.fields(fields("comments", "locale"), { fields =
        only(oracle.form.fields, function(row)
          return row[1] ~= "comments"
        end) }, checks.ORDER))
  end)
end)

describe("a fault", function()
  it("has a case", function()
    assert.are.same({}, complete.faults(faults.kinds(), fault_cases))
    assert.are.same({ "the fault melt has no case" },
                    complete.faults(faults.kinds() .. ", melt", fault_cases))
  end)
end)

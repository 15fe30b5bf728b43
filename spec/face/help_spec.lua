local certcentral = require "certcentral"

local help = certcentral.help

describe("help", function()
  it("lists every field in the page's order", function()
    local text, at = help(), 1
    assert.is_string(text)
    for row in certcentral.fields() do
      local from, to = text:find("\n[*? ] " .. row.path:gsub("%p", "%%%0")
                                 .. " +%l", at)
      assert.is_number(from, row.path)
      at = to
    end
  end)

  it("marks what is required in the list", function()
    local text = help()
    for _, line in ipairs {
      "* certificate ", "* certificate.csr ", "* organization ",
      "? organization.id ", "? credit_card ", "* credit_card.number ",
      "  comments ", "  certificate.dns_names ",
    } do
      assert.is_truthy(text:find("\n" .. line, 1, true), line)
    end
  end)

  it("fits a terminal", function()
    for line in help():gmatch("[^\n]+") do
      assert.is_true(#line <= 79, line)
    end
  end)

  it("tells of each field what its row says", function()
    for row in certcentral.fields() do
      local text = help(row.path)
      assert.are.equal(row.path, text:match("^%S+"))
      assert.is_truthy(text:find(row.required, 1, true), row.path)
      assert.is_truthy(text:find(row.help, 1, true), row.path)
      assert.is_truthy(text:find(row.items or row.type, 1, true), row.path)
      for _, choice in ipairs(row.choices or {}) do
        assert.is_truthy(text:find(tostring(choice), 1, true), row.path)
      end
      for _, name in ipairs { "min", "max", "default", "format" } do
        local value = row[name]
        if value ~= nil then
          assert.is_truthy(text:find(tostring(value), 1, true), row.path)
        end
      end
      if row.type ~= "array" and row.example ~= nil then
        local example = tostring(row.example):match("[^\n]+")
        assert.is_truthy(text:find(example, 1, true), row.path)
      end
      assert.are.equal(row.deprecated or false,
                       text:find("deprecated", 1, true) ~= nil
                       and row.deprecated or false)
      assert.are.equal(row.secret or false,
                       text:find("secret:", 1, true) ~= nil)
    end
  end)

  it("is the same each time", function()
    assert.are.equal(help(), help())
    assert.are.equal(help("comments"), help("comments"))
  end)

  it("names what stands below an object", function()
    local text = help("order_validity")
    for _, name in ipairs { "years", "days", "custom_expiration_date" } do
      assert.is_truthy(text:find("order_validity." .. name, 1, true))
    end
    text = help("organization")
    assert.is_truthy(text:find("organization.contacts", 1, true))
    assert.is_nil(text:find("organization.contacts[].email", 1, true))
    text = help("organization.contacts")
    assert.is_truthy(text:find("organization.contacts[].email", 1, true))
    assert.is_nil(help("comments"):find("field:", 1, true))
  end)

  -- what a problem's path says, the field
  local paths = {
    { "certificate.dns_names[2]", "certificate.dns_names" },
    { "certificate.dns_names[]", "certificate.dns_names" },
    { "organization.contacts[1].email", "organization.contacts[].email" },
    { "organization.contacts[12]", "organization.contacts" },
    { "custom_fields[3].value", "custom_fields[].value" },
  }
  for _, case in ipairs(paths) do
    it("knows " .. case[1], function()
      assert.are.equal(help(case[2]), help(case[1]))
    end)
  end

  it("finds fields by a part of their names", function()
    local text = help("valid")
    for _, path in ipairs { "order_validity", "order_validity.years",
      "validity_years", "certificate.cert_validity.days" } do
      assert.is_truthy(text:find("\n  " .. path .. "\n", 1, true) or
                       text:find("\n  " .. path .. "$"), path)
    end
    assert.is_nil(text:find("\n  comments", 1, true))
    assert.is_truthy(help("COMMENT"):find("\n  comments", 1, true))
    assert.is_truthy(text:find("no field 'valid'", 1, true))
  end)

  it("says so where nothing is near", function()
    for _, path in ipairs { "zzzz", "", "%", "[", "(", "." , "a b" } do
      local text = help(path)
      assert.is_truthy(text:find("no field '" .. path .. "'", 1, true))
    end
  end)

  local functions = require "certcentral.functions"

  it("knows every function and method, by its full name", function()
    for _, row in ipairs(functions.list) do
      local text = help(row.name)
      assert.is_truthy(text:find(functions.usage(row.name), 1, true), row.name)
      assert.is_truthy(text:find(row.help, 1, true), row.name)
      assert.is_truthy(text:find(row.returns, 1, true), row.name)
      assert.is_nil(text:find("There is no", 1, true))
    end
  end)

  it("knows them by their last name, too", function()
    local text = help("place_order")
    assert.is_truthy(text:find("^certcentral%.place_order%("))
    assert.is_truthy(text:find("\nclient:place_order(", 1, true))
    assert.are.equal(help("client:wait"), help("wait"))
    assert.are.equal(help("client:wait"), help("client:wait(id)"))
    assert.are.equal(help("certcentral.csr.generate"), help("csr.generate"))
  end)

  it("says both of a field and a method of one name", function()
    local text = help("certificate")
    assert.is_truthy(text:find("^certificate %(object, required%)"))
    assert.is_truthy(text:find("\n\nclient:certificate(id", 1, true))
  end)

  it("lists the functions", function()
    local text = help("functions")
    for _, row in ipairs(functions.list) do
      assert.is_truthy(text:find("\n  " .. functions.usage(row.name), 1, true))
    end
    for line in text:gmatch("[^\n]+") do
      assert.is_true(#line <= 79, line)
    end
    assert.is_truthy(help():find('help "functions"', 1, true))
  end)

  local meant = { sans = "certificate.dns_names", place_ordr = "place_order",
                  cn = "certificate.common_name", org_id = "organization.id",
                  ["client:watt"] = "wait" }
  for name, wanted in pairs(meant) do
    it("guesses what was meant by " .. name, function()
      assert.is_truthy(help(name):find(("Did you mean '%s'?"):format(wanted),
                                       1, true), help(name))
    end)
  end

  it("prints nothing of its own", function()
    local written, real = {}, _G.print
    _G.print = function(...)
      written[#written + 1] = { ... }
    end
    help()
    help("comments")
    _G.print = real
    assert.are.same({}, written)
  end)

  for _, value in ipairs { 1, true, {}, print } do
    it("raises for a " .. type(value), function()
      local ok, message = pcall(help, value)
      assert.is_false(ok)
      assert.is_truthy(message:find("bad argument #1 to 'help' (string "
        .. "expected, got " .. type(value) .. ")", 1, true))
    end)
  end
end)

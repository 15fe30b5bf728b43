-- The odd shapes of answers: the sandbox writes them, and the client makes
-- the same of them as of the plain ones.

local box = require "support.box"
local json = require "certcentral.sandbox.json"

-- A box with an issued order, a duplicate, and one that waits.
local function filled()
  local it = box.new()
  it.id = box.issued(it, { alternative_order_id = "x" })
  assert(it.client:duplicate(it.id, { skip_approval = true,
    certificate = box.certificate() }))
  it.waiting = box.place(it, { dcv_method = "dns-txt-token" },
                         { common_name = "www.example.dev" })
  return it
end

local function all_of(iterator)
  local list = {}
  for item, err in iterator do
    list[#list + 1] = item or error(tostring(err))
  end
  return list
end

-- Calls that only read: function(client, it).
local reads = {
  order = function(c, it) return c:order(it.id) end,
  ["order, waiting"] = function(c, it) return c:order(it.waiting.id) end,
  find_orders = function(c) return c:find_orders("x") end,
  ["find_orders, none"] = function(c) return c:find_orders("y") end,
  ["orders, none"] = function(c)
    return all_of(c:orders { status = "revoked" })
  end,
  status_changes = function(c) return c:status_changes { minutes = 1 } end,
  requests = function(c) return c:requests() end,
  ["requests, none"] = function(c)
    return c:requests { status = "rejected" }
  end,
  request = function(c, it)
    return c:request(it.waiting.requests[1].id)
  end,
  certificates = function(c, it) return c:certificates(it.id) end,
  ["certificates, none"] = function(c, it)
    return c:certificates(it.waiting.id)
  end,
  dcv = function(c, it) return c:dcv(it.waiting.id) end,
  organizations = function(c) return c:organizations() end,
  ["organizations, none"] = function(c)
    return c:organizations { container_id = 6 }
  end,
  organization = function(c) return c:organization(123456) end,
  products = function(c) return c:products() end,
  product = function(c) return c:product("ssl_basic") end,
  product_limits = function(c) return c:product_limits(5) end,
  replacement_benefits = function(c)
    return c:replacement_benefits { "example.com" }
  end,
  me = function(c) return c:me() end,
}

local SHAPES = { "string_ids", "empty_as_list", "nothing_as_object",
                 "done_with_body", "validations_key" }

describe("a client reads the same", function()
  for name, read in pairs(reads) do
    it("in every shape: " .. name, function()
      local it = filled()
      local plain = assert((read(it.client, it)))
      for _, shape in ipairs(SHAPES) do
        it.sandbox:set_shapes { [shape] = true }
        assert.are.same(plain, (read(it.client, it)))
      end
    end)
  end

  it("of a list of orders but for the empty organization", function()
    local it = filled()
    local plain = all_of(it.client:orders())
    it.sandbox:set_shapes { string_ids = true }
    assert.are.same(plain, all_of(it.client:orders()))
    it.sandbox:set_shapes { empty_as_list = true }
    assert.are.same({}, all_of(it.client:orders())[2].organization)
    assert.truthy(box.last(it).text:find('"organization":[]', 1, true))
  end)

  it("when it places an order", function()
    local it = box.new { shapes = { string_ids = true,
                                    empty_as_list = true } }
    local result = box.place(it, { dcv_method = "dns-txt-token" },
                             { common_name = "www.example.dev" })
    assert.are.equal("string", type(box.last(it).answer.id))
    assert.are.equal("number", type(result.id))
    assert.are.equal("number", type(result.requests[1].id))
    assert.are.equal("number", type(result.domains[1].id))
    local id = box.issued(it)
    assert.are.equal("issued", it.client:wait(id).status)
  end)

  it("when it changes something", function()
    local it = box.new { shapes = { done_with_body = true,
      empty_as_list = true, string_ids = true, validations_key = true } }
    local client = it.client
    local one, two = box.place(it), box.place(it)
    assert.is_true(client:approve(one.requests[1].id))
    assert.are.equal(200, box.last(it).status)
    assert.are.equal("[]", box.last(it).text)
    assert.is_true(client:reject(two.requests[1].id))
    assert.is_true(client:revoke_order(one.id, { skip_approval = true }))
    assert.is_true(client:deactivate_organization(1))
    local open = box.place(it, { skip_approval = true },
                           { common_name = "www.example.dev" }).id
    assert.is_true(client:resend_dcv_email(open))
    assert.are.same({}, client:change_dcv_method(open, "email"))
    local checked = client:check_dcv(open)
    assert.is_nil(box.last(it).answer.dns_name_validations)
    assert.are.equal("pending", checked.dns_name_validations[1].status)
    assert.is_nil(checked.dns_names_validations)
    assert.is_true(client:cancel(open))
  end)

  it("of domains by name and dns_name", function()
    for _, key in ipairs { "name", "dns_name" } do
      local it = box.new { domain_key = key }
      local result = box.place(it, { dcv_method = "dns-txt-token" },
                               { common_name = "www.example.dev" })
      assert.are.equal("example.dev", box.last(it).answer.domains[1][key])
      assert.are.equal("example.dev", result.domains[1].name)
      assert.are.equal("example.dev",
        it.client:dcv_records(result, { method = "dns-txt-token" })[1].name)
    end
  end)
end)

describe("a shape", function()
  -- {shape, path, what the text holds then and else}
  local cases = {
    { "string_ids", "/user/me", '"account_id":"2000"', '"account_id":2000' },
    { "string_ids", "/organization/1", '"parent_id":0', '"parent_id":0' },
    { "string_ids", "/product/ssl_basic", '"id":-1', '"id":-1' },
    { "nothing_as_object", "/order/alternate/none", "{}", '"orders":[]' },
    { "nothing_as_object", "/request?status=rejected", "{}",
      '"requests":[]' },
    { "empty_as_list", "/order/certificate/status-changes?minutes=1", "[]",
      "{}" },
  }
  for _, case in ipairs(cases) do
    it(("is written: %s of %s"):format(case[1], case[2]), function()
      local it = box.new()
      assert.truthy(box.send(it, "GET", case[2]).body:find(case[4], 1, true))
      it.sandbox:set_shapes { [case[1]] = true }
      assert.truthy(box.send(it, "GET", case[2]).body:find(case[3], 1, true))
      it.sandbox:set_shapes { [case[1]] = false }
      assert.truthy(box.send(it, "GET", case[2]).body:find(case[4], 1, true))
    end)
  end

  it("of errors is none", function()
    local it = box.new { shapes = { string_ids = true } }
    local response = box.send(it, "GET", "/order/certificate/7")
    assert.are.equal("not_found|order", response.json.errors[1].code)
  end)

  it("turns chains around", function()
    local it = box.new()
    local id, order = box.issued(it)
    local path = ("/certificate/%d/chain"):format(order.certificate.id)
    local plain = box.send(it, "GET", path).json.intermediates
    it.sandbox:set_shapes { reversed_chains = true }
    local turned = box.send(it, "GET", path).json.intermediates
    assert.is_true(json.is_array(turned))
    for i = 1, 3 do
      assert.are.same(plain[i], turned[4 - i])
    end
    local answer = assert(it.client:duplicate(id, { skip_approval = true,
      certificate = box.certificate() }))
    assert.are.equal("example.com",
                     answer.certificate_chain[3].subject_common_name)
  end)
end)

-- The prompt: what Tab offers, what the history keeps, what is printed, and
-- that an order is not bought twice by Up and Enter.

local certcentral = require "certcentral"
local functions = require "certcentral.functions"
local orders = require "support.orders"
local repl = require "certcentral.repl"
local support = require "support.client"

local CARD = "4111111111111111"

describe("completion", function()
  local client = support.new(function() end)
  local env = { certcentral = certcentral, client = client, help = true,
                queue = client:queue(), print = print, _VERSION = "x",
                order = { certificate = { common_name = "x" } } }

  -- text with the word to complete after the bar; what is offered
  local cases = {
    { "|certc", { "certcentral" } },
    { "|pri", { "print" } },
    { "x = |cl", { "client" } },
    { "|certcentral.pl", { "certcentral.place_order" } },
    { "|certcentral.cs", { "certcentral.csr" } },
    { "|certcentral._", { "certcentral._VERSION" } },
    { "print(|client:place", { "client:place_order", "client:place_orders" } },
    { "|client:ren", { "client:renew", "client:renewal_advice" } },
    { "|queue:ad", { "queue:add" } },
    { "|order.cert", { "order.certificate" } },
    { "|order.certificate.c", { "order.certificate.common_name" } },
    { "|nothing.here", {} }, { "|print.x", {} },
    -- fields of the form
    { "help '|certificate.cert_validity.d", {
        "certificate.cert_validity.days" } },
    { 'certcentral.help "|skip_a', { "skip_approval" } },
    { 'help("|client:wai', { "client:wait" } },
    { 'help("|organization.contacts[].em', {
        "organization.contacts[].email" } },
    { "order = { certificate = { |com", { "common_name = " } },
    { "order = { certificate = { common_name = 'x', |dn", {
        "dns_names = " } },
    { "order = {\n  certificate = {\n    |signature", {
        "signature_hash = " } },
    { "order = { |skip_a", { "skip_approval = " } },
    { "client:place_order { |organization_c", {
        "organization_contact = " } },
    { "o = { certificate = { csr = x }, |comm", { "comments = " } },
    { "o = { certificate = { cert_validity = { |da", { "days = " } },
    { "certificate = { |com", { "common_name = " } },
    { "organization = { contacts = { { |last", { "last_name = " } },
    { "o = { custom_fields = { { |val", { "value = " } },
    { "o = { certificate = { dns_names = { |com", {} },
    { "o = { certificate = { csr = |pri", { "print" } },
    { "o = { comments = '{ certificate = {', |skip_a", {
        "skip_approval = " } },
    { "o = { -- certificate = {\n |skip_a", { "skip_approval = " } },
    { "o = { comments = [[ { ]], |skip_a", { "skip_approval = " } },
    { "o = { comments = 'it\\'s {', |skip_a", { "skip_approval = " } },
    { "x = 'cert|com", {} }, { "x = [[ |com", {} },
  }
  for _, case in ipairs(cases) do
    it(("of %s"):format(case[1]:gsub("%c", " ")), function()
      local before, word = case[1]:match("^(.*)|(.*)$")
      assert.are.same(case[2], repl.complete(before .. word, word, env))
    end)
  end

  it("offers every field of an object, and every method", function()
    local found = repl.complete("certificate = { ", "", env)
    assert.are.equal(9, #found)
    local count = 0
    for _, row in ipairs(functions.list) do
      count = count + (row.name:find("^client:") and 1 or 0)
    end
    assert.are.equal(count, #repl.complete("client:", "client:", env))
  end)

  it("calls nothing, and hides no error", function()
    local trap = setmetatable({}, { __index = function() error("asked") end })
    assert.are.same({}, repl.complete("trap.x.y", "trap.x.y",
                                      { trap = trap }))
  end)
end)

describe("the history", function()
  local kept = {
    "client:place_order(order)", "x = 1", "help 'certificate.csr'",
    "order.certificate.dns_names = { 'a.example.com', 'b.example.com' }",
    "for i = 1, 10 do print(i) end", "client:order(1000001)",
  }
  for _, line in ipairs(kept) do
    it("keeps " .. line, function()
      assert.is_true(repl.may_keep(line))
    end)
  end

  local dropped = {
    "", "   ",
    "order.credit_card = { number = '" .. CARD .. "' }",
    "x = '" .. CARD .. "'", "x = '4111 1111 1111 1111'", "x = " .. CARD,
    "cvv = 123", "order.credit_card.cvv = x", "card = { cvc = 123 }",
    "c = certcentral.new { api_key = 'abc' }", "apiKey = f()",
    "key = 'ABCDEF0123456789ABCDEF0123456789'",
    "c.request.headers['X-DC-DEVKEY'] = 'x'",
    "x = [[-----BEGIN PRIVATE KEY-----", "passphrase = 'x'",
    "MC4CAQAwBQYDK2VwBCIEIHVtZ2hqZ2",
  }
  for _, line in ipairs(dropped) do
    it("does not keep " .. line, function()
      assert.is_false(repl.may_keep(line))
    end)
  end

  it("does not keep the key of the environment", function()
    support.with_env({ CERTCENTRAL_API_KEY = support.KEY }, function()
      assert.is_false(repl.may_keep("x = '" .. support.KEY .. "'"))
    end)
  end)
end)

-- Runs lines; returns what was written and what was kept.
local function run(lines)
  local written, kept, prompts, i = {}, {}, {}, 0
  repl.loop({
    read = function(prompt)
      prompts[#prompts + 1] = prompt
      i = i + 1
      return lines[i]
    end,
    write = function(text) written[#written + 1] = text end,
    kept = function(line) kept[#kept + 1] = line end,
  })
  return table.concat(written), kept, prompts
end

describe("the loop", function()
  local cases = {
    { { "1 + 1" }, "2\n" }, { { "= 1 + 1" }, "2\n" },
    { { "{ b = 1, id = 2 }" }, "{ id = 2, b = 1 }\n" },
    { { "1, nil, 'x'" }, "1\nnil\nx\n" },
    { { "do end" }, "" },
    { { "for i = 1, 2 do", "end", "'done'" }, "done\n" },
    { { "{", "a = 1", "}" }, "{ a = 1 }\n" },
    { { "{ cvv = 123 }" }, "{ cvv = [hidden] }\n" },
    { { "error('no', 0)", "2" }, "no\n2\n" },
    { { "error({ code = 1 })" }, "{ code = 1 }\n" },
  }
  for _, case in ipairs(cases) do
    it("prints what this is: " .. table.concat(case[1], " "), function()
      assert.are.equal(case[2], (run(case[1])))
    end)
  end

  it("says what is no Lua, and goes on", function()
    local text = run { "x x", "7" }
    assert.is_truthy(text:find("^stdin:1:.*\n7\n$"), text)
  end)

  it("keeps a chunk whole or not at all", function()
    local _, kept, prompts = run { "x = {", "cvv = 1", "}", "y = {", "}" }
    assert.are.same({ "y = {", "}" }, kept)
    assert.are.same({ "> ", ">> ", ">> ", "> ", ">> ", "> " }, prompts)
  end)
end)

describe("an order that is placed again", function()
  local function session(answers, status)
    local asked, transport, requests = {}, support.recorder(status)
    local wrapped = repl.wrap(certcentral, function(question)
      asked[#asked + 1] = question
      return table.remove(answers, 1) or false
    end)
    local client = wrapped.new { api_key = support.KEY,
                                 transport = support.world(transport) }
    return client, requests, asked, wrapped
  end

  local function again(answers, change, status)
    local client, requests, asked = session(answers, status)
    client:place_order(orders.minimal(), orders.options())
    local sent, order = #requests, orders.minimal()
    if change then
      change(order)
    end
    local result, err = client:place_order(order, orders.options())
    return result, err, #requests - sent, asked
  end

  it("is not sent unless the answer is yes", function()
    local result, err, sent, asked = again {}
    assert.is_nil(result)
    assert.are.equal("refused", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal(0, sent)
    assert.are.equal(1, #asked)
    assert.is_truthy(asked[1]:find("placed as order 542772", 1, true))
  end)

  it("is sent where it is", function()
    local result, _, sent, asked = again { true }
    assert.is_table(result)
    assert.are.equal(1, sent)
    assert.are.equal(1, #asked)
  end)

  it("is another order where anything differs", function()
    local result, _, sent, asked = again({}, function(order)
      order.certificate.common_name = "other.example.com"
    end)
    assert.is_table(result)
    assert.are.equal(1, sent)
    assert.are.equal(0, #asked)
  end)

  it("was none where it was refused", function()
    local _, _, sent, asked = again({}, nil, 400)
    assert.are.equal(1, sent)
    assert.are.equal(0, #asked)
  end)

  it("is asked for from another client, and from the module", function()
    local asked, transport, requests = {}, support.recorder()
    local wrapped = repl.wrap(certcentral, function(question)
      asked[#asked + 1] = question
      return false
    end)
    local options = orders.options { api_key = support.KEY,
                                     transport = support.world(transport) }
    assert.is_table(wrapped.place_order(orders.minimal(), options))
    wrapped.place_order(orders.minimal(), options)
    wrapped.new({ api_key = support.KEY,
                  transport = support.world(transport) })
      :place_order(orders.minimal(), orders.options())
    assert.are.equal(2, #asked)
    assert.are.equal(1, #requests)
  end)

  it("leaves the module as it was", function()
    local before = certcentral.place_order
    local _, _, _, wrapped = session {}
    assert.are.equal(before, certcentral.place_order)
    for name in pairs(certcentral) do
      assert.is_not_nil(wrapped[name], name)
    end
    assert.is_function(wrapped.csr.sha256)
    assert.has_error(function() wrapped:place_order({}) end)
    local client = session {}
    assert.has_error(function() client.place_order({}) end)
  end)
end)

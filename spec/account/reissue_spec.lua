-- The names of reissues and duplicates: those of the order, unless others are
-- asked for and that is said.

local api = require "support.api"
local certcentral = require "certcentral"
local csr = require "support.csr"
local json = require "certcentral.sandbox.json"
local support = require "support.client"

local ORDER = "GET /order/certificate/7"
local NAMES = { "example.com", "www.example.com", "8.8.4.4" }

local function order(certificate)
  return { 200, json.encode { id = 7, status = "issued",
    certificate = certificate or { common_name = "www.example.com",
                                   dns_names = NAMES } } }
end

local function line(method)
  return "POST /order/certificate/7/" .. method
end

-- A client of the order that answers `asked`, and its requests.
local function client_of(asked, more)
  return api.client({ [ORDER] = asked, [line "reissue"] = { 201, '{"id":7}' },
                      [line "duplicate"] = { 201, '{"id":7}' } }, more)
end

local function body_of(certificate)
  local members = { csr = csr.p256, signature_hash = "sha256" }
  for name, value in pairs(certificate or {}) do
    members[name] = value
  end
  return { certificate = members }
end

-- What was sent by a method: common name and other names; and the rest.
local function sent(method, certificate, options, asked)
  local client, requests = client_of(asked or order())
  local given = body_of(certificate)
  local result, info = client[method](client, 7, given, options)
  local last = requests[#requests]
  local names = last and last.line == line(method) and
                json.decode(last.body).certificate
  return names and { names.common_name, names.dns_names }, info, requests,
         result
end

local null = certcentral.null

describe("a duplicate that is refused", function()
  it("says that a reissue may have to come first", function()
    for method, said in pairs { duplicate = true, reissue = false } do
      local client = api.client { [ORDER] = order(),
                                  [line(method)] = { 400, "{}" } }
      local result, err = client[method](client, 7, body_of())
      assert.is_nil(result)
      assert.are.equal("refused", err.kind)
      assert.are.equal(said, err.message:find("; where the validation of a "
        .. "domain has ended, reissue first", 1, true) ~= nil)
    end
  end)
end)

for _, method in ipairs { "reissue", "duplicate" } do
  describe("the names of a " .. method, function()
    local same = { -- what is given, the common name and the others sent
      { "none given", {}, "www.example.com", { "example.com",
                                               "8.8.4.4" } },
      { "null given", { common_name = null, dns_names = null },
        "www.example.com", { "example.com", "8.8.4.4" } },
      { "a common name given", { common_name = "WWW.Example.com" },
        "WWW.Example.com", { "example.com", "8.8.4.4" } },
      { "another of the order's given", { common_name = "example.com" },
        "example.com", { "www.example.com", "8.8.4.4" } },
      { "all given, in any order and case", { common_name = "example.com",
        dns_names = { "8.8.4.4", "Example.COM", "www.EXAMPLE.com" } },
        "example.com", { "8.8.4.4", "Example.COM", "www.EXAMPLE.com" } },
      { "the others given", { dns_names = { "8.8.4.4", "example.com" } },
        "www.example.com", { "8.8.4.4", "example.com" } },
    }
    for _, case in ipairs(same) do
      it("are the order's: " .. case[1], function()
        local names, info, requests = sent(method, case[2])
        assert.are.same({ case[3], case[4] }, names)
        assert.are.same({ ORDER, line(method) }, { requests[1].line,
                                                   requests[2].line })
        assert.are.equal(201, info.status)
      end)
    end

    local other = { -- what is given, what the message says
      { { common_name = "example.com", dns_names = {} },
        "drops www.example.com, 8.8.4.4;" },
      { { dns_names = { "example.com" } }, "drops 8.8.4.4;" },
      { { common_name = "example.org" }, "adds example.org;" },
      { { dns_names = { "example.com", "8.8.4.4", "b.example.com" } },
        "adds b.example.com;" },
      { { common_name = "*.example.com", dns_names = { "8.8.4.4" } },
        "drops www.example.com, example.com and adds *.example.com;" },
    }
    for i, case in ipairs(other) do
      it("differ from the order's: refused, and not sent: " .. i, function()
        local names, err, requests = sent(method, case[1])
        assert.is_nil(names or nil)
        assert.are.equal("invalid", err.kind)
        assert.are.equal(1, #err.problems)
        assert.are.equal("certificate.dns_names", err.problems[1].path)
        assert.are.equal("conflict", err.problems[1].code)
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
        assert.is_truthy(err.message:find("allow_names = true", 1, true))
        assert.are.equal(1, #requests)
      end)

      it("differ from the order's, as is wished: " .. i, function()
        assert.is_table((sent(method, case[1], { allow_names = true })))
        assert.is_falsy((sent(method, case[1], { allow_names = false })))
      end)
    end

    it("need no look where all are given and any are good", function()
      local names, _, requests = sent(method, { common_name = "example.org",
        dns_names = {} }, { allow_names = true })
      assert.are.same({ "example.org", {} }, names)
      assert.are.equal(1, #requests)
      for _, part in ipairs { { common_name = "example.org" },
                              { dns_names = { "example.org" } } } do
        _, _, requests = sent(method, part, { allow_names = true })
        assert.are.equal(2, #requests)
      end
    end)

    local unread = { -- the answer about the order, the error's kind
      { { 403, "{}" }, "denied" }, { { 404, "" }, "refused" },
      { { 429, "" }, "throttled" }, { { 500, "" }, "unavailable" },
      { { 200, "<p>" }, "protocol" }, { { 200, '{"id":8}' }, "protocol" },
      { { 200, '{"id":7}' }, "protocol" },
      { order { common_name = "example.com" }, "protocol" },
      { order { dns_names = NAMES }, "protocol" },
      { { 200, '{"id":7,"certificate":{"common_name":"example.com",'
          .. '"dns_names":[5]}}' }, "protocol" },
    }
    for i, case in ipairs(unread) do
      it("cannot be read: nothing is sent: " .. i, function()
        for _, options in ipairs { {}, { allow_names = true } } do
          local client, requests = client_of(case[1],
                                             { retry = { attempts = 1 } })
          local result, err = client[method](client, 7, body_of(), options)
          assert.is_nil(result)
          assert.are.equal(case[2], err.kind)
          assert.is_nil(err.outcome)
          assert.is_truthy(err.message:find("order 7", 1, true))
          assert.is_truthy(err.message:find("not sent", 1, true), err.message)
          assert.are.equal(1, #requests)
          support.assert_no_secret(err)
        end
      end)
    end

    it("are told a few at a time", function()
      local many = {}
      for i = 1, 12 do
        many[i] = ("n%d.example.com"):format(i)
      end
      local _, err = sent(method, { dns_names = many })
      assert.is_truthy(err.message:find("n10.example.com and 2 more; ", 1,
                                        true), err.message)
    end)

    it("do not change what is given", function()
      local client = client_of(order())
      local given = body_of()
      assert(client[method](client, 7, given))
      assert.are.same(body_of(), given)
    end)

    it("come after all other problems", function()
      local client, requests = client_of(order())
      local _, err = client[method](client, 7, { certificate = {
        csr = csr.p256, signature_hash = "md5", dns_names = { "a_b" } } })
      assert.are.equal(2, #err.problems)
      assert.are.equal(0, #requests)
    end)

    it("need an option that is true or false", function()
      local client, requests = client_of(order())
      for _, options in ipairs { { allow_names = 1 }, { allow_name = true },
                                 5 } do
        assert.has_error(function()
          client[method](client, 7, body_of(), options)
        end)
      end
      assert.are.equal(0, #requests)
    end)
  end)
end

describe("the error of other names", function()
  it("says what follows", function()
    local _, err = sent("reissue", { dns_names = { "example.com" } })
    assert.are.equal("'certificate.dns_names' must have the names of order 7: "
      .. "the reissue drops 8.8.4.4; DigiCert then revokes all earlier "
      .. "certificates of the order, 48 to 72 hours later; give allow_names "
      .. "= true to send it all the same", err.message)
    _, err = sent("reissue", { common_name = "example.org" })
    assert.is_truthy(err.message:find("; added names cost;", 1, true))
    _, err = sent("duplicate", { common_name = "example.org" })
    assert.is_truthy(err.message:find("; a duplicate has the names of its "
      .. "order, and DigiCert refuses others;", 1, true))
  end)
end)

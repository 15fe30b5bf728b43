-- The certificate of an order: its chain in every order, and what is checked.

local api = require "support.api"
local chain = require "support.chain"
local issued = require "support.issued"
local support = require "support.client"

local function client_of(...)
  return api.client(issued.answers(...))
end

local directory
local function run(command)
  local pipe = io.popen(("cd %s && (%s) 2>&1; echo $?"):format(directory,
                                                             command))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(directory .. "/" .. name, "wb"))
  file:write(text)
  file:close()
end

-- Whether openssl finds the way from the leaf to the root.
local function verify(found)
  write("root.pem", found.root or chain.pem.a)
  write("leaf.pem", found.leaf)
  write("chain.pem", found.chain)
  local text = run("openssl verify -no-CApath -no-CAstore "
    .. "-CAfile root.pem " .. (found.chain ~= "" and "-untrusted chain.pem "
    or "") .. "leaf.pem")
  assert.are.equal("leaf.pem: OK\n0\n", text)
end

describe("a chain", function()
  setup(function()
    directory = os.tmpname()
    os.remove(directory)
    assert(os.execute("mkdir -m 700 " .. directory))
  end)
  teardown(function() os.execute("rm -r " .. directory) end)

  local cases = { -- in any order: what is served, the root, the others
    { "li", "li" }, { "lia", "li", "a" }, { "liAb", "liA", "b" },
    { "liAa", "liA", "a" }, { "liaAb", "liA", "b", "a" },
  }
  for _, case in ipairs(cases) do
    local word, served, root, others = case[1], case[2], case[3], case[4]
    it(("of %d is put in order: %s"):format(#word, word), function()
      local orders = chain.orders(word)
      for _, way in ipairs(orders) do
        local found = assert(client_of(chain.text(way)):certificate(7))
        assert.are.equal(chain.pem.l, found.leaf)
        assert.are.equal(chain.text(served:sub(2)), found.chain)
        assert.are.equal(chain.text(served), found.fullchain)
        assert.are.equal(#served - 1, #found.intermediates)
        assert.are.equal(root and chain.pem[root], found.root)
        assert.are.same({ others and chain.pem[others] }, found.others)
      end
      verify(assert(client_of(chain.text(orders[#orders]))
                    :certificate(7)))
    end)
  end

  it("is read with line ends of Windows, and with text around", function()
    local text = "subject=x\n" .. chain.text("ail"):gsub("\n", "\r\n")
                 .. "\r\n\r\n"
    local found = assert(client_of(text):certificate(7))
    assert.are.equal(chain.text "li", found.fullchain)
    assert.are.equal(text, found.body)
  end)

  it("tells what the leaf says", function()
    local client = client_of(chain.text "lia")
    local found = assert(client:certificate("7"))
    assert.are.equal(7, found.order_id)
    assert.are.equal(12, found.certificate_id)
    assert.are.equal("www.example.com", found.common_name)
    assert.are.same({ "www.example.com", "example.com" }, found.dns_names)
    assert.are.same({}, found.ip_addresses)
    assert.are.equal("CN=www.example.com", found.subject)
    assert.are.equal("CN=Issuing CA", found.issuer)
    assert.are.equal(chain.serial(chain.pem.l), found.serial_number)
    assert.are.equal(91 * 86400, found.not_after - found.not_before)
    assert.is_true(found.key_checked)
    assert.are.equal(require("certcentral.csr").inspect(chain.csr "leaf")
                     .sha256, found.key_sha256)
    write("one.pem", found.leaf)
    assert.are.equal("sha1 Fingerprint=" .. found.thumbprint
      :gsub("(..)", "%1:"):sub(1, -2) .. "\n0\n",
      run "openssl x509 -noout -fingerprint -sha1 -in one.pem")
  end)

  it("is read from PKCS#7, in PEM and in DER", function()
    write("all.pem", chain.text "iAlba")
    run("openssl crl2pkcs7 -nocrl -certfile all.pem -out all.p7b; openssl "
        .. "crl2pkcs7 -nocrl -certfile all.pem -outform DER -out all.der")
    for format, name in pairs { p7b = "all.p7b", cer = "all.der" } do
      local bytes = io.open(directory .. "/" .. name, "rb"):read("*a")
      local found = assert(client_of(bytes, nil, format)
                           :certificate(7, { format = format }))
      assert.are.equal(chain.text "liA", found.fullchain)
      assert.are.equal(format, found.format)
    end
  end)
end)

describe("the format", function()
  for _, format in ipairs { "default", "default_pem", "default_cer",
                            "apache" } do
    it(format .. " is handed on as bytes", function()
      local bytes = "PK\3\4\0\255 archive"
      local client, requests = client_of(bytes, nil, format)
      local found = assert(client:certificate(7, { format = format }))
      assert.are.same({ order_id = 7, certificate_id = 12, format = format,
                        body = bytes }, found)
      assert.are.equal("*/*", requests[2].headers.Accept)
      assert.are.equal("application/json", requests[1].headers.Accept)
    end)
  end

  it("of an archive is no other thing", function()
    local client = client_of("<html>", nil, "apache")
    local found, err = client:certificate(7, { format = "apache" })
    assert.is_nil(found)
    assert.are.equal("protocol", err.kind)
    assert.is_truthy(err.message:find("did not come as the archive"))
  end)

  it("may leave out the root, and the intermediates", function()
    local found = assert(client_of(chain.text "il", nil, "pem_noroot")
      :certificate(7, { format = "pem_noroot" }))
    assert.are.equal(chain.text "li", found.fullchain)
    found = assert(client_of(chain.text "l", nil, "pem_nointermediate")
      :certificate(7, { format = "pem_nointermediate" }))
    assert.are.equal("", found.chain)
    assert.is_nil(found.root)
  end)

  local wrong = { "PEM", "pem", "", "../../../order", "zip", 5, false, {} }
  for i, format in ipairs(wrong) do
    it("is checked before anything is sent: " .. i, function()
      local client, requests = client_of("")
      local ok, message = pcall(client.certificate, client, 7,
                                { format = format })
      assert.is_false(ok)
      assert.is_truthy(message:find("bad option 'format' to 'certificate' "
        .. "(one of pem_all, pem_noroot", 1, true))
      assert.are.equal(0, #requests)
    end)
  end

  for i, id in ipairs { "../7", "7/x", -1, 1.5, {}, "" } do
    it("is asked for of an order's id alone: " .. i, function()
      local client, requests = client_of("")
      assert.has_error(function() client:certificate(id) end)
      assert.has_error(function() client:save(id, { chain = "x" }) end)
      assert.are.equal(0, #requests)
    end)
  end
end)

describe("a certificate is refused", function()
  local cases = {
    { "for another serial number", nil, "lia", { serial_number = "0FF1" },
      "is another one: serial number 0FF1 was expected" },
    { "without an ordered name", nil, "lia",
      { dns_names = { "example.com", "a.example.com" } },
      "does not carry what was ordered: 'a.example.com'" },
    { "without the common name", nil, "lia",
      { common_name = "x.example.com" }, "ordered: 'x.example.com'" },
    { "for another public key", nil, "lia", { csr = "other" },
      "is not for the public key of its CSR" },
    { "without its issuer", nil, "la", nil,
      "came without its issuer, 'CN=Issuing CA'" },
    { "without a leaf", nil, "ia", { serial_number = "none", csr = "none",
      common_name = "Issuing CA", dns_names = "none" } , nil },
    { "that is none", "<html>", nil, nil, "cannot be read: there is no" },
    { "that is broken", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END "
      .. "CERTIFICATE-----\n", nil, nil, "a certificate cannot be read" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local more = case[4]
      if more and more.csr == "other" then
        more.csr = chain.csr "stranger"
      end
      local found, err = client_of(case[2] or chain.text(case[3]), more)
        :certificate(7)
      if not case[5] then -- then the CA is what was ordered
        assert.are.equal(chain.pem.i, found.leaf)
        return
      end
      assert.is_nil(found)
      assert.are.equal("protocol", err.kind)
      assert.is_nil(err.outcome)
      assert.is_truthy(err.message:find(case[5], 1, true), err.message)
      assert.is_truthy(err.message:find "^the certificate of order 7 ")
      support.assert_no_secret(err)
    end)
  end
end)

describe("an order's certificate", function()
  it("passes where the order tells little of it", function()
    for _, csr in ipairs { "none", "<csr>", "------ [CSR HERE] ------", "" } do
      local found = assert(client_of(chain.text "lia", { csr = csr,
        serial_number = "none", dns_names = { "" } }):certificate(7))
      assert.is_false(found.key_checked)
    end
  end)

  it("is held against a CSR without its BEGIN line", function()
    local bare = chain.csr("leaf"):gsub("%-%-%-%-%-[^\n]*\n", "")
    local found = assert(client_of(chain.text "lia", { csr = bare })
                         :certificate(7))
    assert.is_true(found.key_checked)
    local other = chain.csr("stranger"):gsub("%-%-%-%-%-[^\n]*\n", "")
    assert.is_nil((client_of(chain.text "lia", { csr = other })
                   :certificate(7)))
  end)

  it("has its serial number written one way or another", function()
    local serial = chain.serial(chain.pem.l)
    for _, written in ipairs { "0" .. serial, "00" .. serial:lower(), "" } do
      assert(client_of(chain.text "lia", { serial_number = written })
             :certificate(7))
    end
  end)

  it("may carry addresses and capital letters", function()
    local pem = chain.leaf { names = { "WWW.example.com", "192.0.2.7" } }
    local client = client_of(pem .. chain.text "ia", { serial_number = "none",
      dns_names = { "192.0.2.7", "www.EXAMPLE.com" } })
    local found = assert(client:certificate(7))
    assert.are.same({ "192.0.2.7" }, found.ip_addresses)
  end)

  local states = {
    { "pending", "unavailable", { id = "none", valid_till = "none" } },
    { "pending", "unavailable", { valid_till = "none" } },
    { "processing", "unavailable", { valid_till = "none" } },
    { "needs_approval", "unavailable", { id = "none" } },
    { "rejected", "refused" }, { "canceled", "refused" },
    { "revoked", "refused" }, { "issued" }, { "expired" },
    { "reissue_pending" }, { "approved" },
  }
  for i, case in ipairs(states) do
    it(("is there or not: %s, %d"):format(case[1], i), function()
      local more = { status = case[1] }
      for name, value in pairs(case[3] or {}) do
        more[name] = value
      end
      local client, requests = client_of(chain.text "lia", more)
      local found, err = client:certificate(7)
      assert.are.equal(case[2], err and err.kind)
      assert.are.equal(case[2] == nil, found ~= nil)
      assert.are.equal(case[2] and 1 or 2, #requests)
      if err then
        assert.are.equal(case[1], err.order_status)
        assert.is_nil(err.outcome)
      end
    end)
  end

  it("is not there where the download fails", function()
    local client = api.client { [issued.ORDER] = { 200, issued.order() } }
    local found, err = client:certificate(7)
    assert.is_nil(found)
    assert.are.equal("refused", err.kind)
    client = client_of("")
    found, err = client:certificate(7)
    assert.is_nil(found)
    assert.are.equal("protocol", err.kind)
  end)
end)

describe("the sandbox's certificate", function()
  local certcentral = require "certcentral"
  local box, client, id

  setup(function()
    box = require("certcentral.sandbox").new()
    client = assert(certcentral.new { api_key = box.api_key,
                                      transport = box.transport })
    id = assert(client:place_order {
      certificate = { common_name = "www.example.com",
        dns_names = { "example.com" }, csr = chain.csr "leaf",
        signature_hash = "sha256" },
      organization = { id = 123456 }, order_validity = { years = 1 },
      skip_approval = true }).id
  end)

  for _, reversed in ipairs { false, true } do
    for _, format in ipairs { "pem_all", "pem_noroot", "pem_nointermediate",
                              "p7b", "cer", "apache", "default" } do
      it(("is had as %s, reversed: %s"):format(format, tostring(reversed)),
         function()
        box:set_shapes { reversed_chains = reversed }
        local found = assert(client:certificate(id, { format = format }))
        if format == "apache" or format == "default" then
          assert.are.equal("PK", found.body:sub(1, 2))
          return
        end
        assert.are.equal("www.example.com", found.common_name)
        assert.is_true(found.key_checked)
        assert.are.equal(format == "pem_nointermediate" and 0 or 1,
                         #found.intermediates)
        assert.are.equal(format == "pem_all" or format == "p7b" or
                         format == "cer", found.root ~= nil)
      end)
    end
  end
end)

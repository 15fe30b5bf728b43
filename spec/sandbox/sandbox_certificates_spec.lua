-- Certificates of the sandbox as they are downloaded: real ones, in every
-- format, judged by the openssl command.

local box = require "support.box"
local support = require "support.sandbox"
local x509 = require "openssl.x509"

local function run(command)
  local pipe = assert(io.popen(command .. " 2>&1; echo \"|$?\""))
  local output, status = pipe:read("*a"):match("^(.*)|(%d+)\n$")
  pipe:close()
  return tonumber(status), output
end

-- Runs f with a directory that holds these files.
local function with_files(files, f)
  local _, dir = run("mktemp -d")
  dir = dir:gsub("%s+$", "")
  for name, text in pairs(files) do
    local file = assert(io.open(dir .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end
  local ok, err = pcall(f, dir)
  run("rm -rf -- '" .. dir .. "'")
  assert(ok, err)
end

local function blocks(text)
  local list = {}
  for pem in text:gmatch("%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-.-%-%-%-%-%-"
    .. "END CERTIFICATE%-%-%-%-%-\r\n") do
    list[#list + 1] = pem
  end
  return list
end

local function get(it, id, format)
  return box.send(it, "GET", ("/certificate/%d/download/format/%s")
    :format(id, format))
end

describe("a downloaded certificate", function()
  for _, kind in ipairs { { type = "EC", curve = "prime256v1" },
                          { type = "RSA", bits = 2048 } } do
    it("is verified by openssl, key " .. kind.type, function()
      local it = box.new()
      local csr, key = support.csr("www.example.com", kind)
      local _, order = box.issued(it, {}, { csr = csr,
        common_name = "*.example.com", dns_names = { "example.com" } })
      local list = blocks(get(it, order.certificate.id, "pem_all").body)
      assert.are.equal(3, #list)
      local leaf = x509.new(list[1])
      assert.are.equal(key:toPEM("public"),
                       leaf:getPublicKey():toPEM("public"))
      local at = "-attime " .. box.NOW + 5
      with_files({ leaf = list[1], ica = list[2], root = list[3] },
        function(dir)
          local verify = ("openssl verify -x509_strict -no-CApath "
            .. "-purpose sslserver -CAfile %s/root "):format(dir)
          local names = { "a.example.com", "example.com", "example.net" }
          for i, name in ipairs(names) do
            local status, output = run(("%s -untrusted %s/ica %s "
              .. "-verify_hostname %s %s/leaf"):format(verify, dir, at, name,
                                                       dir))
            assert.are.equal(i < 3, status == 0, output)
          end
          assert.are_not.equal(0, (run(("%s %s %s/leaf"):format(verify, at,
                                                                dir))))
          assert.are_not.equal(0, (run(("%s -untrusted %s/ica -attime %d "
            .. "%s/leaf"):format(verify, dir, box.NOW + 200 * box.DAY,
                                 dir))))
          local _, text = run(("openssl x509 -noout -subject "
            .. "-nameopt RFC2253 -dates -in "
            .. "%s/leaf"):format(dir))
          assert.truthy(text:find("CN=*.example.com", 1, true), text)
          assert.truthy(text:find("O=Example Company", 1, true), text)
          assert.truthy(text:find("notBefore=Jan  1 00:00:00 2026", 1, true))
          assert.truthy(text:find("notAfter=Jul 19 00:00:00 2026", 1, true))
        end)
    end)
  end

  -- format -> content type, certificates (leaf, ica, root as l, i, r)
  local pem = { pem_all = "lir", pem_nointermediate = "l",
                pem_noroot = "li" }
  for format, wanted in pairs(pem) do
    it("is PEM: " .. format, function()
      local it = box.new()
      local _, order = box.issued(it)
      local response = get(it, order.certificate.id, format)
      assert.are.equal("application/x-pem-file",
                       response.headers["content-type"])
      local list = blocks(response.body)
      assert.are.equal(table.concat(list), response.body)
      assert.are.equal(#wanted, #list)
      assert.are.equal(order.certificate.thumbprint,
                       x509.new(list[1]):digest("sha1", "x"):upper())
      for i = 1, #list - 1 do
        assert.are.equal(tostring(x509.new(list[i]):getIssuer()),
                         tostring(x509.new(list[i + 1]):getSubject()))
      end
    end)
  end

  for format, extension in pairs { cer = ".cer", p7b = ".p7b" } do
    it("is PKCS#7: " .. format, function()
      local it = box.new()
      local _, order = box.issued(it)
      local response = get(it, order.certificate.id, format)
      assert.are.equal("application/x-pkcs7-certificates",
                       response.headers["content-type"])
      assert.truthy(response.headers["content-disposition"]
                    :find("example_com" .. extension, 1, true))
      with_files({ p7 = response.body }, function(dir)
        local status, text = run(("openssl pkcs7 -print_certs -noout -in "
                                  .. "%s/p7"):format(dir))
        assert.are.equal(0, status)
        assert.are.equal(3, select(2, text:gsub("subject=", "")))
      end)
    end)
  end

  local zips = {
    default = "example_com.crt DigiCertCA.crt TrustedRoot.crt",
    default_pem = "example_com.crt DigiCertCA.crt TrustedRoot.crt",
    default_cer = "example_com.cer DigiCertCA.cer TrustedRoot.cer",
    apache = "example_com.crt DigiCertCA.crt",
  }
  for format, names in pairs(zips) do
    it("is a zip: " .. format, function()
      local it = box.new()
      local _, order = box.issued(it)
      local response = get(it, order.certificate.id, format)
      assert.are.equal("application/zip", response.headers["content-type"])
      with_files({ ["a.zip"] = response.body }, function(dir)
        local status, text = run(("cd %s && unzip -tq a.zip && "
          .. "unzip -q a.zip"):format(dir))
        assert.are.equal(0, status, text)
        _, text = run(("unzip -Z1 %s/a.zip | tr '\\n' ' '"):format(dir))
        assert.are.equal(names .. " ", text)
        local leaf = assert(io.open(dir .. "/" .. names:match("^%S+")))
        assert.are.equal(order.certificate.thumbprint,
          x509.new(leaf:read("*a")):digest("sha1", "x"):upper())
        leaf:close()
      end)
    end)
  end

  it("comes by platform and by order, too", function()
    local it = box.new()
    local id, order = box.issued(it, {}, { server_platform = { id = 2 } })
    local certificate = order.certificate.id
    for path, same in pairs {
      ["/certificate/%d/download/platform"] = "apache",
      ["/certificate/%d/download/platform/40"] = "cer",
      ["/certificate/%d/download/platform/45"] = "default",
      ["/certificate/download/order/%d"] = "default",
      ["/certificate/download/order/%d/format/pem_all"] = "pem_all",
    } do
      local response = box.send(it, "GET", path:format(
        path:find("order", 1, true) and id or certificate))
      assert.are.equal(200, response.status)
      assert.are.equal(get(it, certificate, same).body, response.body)
    end
  end)

  it("is the primary one by order, each by its own id", function()
    local it = box.new()
    local id, order = box.issued(it)
    local reissued = assert(it.client:reissue(id, { skip_approval = true,
      certificate = box.certificate() })).certificate_id
    assert(it.client:duplicate(id, { skip_approval = true,
      certificate = box.certificate() }))
    local function leaf(path)
      return x509.new(box.send(it, "GET", path).body):getSerial()
    end
    local by_order = leaf(("/certificate/download/order/%d/format/"
                           .. "pem_nointermediate"):format(id))
    local function by_id(certificate)
      return leaf(("/certificate/%d/download/format/pem_nointermediate")
        :format(certificate))
    end
    assert.are.equal(by_id(reissued), by_order)
    assert.are_not.equal(by_id(order.certificate.id), by_order)
    assert.are.equal(reissued, it.client:certificates(id)[1].id)
  end)

  it("has a chain as JSON", function()
    local it = box.new()
    local _, order = box.issued(it)
    local list = box.send(it, "GET", ("/certificate/%d/chain")
      :format(order.certificate.id)).json.intermediates
    local pems = {}
    for i, entry in ipairs(list) do
      pems[i] = entry.pem
    end
    assert.are.equal(get(it, order.certificate.id, "pem_all").body,
                     table.concat(pems))
    assert.are.equal("example.com", list[1].subject_common_name)
    assert.are.same({ { subject_common_name = list[2].subject_common_name,
      issuer_common_name = list[3].subject_common_name } },
      box.send(it, "GET", "/certificate/intermediates").json.intermediates)
  end)

  it("is none before it is issued, and in no other format", function()
    local it = box.new()
    local result = box.place(it, { skip_approval = true },
                             { common_name = "www.example.dev" })
    for _, path in ipairs { "/certificate/%d/chain",
      "/certificate/%d/download/platform",
      "/certificate/%d/download/format/pem_all" } do
      local response = box.send(it, "GET", path:format(result.certificate_id))
      assert.are.equal("not_found|certificate", response.json.errors[1].code)
    end
    assert.are.equal(404, box.send(it, "GET",
      ("/certificate/download/order/%d"):format(result.id)).status)
    local _, order = box.issued(it)
    for _, format in ipairs { "nonsense", "PEM_ALL", "..%2Fx" } do
      assert.are.equal(400, get(it, order.certificate.id, format).status)
    end
  end)
end)

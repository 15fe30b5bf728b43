local csr = require "certcentral.csr"
local support = require "spec.support.csr"

local WANTED = "must be a PEM certificate request (PKCS#10)"

-- A PEM block that holds no key, whatever its label says. It is put together
-- here so that no file looks as if it held one.
local CANARY = "Y2FuYXJ5"
local function block(label, head)
  return ("-----BEGIN %s-----\n%s%s\n-----END %s-----\n"):format(
    label, head or "", CANARY:rep(8), label)
end

local function refused(pem)
  local ok, message = csr.check(pem)
  assert.is_nil(ok)
  assert.is_string(message)
  assert.is_nil(message:find(CANARY, 1, true))
  assert.is_nil(message:find("%.$"))
  assert.is_true(#message < 160)
  return message
end

describe("certcentral.csr", function()
  it("offers what it says and nothing else", function()
    local names = {}
    for name in pairs(csr) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.are.same({ "check", "generate", "inspect", "sha256" }, names)
  end)

  describe("check", function()
    it("finds its cases", function()
      assert.is_true(#support.cases("good") >= 23)
      assert.is_true(#support.cases("bad") >= 57)
    end)

    it("has cases whose line ends nobody changed", function()
      assert.is_truthy(support.crlf:find("\r\n", 1, true))
      assert.is_nil(support.cr:find("\n", 1, true))
      assert.is_nil(support.one_line:find("%s%-*$"))
      assert.is_nil(support.rsa2048:find("\r", 1, true))
    end)

    for _, case in ipairs(support.cases("good")) do
      it("takes " .. case.name, function()
        assert.are.same({ true, n = 1 },
          { n = select("#", csr.check(case.pem)), csr.check(case.pem) })
      end)
    end

    for _, case in ipairs(support.cases("bad")) do
      it("refuses " .. case.name, function()
        assert.are.equal(case.message, refused(case.pem))
      end)
    end

    for _, value in ipairs({ false, true, 1, 1.5, {}, print }) do
      it("raises for a " .. type(value), function()
        assert.has_error(function() csr.check(value) end)
      end)
    end

    it("raises for nothing", function()
      assert.has_error(function() csr.check() end)
      assert.has_error(function() csr.check(nil) end)
    end)

    -- name = { text, what the message ends in }
    local texts = {
      ["an empty string"] = { "", ", got an empty string" },
      ["white space"] = { " \r\n\t ", ", got white space" },
      ["text"] = { "hello", ", got text without a BEGIN line" },
      ["text that begins with DER's first letter"] = { "0 is no request",
        ", got text without a BEGIN line" },
      ["a NUL"] = { "\0", ", got a NUL byte in it" },
      ["a NUL inside"] = { (support.rsa2048:gsub("\n", "\0", 5)),
        ", got a NUL byte in it" },
      ["a NUL behind"] = { support.rsa2048 .. "\0",
        ", got a NUL byte in it" },
      ["DER"] = { "\48\130\2\90\48\130\1\66\2\1\0", ", got DER" },
      ["a BEGIN line that has no end"] = {
        "-----BEGIN CERTIFICATE REQUEST",
        ", got a PEM block of another kind" },
      ["a BEGIN line that is cut off before its label"] = {
        "-----BEGIN ", ", got text without a BEGIN line" },
      ["an END line that has no end"] = {
        (support.rsa2048:gsub("%-+%s*$", "")),
        ", got an END line that does not match its BEGIN line" },
      ["a BEGIN line alone"] = { "-----BEGIN CERTIFICATE REQUEST-----",
        ", got one without its END line" },
      ["pads alone"] = {
        (block("CERTIFICATE REQUEST"):gsub("\n.*\n%-", "\n====\n-", 1)),
        ", got base64 that is cut off: 4 characters, not a multiple of 4" },
      ["headers inside"] = {
        block("CERTIFICATE REQUEST", "Comment: none\n\n"),
        ", got a character that is not base64 at byte 9 "
          .. "after its BEGIN line" },
      ["a form feed inside"] = { (support.rsa2048:gsub("\n", "\f", 1)),
        ", got a character that is not base64 at byte 1 "
          .. "after its BEGIN line" },
      ["10 MB of letters"] = { ("A"):rep(10000000),
        " of at most 131072 bytes, got 10000000" },
      ["10 MB of spaces behind"] = {
        support.rsa2048 .. (" "):rep(10000000 - #support.rsa2048),
        " of at most 131072 bytes, got 10000000" },
      ["many BEGIN lines"] = {
        ("-----BEGIN CERTIFICATE REQUEST-----"):rep(3000),
        ", got 3000 requests" },
      ["many dashes"] = { ("-"):rep(131072),
        ", got text without a BEGIN line" },
      ["a revocation list"] = { block("X509 CRL"),
        ", got a revocation list" },
      ["a public key beside the request"] = {
        support.rsa2048 .. block("PUBLIC KEY"),
        ", got a public key beside it" },
      ["a private key with mangled dashes"] = {
        block("RSA PRIVATE KEY"):gsub("%-%-%-", "\226\128\148") .. "",
        ", got a private key" },
      ["a private key behind the request"] = {
        support.rsa2048 .. block("PRIVATE KEY"),
        ", got a private key beside it" },
      ["a private key in front of the request"] = {
        block("EC PARAMETERS") .. block("EC PRIVATE KEY") .. support.rsa2048,
        ", got a private key beside it" },
      ["a private key in a file with its certificate"] = {
        block("CERTIFICATE") .. block("PRIVATE KEY"),
        ", got a private key" },
      ["an encrypted private key of the old kind"] = {
        block("RSA PRIVATE KEY",
          "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"),
        ", got a private key" },
    }
    for _, label in ipairs({ "PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
        "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK" }) do
      texts["a block " .. label] = { block(label), ", got a private key" }
    end

    for name, case in pairs(texts) do
      it("refuses " .. name, function()
        assert.are.equal(WANTED .. case[2], refused(case[1]))
      end)
    end

    local PEM = "must be a certificate request (PKCS#10) in PEM"
    local bare = support.rsa2048:gsub("%-%-%-%-%-[^\n]*\n", "")
    -- name = { text, what is wrong, what to do }
    local slips = {
      ["a byte order mark"] = { "\239\187\191" .. support.rsa2048,
        " without a byte order mark at its start",
        "save the file as UTF-8 without BOM" },
      ["line breaks written out"] = { (support.rsa2048:gsub("\n", "\\n")),
        " with line breaks, not '\\n' written out",
        "replace each '\\n' by a line break" },
      ["CR LF written out"] = { (support.p256:gsub("\n", "\\r\\n")),
        " with line breaks, not '\\n' written out",
        "replace each '\\n' by a line break" },
      ["base64 alone"] = { bare, ", not only its base64",
        "add the BEGIN and END CERTIFICATE REQUEST lines" },
      ["base64 alone in a line"] = { (bare:gsub("\n", "")),
        ", not only its base64",
        "add the BEGIN and END CERTIFICATE REQUEST lines" },
    }
    for _, path in ipairs { "/etc/ssl/request.csr", "request.pem", "~/a/b",
        "./request", "../csr/www.example.com.CSR", "C:\\requests\\www.txt",
        "/etc/ssl/www_example" } do
      slips["the file name " .. path] = { path, ", not the name of a file",
        "give the file's contents" }
    end
    for name, case in pairs(slips) do
      it("names the cause: " .. name, function()
        assert.are.equal(PEM .. case[2] .. ": " .. case[3], refused(case[1]))
        local order = require("support.orders").with {
          ["certificate.csr"] = case[1] }
        local _, err = require("certcentral").validate(order,
          { now = require("support.orders").NOW })
        assert.are.equal(1, #err.problems)
        assert.is_truthy(err.message:find("'certificate.csr' " .. PEM
                                          .. case[2] .. ", got ", 1, true))
        assert.are.equal(case[3], err.problems[1].hint)
      end)
    end

    it("tells no byte of a key under the request's label", function()
      assert.are.equal(
        WANTED .. ", got one whose contents cannot be read",
        refused(block("CERTIFICATE REQUEST")))
    end)

    it("takes as much white space as fits", function()
      local room = 131072 - #support.rsa2048
      assert.is_true(csr.check(support.rsa2048 .. ("\n"):rep(room)))
      assert.is_true(csr.check(("\n"):rep(room) .. support.rsa2048))
      refused(support.rsa2048 .. ("\n"):rep(room + 1))
    end)

    it("refuses every beginning of a request", function()
      local pem = support.p256:gsub("%s+$", "")
      assert.is_true(csr.check(pem))
      for length = 0, #pem - 1 do
        refused(pem:sub(1, length))
      end
    end)

    -- All but the last letter, some bits of which may stand for nothing.
    for _, name in ipairs({ "p256", "rsa2048", "one_line" }) do
      it("refuses every changed letter of " .. name, function()
        local pem = support[name]
        local first = pem:find("-----", 6, true) + 5
        local last = pem:find("=*%s*%-+END") - 2
        for at = first, last do
          local letter = pem:sub(at, at)
          if letter:find("%w") then
            refused(pem:sub(1, at - 1) .. (letter == "Q" and "R" or "Q")
              .. pem:sub(at + 1))
          end
        end
      end)
    end

    it("survives random bytes, with and without a label", function()
      local seed = 42 -- the same bytes each time
      local function random(n)
        seed = (seed * 16807) % 2147483647
        return seed % n
      end
      for _ = 1, 2000 do
        local bytes = {}
        for i = 1, random(200) do
          bytes[i] = string.char(random(256))
        end
        refused(table.concat(bytes))
        for i = 1, #bytes do
          bytes[i] = string.char(("Aa0+/=MB"):byte(random(8) + 1))
        end
        refused("-----BEGIN CERTIFICATE REQUEST-----\n"
          .. table.concat(bytes) .. "\n-----END CERTIFICATE REQUEST-----")
      end
    end)
  end)
end)

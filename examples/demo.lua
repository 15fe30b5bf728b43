-- Starts a CertCentral sandbox over HTTPS on this machine, places a Secure
-- Site OV order in it, and prints what came back.

local certcentral = require "certcentral"
local server = assert(require("certcentral.sandbox.server").start())

local function show(value, indent)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value)
      :gsub("\r?\\?\n", "\\n") or tostring(value)
  end
  local lines, names = {}, {}
  for name in pairs(value) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for i, name in ipairs(names) do
    lines[i] = ("%s%s = %s"):format(indent .. "  ",
      type(name) == "number" and "[" .. name .. "]" or name,
      show(value[name], indent .. "  "))
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "}"
end

print("sandbox:  " .. server.base_url)
local csr = [[
-----BEGIN CERTIFICATE REQUEST-----
MIHQMHgCAQAwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASrLzcAV8DlXapZabzUMNARfZERmHY4VucJFH0p3kFvbO52LjOP
zMV8tw8ApAPp+/0DpOfQBxNjn0oK+zqOMdKpoAAwCgYIKoZIzj0EAwIDSAAwRQIg
LAF+37pe6azp7OAyRnF/Gqcxo/vPknvoKJWIXyxGfEYCIQDTQ4XCXkz95qd27TWQ
CNI+oiCXAFx33gFLXVJuOvXwiw==
-----END CERTIFICATE REQUEST-----
]]
local order = {
  certificate = {
    common_name = "www.example.com",
    dns_names = { "example.com" },
    csr = csr,
    signature_hash = "sha256",
  },
  organization = { id = 123456 },
  order_validity = { years = 1 },
  dcv_method = "dns-txt-token",
}

local client = certcentral.assert(certcentral.new {
  api_key = server.api_key, base_url = server.base_url,
  ca_file = server.ca_file,
})
local result, info = client:place_order(order)
client:close()
server.stop()

if not result then
  error(tostring(info))
end
print("order:    " .. result.id)
print("result =  " .. show(result, ""))
print("info =    " .. show(info, ""))

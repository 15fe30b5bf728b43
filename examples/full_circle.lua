-- The whole life of a certificate in a sandbox on this machine: key, CSR,
-- preflight, order, approval, domain control, issuance, files, a server that
-- shows it, a reissue, renewal, revocation.

local certcentral = require "certcentral"

local function run(command, ...)
  local words = {}
  for i, word in ipairs { ... } do
    words[i] = "'" .. word:gsub("'", "'\\''") .. "'"
  end
  local pipe = io.popen(("(%s) 2>&1; echo $?"):format(
    command:format((table.unpack or unpack)(words))))
  local output, status = pipe:read("*a"):match("^(.*)%f[%d](%d+)\n$")
  pipe:close()
  return tonumber(status) == 0, output
end

local function write(name, text)
  local file = assert(io.open(name, "wb"))
  assert(file:write(text))
  assert(file:close())
end

local function warn(what, list)
  for _, warning in ipairs(list) do
    print(("  %s: %s (%s)"):format(what, warning.message, warning.code))
  end
end

-- nginx, which the sandbox needs, too, with the new files on a free port of
-- this machine; nil where it cannot be had.
local CONF = [[
daemon on; pid nginx.pid; error_log nginx.log; events {}
http {
  access_log off; client_body_temp_path t1; proxy_temp_path t2;
  fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {
    listen 127.0.0.1:%d ssl;
    ssl_certificate fullchain.pem; ssl_certificate_key key.pem;
    return 200 "hello\n";
  }
}
]]

local function serve(dir)
  for port = 21000 + os.time() % 5000, 32000, 7 do
    write(dir .. "/nginx.conf", CONF:format(port))
    if run("PATH=$PATH:/usr/sbin nginx -p %s -c nginx.conf -e nginx.log", dir)
    then
      return port
    end
    local log = io.open(dir .. "/nginx.log")
    if not (log and log:read("*a"):find("Address already in use")) then
      return nil
    end
  end
end

local function show_in_nginx(dir)
  local port = assert(serve(dir), "nginx does not start with these files")
  local good, said = run("openssl s_client -connect 127.0.0.1:" .. port
    .. " -CAfile %s -servername www.example.dev -verify_return_error "
    .. "-verify_hostname www.example.dev </dev/null", dir .. "/root.pem")
  run("kill $(cat %s)", dir .. "/nginx.pid")
  assert(good, said)
  print("nginx:    " .. said:match("Verif[^\n]*: [^\n]*"):lower())
end

-- What happens in the sandbox's world, and not by a client.
local function publish(server, records)
  local list = {}
  for i, record in ipairs(records) do
    list[i] = ('{"type":"%s","name":"%s","value":"%s"}')
      :format(record.type, record.name, record.value)
  end
  assert(run("curl -sf --data-binary %s %s", "[" .. table.concat(list, ",")
             .. "]", server.control_url .. "/sandbox/records"))
end

local function key_and_csr(file)
  return certcentral.assert(certcentral.csr.generate {
    common_name = "www.example.dev", dns_names = { "example.dev" },
    key = "ec-p256", key_file = file })
end

local function approve(client, result)
  for _, request in ipairs(result.requests or {}) do
    certcentral.assert(client:approve(request.id))
  end
end

local function live(client, server, dir)
  local order = certcentral.assert(certcentral.order_from_csr(
    key_and_csr(dir .. "/new.key"), {
      organization = { id = 123456 }, order_validity = { years = 1 },
      dcv_method = "dns-txt-token" }))

  local ok, warnings = client:preflight(order)
  assert(ok, warnings)
  warn("preflight", warnings)

  local result = certcentral.assert(client:place_order(order))
  print("order:    " .. result.id)
  approve(client, result)

  local dcv = certcentral.assert(client:dcv(result.id))
  print("record:   " .. dcv.text)
  publish(server, dcv.records)
  certcentral.assert(client:check_dcv(result.id))
  certcentral.assert(client:wait(result.id, { timeout = 60 }))

  local files = { fullchain = dir .. "/fullchain.pem",
                  certificate = dir .. "/leaf.pem", chain = dir .. "/ca.pem",
                  key = dir .. "/key.pem", key_file = dir .. "/new.key" }
  local found = certcentral.assert(client:save(result.id, files))
  print(("saved:    %s, %d intermediate"):format(found.subject,
                                                 #found.intermediates))

  write(dir .. "/root.pem", found.root)
  local good, said = run("cd %s && openssl verify -CAfile root.pem "
                         .. "-untrusted ca.pem leaf.pem", dir)
  assert(good, said)
  print("openssl:  " .. said:gsub("\n$", ""))
  show_in_nginx(dir)

  local advice = certcentral.assert(client:renewal_advice(result.id))
  print(("advice:   %s, %s"):format(advice.action, advice.reason))
  local wish = { certificate = { csr = key_and_csr(dir .. "/second.key"),
                                 signature_hash = "sha256" } }
  local second = certcentral.assert(client:ensure_reissue(result.id, wish))
  local _, again = certcentral.assert(client:ensure_reissue(result.id, wish))
  approve(client, second)
  certcentral.assert(client:wait(result.id, { timeout = 60 }))
  print(("reissue:  order %d, there when asked again: %s"):format(second.id,
    tostring(again.existed)))
  -- a year early, for the sake of the example: that has to be said
  local renewal, info = certcentral.assert(client:renew(result.id, {
    certificate = { csr = key_and_csr(dir .. "/renewed.key") } },
    { renew_early = true }))
  print(("renewal:  order %d, %s"):format(renewal.id,
                                          info.alternative_order_id))

  certcentral.assert(client:revoke_order(result.id, { reason = "superseded",
                                          skip_approval = true }))
  print("status:   " .. certcentral.assert(client:order(result.id)).status)
end

local dir = os.tmpname()
os.remove(dir)
assert(run("mkdir -m 700 %s", dir))
local server = assert(require("certcentral.sandbox.server").start())
local client = certcentral.assert(certcentral.new { api_key = server.api_key,
  base_url = server.base_url, ca_file = server.ca_file })
local ok, message = pcall(live, client, server, dir)
client:close()
server.stop()
run("rm -r %s", dir)
if not ok then
  error(tostring(message), 0)
end

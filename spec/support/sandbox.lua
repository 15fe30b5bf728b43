-- For specs that need the sandbox behind HTTPS.
--
--   local support = require("support.sandbox")
--   local server
--   setup(function() server = support.start() end)
--   teardown(function() server.stop() end)
--   before_each(function() support.reset(server) end)

local csr = require("openssl.x509.csr")
local name = require("openssl.x509.name")
local pkey = require("openssl.pkey")

local files = require("support.files")
local json = require("certcentral.sandbox.json")
local sandbox_server = require("certcentral.sandbox.server")

local support = {}

-- Starts a server or fails the spec with the reason. The caller stops it.
function support.start(options)
  local server, message = sandbox_server.start(options)
  return server or error(message, 2)
end

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local function with_file(text, act)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text or "")
  file:close()
  local result = act(path)
  os.remove(path)
  return result
end

local function parse_headers(text)
  local headers = {}
  for header, value in text:gmatch("([^\r\n:]+): *([^\r\n]*)\r?\n") do
    headers[header:lower()] = value
  end
  return headers
end

-- Runs the curl command line for one URL. `request`: url, method, body (a
-- string), headers, ca_file, args (more arguments, as shell text). Returns
-- {exit, status, headers, body, json}: curl's exit code, and what it got.
function support.curl(request)
  local words = { "curl -s -o %s -D %s -w '%%{http_code}'" }
  local function add(...)
    for _, word in ipairs({ ... }) do
      words[#words + 1] = (quote(word):gsub("%%", "%%%%"))
    end
  end
  add("-X", request.method or "GET", request.url, "--max-time", "20")
  if request.ca_file then
    add("--cacert", request.ca_file)
  end
  for header, value in pairs(request.headers or {}) do
    add("-H", header .. ": " .. value)
  end
  if request.body then
    words[#words + 1] = "--data-binary @%s"
  end
  words[#words + 1] = ((request.args or ""):gsub("%%", "%%%%"))
  words[#words + 1] = "; echo \" $?\""
  local command = table.concat(words, " ")
  return with_file(request.body, function(body_in)
    return with_file("", function(body_out)
      return with_file("", function(head_out)
        local pipe = assert(io.popen(command:format(quote(body_out),
          quote(head_out), quote(body_in))))
        local status, exit = pipe:read("*a"):match("^(%d*)%s+(%d+)")
        pipe:close()
        local body = files.read(body_out)
        return { exit = tonumber(exit), status = tonumber(status),
          headers = parse_headers(files.read(head_out)), body = body,
          json = json.decode(body) }
      end)
    end)
  end)
end

-- A request to the server's API by curl, with its key and CA. `path` is
-- what follows the base URL; `body` a string, or a table for JSON.
function support.request(server, method, path, body, more)
  local request = {
    url = server.base_url .. path,
    method = method,
    body = type(body) == "table" and json.encode(body) or body,
    headers = { ["X-DC-DEVKEY"] = server.api_key,
      ["Content-Type"] = "application/json" },
    ca_file = server.ca_file,
  }
  for key, value in pairs(more or {}) do
    request[key] = value
  end
  return support.curl(request)
end

-- Asks a control route; returns its answer as a table. Fails the spec when
-- the sandbox refuses.
function support.control(server, method, path, value)
  local answer = support.curl({
    url = server.control_url .. path,
    method = method,
    body = value and json.encode(value),
    headers = value and { ["Content-Type"] = "application/json" },
  })
  if answer.exit ~= 0 or answer.status >= 300 then
    error(("%s %s: curl %d, status %s, %s"):format(method, path,
      answer.exit, tostring(answer.status), answer.body), 2)
  end
  return answer.json
end

-- Shorthands for the control routes.
function support.fault(server, fault)
  return support.control(server, "POST", "/sandbox/faults", fault)
end

function support.release(server)
  return support.control(server, "POST", "/sandbox/release")
end

function support.reset(server)
  return support.control(server, "POST", "/sandbox/reset")
end

function support.orders(server)
  return support.control(server, "GET", "/sandbox/orders").orders
end

function support.requests(server)
  return support.control(server, "GET", "/sandbox/requests").requests
end

-- A new CSR as PEM, and its key. `kind` as for luaossl's pkey.new; a P-256
-- key by default.
function support.csr(common_name, kind)
  local key = pkey.new(kind or { type = "EC", curve = "prime256v1" })
  local request, subject = csr.new(), name.new()
  subject:add("CN", common_name or "csr.example.com")
  request:setSubject(subject)
  request:setPublicKey(key)
  request:sign(key, "sha256")
  return request:toPEM(), key
end

local shared_csr

-- A small order that the sandbox accepts, with `changes` on top (members of
-- the order; json.null removes one).
function support.order(changes)
  shared_csr = shared_csr or support.csr("example.com")
  local order = {
    certificate = {
      common_name = "example.com",
      csr = shared_csr,
      signature_hash = "sha256",
    },
    organization = { id = 123456 },
    order_validity = { years = 1 },
  }
  for member, value in pairs(changes or {}) do
    if value == json.null then
      value = nil
    end
    order[member] = value
  end
  return order
end

return support

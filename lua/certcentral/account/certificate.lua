--- The certificate of an order: fetched, put in order, checked, saved.

local arguments = require "certcentral.account.arguments"
local core = require "certcentral.core"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local response = require "certcentral.client.response"
local status = require "certcentral.client.status"
local wait = require "certcentral.account.wait"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"

local certificate = {}

-- The API's formats, and what comes in each.
local FORMATS = { "pem_all", "pem_noroot", "pem_nointermediate", "p7b", "cer",
                  "default", "default_pem", "default_cer", "apache" }
certificate.FORMAT = FORMATS[1] -- what is asked for by default

local LEAF_ALONE = "pem_nointermediate"
local ARCHIVES = { default = true, default_pem = true, default_cer = true,
                   apache = true }

-- ---- fetching ------------------------------------------------------------

local function protocol(id, format, ...)
  return errors.new("protocol", ("the certificate of order %d "):format(id)
                                .. format:format(...), { order_id = id })
end

-- The id of the certificate that the order has now; or nil, err.
local function find(order)
  local found = type(order.certificate) == "table" and order.certificate
  local id = found and rules.id(found.id)
  if status.is_over(order) and core.lower(order.status) ~= "expired" then
    return nil, wait.not_issued("refused", order,
                                ": it has no certificate to be used")
  elseif id and (status.is_issued(order) or found.valid_till ~= nil) then
    return id
  end
  return nil, wait.not_issued("unavailable", order,
                              ": there is no certificate yet")
end

-- An answer whose body is no JSON.
local function read_bytes(answer, mask)
  local code, body = answer.status, answer.body
  if code >= 200 and code <= 299 and body and body ~= "" then
    return { body = body }
  end
  return response.read(answer, mask)
end

local BYTES = { accept = "*/*", read = read_bytes }

-- ---- reading -------------------------------------------------------------

-- The names, which come as lines that begin with a letter for their kind.
local function read_names(lines)
  local names = { c = {}, d = {}, i = {}, o = {} }
  for kind, name in lines:gmatch("(%l)([^\n]*)\n") do
    table.insert(names[kind], name)
  end
  return names.c[#names.c], names.d, names.i
end

-- All names that were ordered.
local function ordered_names(ordered)
  local names = {}
  for _, list in ipairs { { ordered.common_name },
      type(ordered.dns_names) == "table" and ordered.dns_names or {} } do
    for _, name in ipairs(list) do
      if type(name) == "string" and name ~= "" then
        names[#names + 1] = name
      end
    end
  end
  return names
end

-- What stands in the answer, as the caller gets it; or nil, why not.
local function read_chain(body, now, ordered)
  local csr = type(ordered.csr) == "string" and ordered.csr or nil
  local chain, why = require("certcentral.x509")
    .chain(body, now, csr, table.concat(ordered_names(ordered), "\n"))
  if not chain then
    return nil, why
  end
  chain.common_name, chain.dns_names, chain.ip_addresses =
    read_names(chain.names)
  chain.names = nil
  chain.chain = table.concat(chain.intermediates)
  chain.fullchain = chain.leaf .. chain.chain
  return chain
end

-- ---- checking ------------------------------------------------------------

local function digits(serial)
  return type(serial) == "string" and core.upper(serial):gsub("^0+", "")
end

-- The names that were ordered and that the leaf does not have.
local function missing_names(leaf, ordered)
  local has_name = require("certcentral.x509").has_name
  local list = {}
  for _, name in ipairs(ordered_names(ordered)) do
    if not has_name(leaf, name) then
      list[#list + 1] = "'" .. core.printable(name, 253) .. "'"
    end
  end
  return list
end

-- What is wrong with a chain as the answer to an order, or nil.
local function problem_of(chain, order, format, fits)
  local ordered = order.certificate
  local serial = digits(ordered.serial_number)
  local missing = missing_names(chain.leaf, ordered)
  if serial and serial ~= "" and serial ~= digits(chain.serial_number) then
    return protocol(order.id, "is another one: serial number %s was "
      .. "expected, got %s", core.printable(ordered.serial_number, 64),
      chain.serial_number)
  elseif #missing > 0 then
    return protocol(order.id, "does not carry what was ordered: %s",
                    table.concat(missing, ", "))
  elseif fits == false then
    return protocol(order.id, "is not for the public key of its CSR")
  elseif format ~= LEAF_ALONE and #chain.intermediates == 0 and
         not chain.root then
    return protocol(order.id, "came without its issuer, '%s'",
                    core.printable(chain.issuer, 200))
  end
end

-- Whether the leaf is for the key of the order's CSR; nil where the order has
-- none that can be read.
local function fits_csr(leaf, pem)
  if type(pem) ~= "string" then
    return nil
  end
  return require("certcentral.x509").fits_csr(leaf, pem)
end

-- The bytes as what their format promises; or nil, err.
local function read(self, bytes, order, format)
  if ARCHIVES[format] then
    if bytes:sub(1, 2) ~= "PK" then
      return nil, protocol(order.id, "did not come as the archive that '%s' "
                           .. "is", format)
    end
    return {}
  end
  local chain, why = read_chain(bytes, self.world.time(),
                                order.certificate)
  if not chain then
    return nil, protocol(order.id, "cannot be read: %s", why)
  end
  local fits = fits_csr(chain.leaf, order.certificate.csr)
  local err = problem_of(chain, order, format, fits)
  if err then
    return nil, err
  end
  chain.key_checked = fits == true
  return chain
end

-- Fetches an order's certificate within a call of its own.
local function fetch(self, id, format)
  local call = arguments.call(self)
  local order, err = run.within(call, "order", id)
  if not order then
    return nil, err
  end
  local certificate_id
  certificate_id, err = find(order)
  if not certificate_id then
    return nil, err
  end
  local answer
  answer, err = call:ask(("/certificate/%d/download/format/%s")
                         :format(certificate_id, format), "get", BYTES)
  if not answer then
    return nil, err
  end
  local result
  result, err = read(self, answer.body, order, format)
  if not result then
    return nil, err
  end
  result.order_id, result.certificate_id = id, certificate_id
  result.format, result.body = format, answer.body
  return result
end

--- Fetches an order's certificate. But for the archives ("default",
-- "default_pem", "default_cer", "apache") it is put in order and held against
-- the order: its serial number, its names, and the CSR's public key.
-- @param options format: one of the API's, default "pem_all"
-- @return {leaf, intermediates, root, others, chain, fullchain: PEM;
--   common_name, dns_names, ip_addresses, subject, issuer, serial_number,
--   thumbprint, key_sha256, not_before, not_after (seconds since 1970);
--   key_checked: whether the order had a CSR to compare with; format, body:
--   the bytes that came; order_id, certificate_id}; or nil, err
function certificate.certificate(self, id, options)
  id = arguments.id(id, "order", "certificate")
  options = arguments.options(options,
    { format = rules.choice(FORMATS) }, "certificate")
  return fetch(self, id, options.format or certificate.FORMAT)
end

-- ---- saving --------------------------------------------------------------

local function path(value)
  if type(value) ~= "string" or value == "" or value:find("%z") then
    return "name of a file"
  elseif value:find("-----BEGIN", 1, true) then
    return "name of a file", "the contents of one"
  end
end

local function key_file(value)
  local expected, got = path(value)
  if got then
    got = got .. ": give that as private_key"
  end
  return expected, got
end

local function private_key(value)
  if type(value) ~= "string" then
    return "private key in PEM"
  elseif core.is_file_name(value) then
    return "private key in PEM", "the name of a file: give that as key_file, "
                                 .. "or give the file's contents"
  end
end

local FILES = { certificate = path, chain = path, fullchain = path,
                key = path, key_file = key_file, private_key = private_key,
                passphrase = "string" }
local TEXTS = { "certificate", "chain", "fullchain" }

local function check_files(files, who)
  if files == nil then
    options_of.raise("bad argument #2 to '%s' (table expected, got no "
                     .. "value)", who)
  end
  files = arguments.options(files, FILES, who)
  if files.key_file and files.private_key then
    options_of.raise("options 'key_file' and 'private_key' to '%s' exclude "
                     .. "each other", who)
  elseif (files.key_file or files.private_key) and not files.key then
    options_of.raise("missing option 'key' to '%s' (where the key is to "
                     .. "go)", who)
  elseif not (files.certificate or files.chain or files.fullchain or
              files.key) then
    options_of.raise("missing options to '%s' (certificate, chain, "
                     .. "fullchain or key expected)", who)
  end
  return files
end

certificate.check_files = check_files

-- The order itself is there, whatever became of the files.
local function not_saved(kind, message, id, members)
  local err = errors.new(kind, ("the certificate of order %d was not saved: ")
                               :format(id) .. message, members)
  err.order_id = id
  return err
end

local function file_error(verb, name, reason, id)
  reason = reason:gsub("^%u%l", string.lower)
  return not_saved("config", ("'%s' cannot be %s: %s")
    :format(core.printable(name, 200), verb, reason), id)
end

-- nil where the private key is the certificate's, else the error.
local function check_key(leaf, files, id)
  local key = { text = files.private_key, path = files.key_file or files.key }
  local fits, why, reason = require("certcentral.x509")
    .fits_key(leaf, key, files.passphrase)
  if fits == nil then
    return file_error("read", why, reason, id)
  elseif not fits then
    local message = "'key' does not fit: " .. why
    return not_saved("invalid", message, id, { problems = {
      { path = "key", code = "conflict", message = message } } })
  end
end

local function files_of(found, files)
  local list = {}
  if files.private_key or files.key_file then
    list[1] = { path = files.key, text = files.private_key,
                from = files.key_file, is_key = true }
  end
  local texts = { certificate = found.leaf, chain = found.chain,
                  fullchain = found.fullchain }
  for _, name in ipairs(TEXTS) do
    if files[name] then
      list[#list + 1] = { path = files[name], text = texts[name] }
    end
  end
  return list
end

--- Fetches an order's certificate and writes it to files: all of them or
-- none, and each replaced in one step. What is wrong leaves the old ones as
-- they were.
-- @param files names of files: certificate (the leaf), chain (the
--   intermediates), fullchain (both, as nginx's ssl_certificate wants them),
--   key (of the private key: it must be the certificate's). The key is there
--   already, or comes from private_key (PEM) or key_file (another file), and
--   is written with mode 0600. passphrase: of an encrypted key, to check it.
-- @return what certificate() returns; or nil, err
function certificate.save(self, id, files)
  id = arguments.id(id, "order", "save")
  files = check_files(files, "save")
  local found, err = fetch(self, id, FORMATS[1])
  if not found then
    return nil, err
  end
  err = files.key and check_key(found.leaf, files, id)
  if err then
    return nil, err
  end
  local done, name, reason = require("certcentral.x509")
    .save(files_of(found, files))
  if not done then
    return nil, file_error("written", name, reason, id)
  end
  return found
end

return certificate

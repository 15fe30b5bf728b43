--- certcentral: orders TLS certificates from DigiCert CertCentral.
--
-- Loads the C core and nothing else. What a script does not use is loaded on
-- first use: the functions (face.lua), libcurl, libcrypto, cjson.

local core = require "certcentral.core"

local NAMES = {
  "assert", "date", "encode", "fields", "help", "new", "order_from_csr",
  "place_order", "redact", "request", "schedule", "show", "validate",
}

local certcentral = {
  _VERSION = "certcentral " .. core.version,
  --- cjson.null: a field set to it counts as absent.
  null = core.null,
}

local standing_in, loaded = {}, nil

-- The functions; from the first call on they are in the module themselves.
local function load_all()
  local functions = {}
  require("certcentral.calls").functions(certcentral, "certcentral", NAMES,
    require "certcentral.face", functions)
  loaded = functions
  for name, f in pairs(standing_in) do
    if certcentral[name] == f then -- else a script has put its own there
      certcentral[name] = loaded[name]
    end
  end
  return loaded
end

for _, name in ipairs(NAMES) do
  standing_in[name] = function(...)
    return (loaded or load_all())[name](...)
  end
  certcentral[name] = standing_in[name]
end

-- certcentral.csr: the module of that name, which loads libcrypto.
setmetatable(certcentral, { __index = function(_, name)
  return name == "csr" and require("certcentral.csr") or nil
end })

return certcentral

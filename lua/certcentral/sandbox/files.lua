-- The files that a certificate can be had as: `default`, `pem_all` and the
-- like, by the formats that the API names.

local der = require("certcentral.sandbox.der")
local zip = require("certcentral.sandbox.zip")

local files = {}

local SIGNED_DATA = der.element(der.OID, der.bytes("2a864886f70d010702"))
local DATA = der.element(der.OID, der.bytes("2a864886f70d010701"))

-- PKCS#7 that signs nothing and carries certificates (RFC 2315, 9.1).
local function p7b(chain)
  local all = {}
  for index, entry in ipairs(chain) do
    all[index] = entry.crt:tostring("DER")
  end
  return der.pem("PKCS7", der.element(der.SEQUENCE, SIGNED_DATA,
    der.element(0xa0, der.element(der.SEQUENCE,
      der.element(der.INTEGER, "\1"), der.element(der.SET),
      der.element(der.SEQUENCE, DATA),
      der.element(0xa0, table.concat(all)), der.element(der.SET)))))
end

local function pem(chain)
  local all = {}
  for index, entry in ipairs(chain) do
    all[index] = entry.crt:toPEM():gsub("\n", "\r\n")
  end
  return table.concat(all)
end

local function stem(name)
  return (name:gsub("%*", "star"):gsub("[^%w]", "_"))
end

-- The names of the files in an archive; the leaf comes first.
local function archive(chain, extension, seconds)
  local list = {}
  for index, entry in ipairs(chain) do
    local name = index == 1 and stem(entry.subject_common_name)
      or entry.is_root and "TrustedRoot" or "DigiCertCA"
    if not entry.is_root and index > 2 then
      name = name .. index - 1
    end
    list[index] = { name .. extension, pem({ entry }) }
  end
  return zip.pack(list, seconds)
end

local function leaf_of(chain)
  return { chain[1] }
end

local function without_root(chain)
  local list = {}
  for _, entry in ipairs(chain) do
    if not entry.is_root then
      list[#list + 1] = entry
    end
  end
  return list
end

local function all_of(chain)
  return chain
end

local ZIP = "application/zip"
local PKCS7 = "application/x-pkcs7-certificates"
local PEM = "application/x-pem-file"

-- format -> content type, extension, which certificates, how
local FORMATS = {
  default = { ZIP, ".crt", all_of, archive },
  default_pem = { ZIP, ".crt", all_of, archive },
  default_cer = { ZIP, ".cer", all_of, archive },
  apache = { ZIP, ".crt", without_root, archive },
  cer = { PKCS7, ".cer", all_of, p7b },
  p7b = { PKCS7, ".p7b", all_of, p7b },
  pem_all = { PEM, ".pem", all_of, pem },
  pem_nointermediate = { PEM, ".pem", leaf_of, pem },
  pem_noroot = { PEM, ".pem", without_root, pem },
}

-- Platforms that do not take the default format.
local PLATFORMS = { [2] = "apache", [14] = "cer", [40] = "cer", [67] = "cer",
  [68] = "cer" }

-- The format for a server platform's id.
function files.format_of(platform)
  return PLATFORMS[platform] or "default"
end

-- The answer that carries a certificate in this format; nil for a format
-- that there is none of. `chain` is a list of {subject_common_name, crt,
-- is_root}, leaf first; `seconds` the time to note in an archive.
function files.answer(format, chain, seconds)
  local row = FORMATS[format]
  if not row then
    return nil
  end
  return {
    status = 200,
    headers = {
      ["content-type"] = row[1],
      ["content-disposition"] = ('attachment; filename="%s%s"'):format(
        stem(chain[1].subject_common_name),
        row[1] == ZIP and ".zip" or row[2]),
    },
    body = row[4](row[3](chain), row[2], seconds),
  }
end

return files

-- Certificates that were issued: as files, as chains.

local ca = require("certcentral.sandbox.ca")
local files = require("certcentral.sandbox.files")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local orders = require("certcentral.sandbox.orders")

local certificates = {}

local function by_serial_number(sandbox, text)
  text = text:upper()
  for _, certificate in pairs(sandbox.certificate_by_id) do
    if certificate.issued and certificate.issued.serial_number == text then
      return certificate
    end
  end
end

-- An issued certificate by its id or serial number, its order brought up to
-- now; nil and an answer without one.
function certificates.find(sandbox, text)
  local certificate = sandbox.certificate_by_id[http.id(text)]
    or by_serial_number(sandbox, text)
  if certificate then
    life.settle(sandbox, certificate.order)
  end
  if not certificate or not certificate.issued then
    return nil, http.not_found("certificate")
  end
  return certificate
end

local function send(sandbox, certificate, format)
  return files.answer(format, life.chain(sandbox, certificate),
    sandbox.clock()) or http.invalid("format_type")
end

-- GET /certificate/{id}/download/format/{format}
function certificates.by_format(sandbox, _, parameters)
  local certificate, problem = certificates.find(sandbox, parameters.id)
  return problem or send(sandbox, certificate, parameters.format)
end

-- GET /certificate/{id}/download/platform and .../platform/{platform}
function certificates.by_platform(sandbox, _, parameters)
  local certificate, problem = certificates.find(sandbox, parameters.id)
  if problem then
    return problem
  end
  local ordered = certificate.body.server_platform
  local platform = tonumber(parameters.platform)
    or ordered and ordered.id or -1
  return send(sandbox, certificate, files.format_of(platform))
end

-- GET /certificate/download/order/{id} and .../format/{format}: the primary
-- certificate.
function certificates.by_order(sandbox, _, parameters)
  local order, problem = orders.find(sandbox, parameters.id)
  if problem then
    return problem
  elseif not order.primary then
    return http.not_found("certificate")
  end
  return send(sandbox, order.primary, parameters.format or "default")
end

-- GET /certificate/{id}/chain
function certificates.chain(sandbox, _, parameters)
  local certificate, problem = certificates.find(sandbox, parameters.id)
  return problem or http.list("intermediates",
    ca.show_chain(life.chain(sandbox, certificate)))
end

-- GET /certificate/intermediates
function certificates.intermediates(sandbox)
  return http.answer(200, { intermediates = json.array({ {
    subject_common_name = sandbox.ca.ica.common_name,
    issuer_common_name = sandbox.ca.root.common_name,
  } }) })
end

return certificates

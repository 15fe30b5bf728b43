-- Host names and addresses: what may stand on a certificate, and below which
-- domain a name lies.

local names = {}

function names.is_ip(name)
  return name:find("^%d+%.%d+%.%d+%.%d+$") ~= nil
    or name:find("^%x*:[%x:.]+$") ~= nil
end

local function is_ipv4(name)
  for octet in name:gmatch("%d+") do
    if #octet > 3 or tonumber(octet) > 255 then
      return false
    end
  end
  return true
end

local function is_host(name)
  local labels = 0
  for label in (name .. "."):gmatch("([^.]*)%.") do
    labels = labels + 1
    if #label > 63 or not label:find("^%w[%w-]*$") or label:find("-$") then
      return false
    end
  end
  return labels >= 2 and #name <= 253
end

-- True for a DNS name, a wildcard name or an IP address.
function names.is_valid(name)
  if names.is_ip(name) then
    return name:find(":", 1, true) ~= nil or is_ipv4(name)
  end
  return is_host((name:gsub("^%*%.", "")))
end

function names.is_wildcard(name)
  return name:sub(1, 2) == "*."
end

-- The name to be validated for `name`: lower case, without its wildcard.
function names.domain(name)
  return (name:lower():gsub("^%*%.", ""))
end

-- The domain one would buy: the last two labels. The sandbox knows no list
-- of public suffixes.
function names.base(name)
  local domain = names.domain(name)
  if names.is_ip(domain) then
    return domain
  end
  return domain:match("([^.]+%.[^.]+)$") or domain
end

-- True when `name` is `domain` or lies below it.
function names.is_below(name, domain)
  return name == domain
    or (not names.is_ip(name) and name:sub(-#domain - 1) == "." .. domain)
end

-- The names of an order, the common name first, each once.
function names.of_order(certificate)
  local list, seen = {}, {}
  local function add(name)
    local key = name:lower()
    if not seen[key] then
      seen[key] = true
      list[#list + 1] = key
    end
  end
  add(certificate.common_name)
  for _, name in ipairs(certificate.dns_names or {}) do
    add(name)
  end
  return list
end

return names

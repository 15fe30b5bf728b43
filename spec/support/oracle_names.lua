-- Punycode and the Public Suffix List, read from RFC 3492 and from the list's
-- own text once more. Shares nothing with the code that is tested.

local names = {}

-- ---- Punycode --------------------------------------------------------------

local DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"

local function adapt(delta, count, first)
  local k = 0
  delta = math.floor(delta / (first and 700 or 2))
  delta = delta + math.floor(delta / count)
  while delta > 455 do
    delta, k = math.floor(delta / 35), k + 36
  end
  return k + math.floor(36 * delta / (delta + 38))
end

local function threshold(k, bias)
  return math.max(1, math.min(26, k - bias))
end

--- The code points of what stands behind "xn--", or nil.
function names.decode(text)
  local codes, rest = {}, text:lower()
  local plain, digits = rest:match("^(.+)%-(.*)$")
  if plain then
    codes, rest = { plain:byte(1, -1) }, digits
  end
  local n, i, bias, at = 128, 0, 72, 1
  while at <= #rest do
    local before, weight, k = i, 1, 36
    while true do
      local digit = DIGITS:find(rest:sub(at, at), 1, true)
      if at > #rest or not digit then
        return nil
      end
      digit, at = digit - 1, at + 1
      i = i + digit * weight
      local t = threshold(k, bias)
      if i > 2 ^ 32 or weight > 2 ^ 32 then
        return nil
      elseif digit < t then
        break
      end
      weight, k = weight * (36 - t), k + 36
    end
    bias = adapt(i - before, #codes + 1, before == 0)
    n = n + math.floor(i / (#codes + 1))
    i = i % (#codes + 1)
    if n > 0x10FFFF or n >= 0xD800 and n <= 0xDFFF then
      return nil
    end
    table.insert(codes, i + 1, n)
    i = i + 1
  end
  return codes
end

local function encode_number(q, bias)
  local digits, k = {}, 36
  while true do
    local t = threshold(k, bias)
    local digit = q < t and q or t + (q - t) % (36 - t)
    digits[#digits + 1] = DIGITS:sub(digit + 1, digit + 1)
    if q < t then
      return table.concat(digits)
    end
    q, k = math.floor((q - t) / (36 - t)), k + 36
  end
end

--- What Punycode writes for these code points.
function names.encode(codes)
  local out = {}
  for _, code in ipairs(codes) do
    if code < 128 then
      out[#out + 1] = string.char(code)
    end
  end
  local basic, done = #out, #out
  if basic > 0 then
    out[#out + 1] = "-"
  end
  local n, delta, bias = 128, 0, 72
  while done < #codes do
    local least = math.huge
    for _, code in ipairs(codes) do
      if code >= n then
        least = math.min(least, code)
      end
    end
    delta, n = delta + (least - n) * (done + 1), least
    for _, code in ipairs(codes) do
      if code < n then
        delta = delta + 1
      elseif code == n then
        out[#out + 1] = encode_number(delta, bias)
        bias = adapt(delta, done + 1, done == basic)
        delta, done = 0, done + 1
      end
    end
    delta, n = delta + 1, n + 1
  end
  return table.concat(out)
end

--- Whether a label that begins with "xn--" is what Punycode writes.
function names.is_punycode(label)
  local text = label:sub(5):lower()
  local codes = names.decode(text)
  local international = false
  for _, code in ipairs(codes or {}) do
    international = international or code >= 128
  end
  return international and names.encode(codes) == text
end

-- ---- the list --------------------------------------------------------------

local LIST = "/usr/share/publicsuffix/public_suffix_list.dat"

-- A rule with letters beyond ASCII, as names have it.
local function to_ascii(rule)
  return (rule:gsub("[^.]+", function(label)
    if not label:find("[\128-\255]") then
      return label
    end
    local codes = {}
    for character in label:gmatch("[%z\1-\127\194-\244][\128-\191]*") do
      local code, bytes = character:byte(), #character
      if bytes > 1 then
        code = code % 2 ^ (7 - bytes)
        for i = 2, bytes do
          code = code * 64 + character:byte(i) % 64
        end
      end
      codes[#codes + 1] = code
    end
    return "xn--" .. names.encode(codes)
  end))
end

local rules

--- The list's ICANN part: a set of rules, and they in order; nil where the
-- list is not installed (Debian: publicsuffix).
function names.rules()
  local file = not rules and io.open(LIST, "rb")
  if file then
    rules = {}
    for line in file:lines() do
      if line:find("BEGIN PRIVATE DOMAINS", 1, true) then
        break
      elseif line:find("^[^/%s]") then
        local rule = to_ascii(line:match("^%S+"))
        rules[#rules + 1], rules[rule] = rule, true
      end
    end
    file:close()
  end
  return rules
end

--- Whether all names directly below this one are registries' to give.
function names.is_suffix(name)
  name = name:lower()
  local all = names.rules()
  return name == "gov.us" or all ~= nil and not all["!" .. name]
    and (all[name] or all["*." .. name] or
         all["*." .. (name:match("%.(.*)$") or "")]) == true
end

--- Whether no rule is for the name, so far as that is known.
function names.is_unknown(name)
  local all = names.rules()
  local rest = name:lower()
  while all ~= nil and rest do
    if all[rest] or all["*." .. rest] then
      return false
    end
    rest = rest:match("%.(.*)$")
  end
  return all ~= nil
end

return names

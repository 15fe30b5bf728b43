-- Formats of strings, read from the page and from the standards once more,
-- in plain Lua. Shares nothing with the code that is tested.

local names = require "support.oracle_names"

local formats = {}

local PLACEHOLDERS = { na = true, ["n/a"] = true, ["n.a."] = true,
                       none = true, null = true, ["nil"] = true,
                       ["not applicable"] = true, unknown = true }

--- The characters of a UTF-8 string (RFC 3629), or nil where it is none.
function formats.characters(text)
  local i, count = 1, 0
  while i <= #text do
    local b, c = text:byte(i, i + 1)
    local more
    if b < 0x80 then
      more = 0
    elseif b >= 0xC2 and b <= 0xDF then
      more = 1
    elseif b >= 0xE0 and b <= 0xEF then
      more = 2
      if b == 0xE0 and (c or 0) < 0xA0 or b == 0xED and (c or 0) > 0x9F then
        return nil
      end
    elseif b >= 0xF0 and b <= 0xF4 then
      more = 3
      if b == 0xF0 and (c or 0) < 0x90 or b == 0xF4 and (c or 0) > 0x8F then
        return nil
      end
    else
      return nil
    end
    for k = 1, more do
      local next_byte = text:byte(i + k) or 0
      if next_byte < 0x80 or next_byte > 0xBF then
        return nil
      end
    end
    i, count = i + more + 1, count + 1
  end
  return count
end

-- ---- addresses -------------------------------------------------------------

local function number_of(octets)
  return ((octets[1] * 256 + octets[2]) * 256 + octets[3]) * 256 + octets[4]
end

local function octets_of(text)
  local octets = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for i = 1, 4 do
    local digits = octets[i]
    if not digits or #digits > 3 or digits:find("^0%d")
       or tonumber(digits) > 255 then
      return nil
    end
    octets[i] = tonumber(digits)
  end
  return octets
end

-- IANA's registry of special addresses, reachable or not, and multicast and
-- what is beyond it.
local SPECIAL = {
  { "0.0.0.0", 8 }, { "10.0.0.0", 8 }, { "100.64.0.0", 10 },
  { "127.0.0.0", 8 }, { "169.254.0.0", 16 }, { "172.16.0.0", 12 },
  { "192.0.0.0", 24 }, { "192.0.2.0", 24 }, { "192.88.99.0", 24 },
  { "192.31.196.0", 24 }, { "192.52.193.0", 24 }, { "192.175.48.0", 24 },
  { "192.168.0.0", 16 }, { "198.18.0.0", 15 }, { "198.51.100.0", 24 },
  { "203.0.113.0", 24 }, { "224.0.0.0", 3 },
}

local function is_public4(text)
  local octets = octets_of(text)
  if not octets then
    return false
  end
  for _, block in ipairs(SPECIAL) do
    local size = 2 ^ (32 - block[2])
    local first = number_of(octets_of(block[1]))
    local number = number_of(octets)
    if number >= first and number < first + size then
      return false
    end
  end
  return true
end

-- The groups of one side of "::", or nil; an IPv4 tail makes two.
local function groups_of(text, last)
  local groups = {}
  if text == "" then
    return groups
  end
  for part in (text .. ":"):gmatch("([^:]*):") do
    local octets = last and octets_of(part)
    if octets and #groups + 1 == select(2, text:gsub(":", "")) + 1 then
      groups[#groups + 1] = octets[1] * 256 + octets[2]
      groups[#groups + 1] = octets[3] * 256 + octets[4]
    elseif part:find("^%x%x?%x?%x?$") then
      groups[#groups + 1] = tonumber(part, 16)
    else
      return nil
    end
  end
  return groups
end

local function groups6(text)
  local left, right = text:match("^(.-)::(.*)$")
  if not left then
    local groups = groups_of(text, true)
    return groups and #groups == 8 and groups or nil
  end
  if right:find("::", 1, true) or right:sub(1, 1) == ":" then
    return nil
  end
  local head, tail = groups_of(left, false), groups_of(right, true)
  if not head or not tail or #head + #tail > 7 then
    return nil
  end
  for _ = 1, 8 - #head - #tail do
    head[#head + 1] = 0
  end
  for _, group in ipairs(tail) do
    head[#head + 1] = group
  end
  return head
end

-- Global unicast is 2000::/3 without the blocks set aside in it.
local function is_public6(text)
  local g = groups6(text)
  if not g or g[1] < 0x2000 or g[1] > 0x3FFF then
    return false
  end
  return not (g[1] == 0x2001 and (g[2] < 0x200 or g[2] == 0xDB8)
              or g[1] == 0x2620 and g[2] == 0x4F and g[3] == 0x8000
              or g[1] == 0x2002 or g[1] == 0x3FFF and g[2] < 0x1000)
end

-- ---- names -----------------------------------------------------------------

local INTERNAL = { "local", "localhost", "internal", "lan", "test", "example",
                   "invalid", "in-addr.arpa", "ip6.arpa", "alt", "home.arpa",
                   "corp", "home", "mail", "localdomain", "intranet",
                   "private", "domain" }

local function is_label(label)
  local fourth = label:sub(3, 4) == "--"
  return #label >= 1 and #label <= 63 and label:find("^[%w-]+$") ~= nil
    and label:sub(1, 1) ~= "-" and label:sub(-1) ~= "-"
    and not (fourth and not (label:sub(1, 2):lower() == "xn"
                             and names.is_punycode(label)))
end

local function is_internal(name)
  name = "." .. name:lower()
  for _, suffix in ipairs(INTERNAL) do
    if name:sub(-#suffix - 1) == "." .. suffix then
      return true
    end
  end
  local onion = name:match("([^.]*)%.onion$")
  return onion ~= nil and not (#onion == 56 and onion:find("^[%l2-7]+$"))
end

local function is_dns_name(name)
  local labels = 0
  for label in (name .. "."):gmatch("([^.]*)%.") do
    if not is_label(label) then
      return false
    end
    labels = labels + 1
  end
  local last = name:match("[^.]*$")
  return labels >= 2 and #name <= 253 and not is_internal(name)
    and (last:find("^%a%a+$") ~= nil or last:lower():find("^xn%-%-") ~= nil)
end

function formats.is_wildcard(text)
  return text:find("^%*%..") ~= nil
end

local function is_host(text)
  if text:find(":", 1, true) and not text:find("/", 1, true) then
    return is_public6(text)
  elseif not text:find("[^%d.]") then
    return is_public4(text)
  end
  local name = text:gsub("^%*%.(.)", "%1")
  return #text <= 253 and is_dns_name(name)
    and not (name ~= text and names.is_suffix(name))
end

--- Whether a good name's top-level domain is not on the list.
function formats.is_unknown(text)
  return is_host(text) and not text:find(":", 1, true)
    and text:find("[^%d.]") ~= nil and names.is_unknown(text)
end

local function is_email(text)
  local name, domain = text:match("^([^@]*)@(.*)$")
  return name ~= nil and #text <= 254 and #name >= 1 and #name <= 64
    and not name:find("[^%w!#$%%&'*+/=?^_`{|}~.-]")
    and not ("." .. name .. "."):find("..", 1, true) and is_dns_name(domain)
end

-- ---- the others ------------------------------------------------------------

local MONTHS = { JAN = 1, FEB = 2, MAR = 3, APR = 4, MAY = 5, JUN = 6,
                 JUL = 7, AUG = 8, SEP = 9, OCT = 10, NOV = 11, DEC = 12 }
local DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_leap(year)
  return year % 400 == 0 or year % 4 == 0 and year % 100 ~= 0
end

local function days_of(year, month)
  return DAYS[month] + ((month == 2 and is_leap(year)) and 1 or 0)
end

--- Days since 1970-01-01, by counting.
function formats.day(year, month, day)
  local count = day - 1
  for m = 1, month - 1 do
    count = count + days_of(year, m)
  end
  local before = year - 1
  local leaps = math.floor(before / 4) - math.floor(before / 100)
    + math.floor(before / 400)
  return count + 365 * (year - 1970) + leaps - 477
end

local function date_of(year, month, day)
  year, day = tonumber(year), tonumber(day)
  month = MONTHS[month] or tonumber(month)
  if not year or not month or year < 1 or month < 1 or month > 12 or day < 1
     or day > days_of(year, month) then
    return nil
  end
  return formats.day(year, month, day)
end

--- The day of "09 JUN 2027", or nil; and of "2027-06-09".
function formats.read_date(text)
  local day, month, year = text:match("^(%d%d) (%u%u%u) (%d%d%d%d)$")
  return day and MONTHS[month] and date_of(year, month, day)
end

function formats.read_iso_date(text)
  local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  return year and date_of(year, month, day)
end

--- The same date, some years later; 29 February becomes 28.
function formats.add_years(today, years)
  local year = 1970 + math.floor(today / 365.2425) + 1
  while formats.day(year, 1, 1) > today do
    year = year - 1
  end
  local month = 12
  while formats.day(year, month, 1) > today do
    month = month - 1
  end
  local day = today - formats.day(year, month, 1) + 1
  return formats.day(year + years, month,
                     math.min(day, days_of(year + years, month))), year, month
end

local function is_card(text)
  if #text < 12 or #text > 19 or text:find("%D")
     or text:sub(1, 1) == "0" then
    return false
  end
  local sum = 0
  for i = 0, #text - 1 do
    local digit = tonumber(text:sub(-1 - i, -1 - i))
    if i % 2 == 1 then
      digit = digit * 2
      digit = math.floor(digit / 10) + digit % 10
    end
    sum = sum + digit
  end
  return sum % 10 == 0
end

--- Values that merely say that there is none.
function formats.is_placeholder(text)
  return text ~= "" and (not text:find("[^%-.?_ ]")
                         or PLACEHOLDERS[text:lower()] == true)
end

formats.is = {
  host = is_host, email = is_email, card = is_card,
  date = formats.read_date, iso_date = formats.read_iso_date,
  sha1 = function(text) return #text == 40 and not text:find("%X") end,
  country = function(text) return text:find("^%a%a$") ~= nil end,
  id = function(text) return not text:find("[^%w%-_.]") end,
}

return formats

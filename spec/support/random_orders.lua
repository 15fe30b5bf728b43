-- Random orders: right ones, nearly right ones, absurd ones. The same seed
-- gives the same orders with every interpreter.

local formats = require "support.oracle_formats"
local orders = require "support.orders"
local oracle = require "support.oracle_rules"

local random = {}
random.__index = random

--- A source of numbers (Park and Miller's, exact in doubles).
function random.new(seed)
  return setmetatable({ state = seed % 2147483646 + 1 }, random)
end

--- A number from 1 to `n`.
function random:below(n)
  self.state = self.state * 16807 % 2147483647
  return math.floor(self.state / 2147483647 * n) + 1
end

function random:of(list)
  return list[self:below(#list)]
end

local long = ("a"):rep(63)

-- Of each kind values that are right, and values that are nearly so.
local GOOD = {
  host = { "example.com", "www.example.com", "*.example.com", "EXAMPLE.com",
           "8.8.8.8", "2606:4700:4700::1111", "xn--bcher-kva.example.com",
           "a.b.c.d.example.org", "1a.example.net", "my-host.example.com",
           "*.example.co.uk", "example.jp", "*.github.io", "co.uk",
           "www.example.notadomain", "xn--zckzah.example.de" },
  email = { "jill@example.com", "a.b+c@example.co.uk", "x@y.example.de",
            "!#$%&'*+-/=?^_`{|}~@example.com" },
  card = { "4111111111111111", "5500005555555559", "340000000000009",
           "6011000990139424" },
  date = { "09 JUN 2027", "31 DEC 2026", "02 JUN 2026", "29 FEB 2028",
           "01 JUN 2029" },
  iso_date = { "2027-06-09", "2028-02-29", "2029-06-01" },
  sha1 = { "b71dcbaf5586d6d95fc0b7ea1c74adef4a99f960",
           "B71DCBAF5586D6D95FC0B7EA1C74ADEF4A99F960" },
  country = { "us", "DE" }, id = { "app-1", "A_b.9", ("x"):rep(64) },
}
local NEAR = {
  host = { "", "example", "example.com.", ".example.com", "a..example.com",
           "-a.example.com", "a-.example.com", "ab--c.example.com",
           "XN--a.example.com", "xn--0.example.com", "*.co.uk", "*.k12.ca.us",
           "*.gov.us", "a.home.arpa", "zmap.onion", "example.alt",
           "a.*.example.com", "*example.com", "*.", "*.com",
           "**.example.com", "exa_mple.com", "m\195\188nchen.de",
           "host.local", "LOCALHOST", "a.example", "a.Test", "x.in-addr.arpa",
           "10.0.0.1", "172.32.0.1", "172.31.255.255", "192.0.2.1",
           "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "::1",
           "2001:db8::1", "2002::1", "3fff::1", "3fff:1000::1", "fe80::1",
           "2606:4700::1::2", "2606:4700:4700:0:0:0:0:1111",
           "2606::1.2.3.4", "[2606::1]", "example.com:443", "1.2.3.4:80",
           "https://example.com/", " example.com", "example.com\n",
           "example.c0m", "example.123", long .. ".example.com",
           long .. "a.example.com", long .. ".com", ("a."):rep(30) .. "com",
           (long .. "."):rep(3) .. ("b"):rep(57) .. ".com",
           (long .. "."):rep(3) .. ("b"):rep(58) .. ".com",
           "*." .. (long .. "."):rep(3) .. ("b"):rep(57) .. ".com" },
  email = { "", "nobody", "@example.com", "a@", "a@b", "a@@b.com",
            "a b@example.com", ".a@example.com", "a.@example.com",
            "a..b@example.com", "a@*.example.com", "a@exa_mple.com",
            ("a"):rep(64) .. "@example.com", ("a"):rep(65) .. "@example.com",
            "a@" .. (long .. "."):rep(3) .. ("b"):rep(56) .. ".co",
            "a@example.1", "j\195\188rg@example.com" },
  card = { "", "4111111111111112", "4111 1111 1111 1111", "411111111111",
           "00000000000", "000000000000", "0000000000000000000",
           "00000000000000000000", "4111111111111x11" },
  date = { "", "9 JUN 2027", "09 Jun 2027", "09 jun 2027", "31 JUN 2027",
           "29 FEB 2027", "00 JAN 2027", "09 JUNE 2027", "09-JUN-2027",
           "2027-06-09", "01 JUN 2026", "31 MAY 2026", "02 JUN 2029",
           "03 JUL 2027", "04 JUL 2027", "01 JAN 0000", "31 DEC 9999",
           "09 JUN  2027", "0a JUN 2027", "09 JAX 2027" },
  iso_date = { "", "2027-6-9", "2027-06-31", "2026-06-01", "2029-06-02",
               "09 JUN 2027", "2027/06/09", "0000-01-01", "9999-12-31",
               "2027-00-10", "2027-13-10" },
  sha1 = { "", ("a"):rep(39), ("a"):rep(41), ("g"):rep(40), "12:34" },
  country = { "", "u", "usa", "u1", "\195\188" },
  id = { "", "a b", "a/b", ("x"):rep(65), "\195\188" },
}
local TEXTS = { "", "plain", "-", "n/a", "NONE", " ", "a-b", "unknown",
                "Gr\195\188\195\159e", "\240\159\148\145", "quo\"te\\",
                "two\nlines", "cr\rlf\r\n", "tab\there", "nul\0", "del\127",
                "\255", "\195", "\237\160\128", "\224\128\128", ("x"):rep(64),
                ("x"):rep(65), ("\195\188"):rep(64), ("\195\188"):rep(65),
                "organization_contact",
                "-----BEGIN PRIVATE KEY-----\n" .. ("MIIB"):rep(20) }
local ABSURD = { 0, 1, -1, 1.5, 1e15, 2 ^ 53, 1e300, -1e300, 1 / 0, true,
                 false, "", "1", {}, { 1 }, { "x" }, { a = 1 },
                 { [2] = "x" }, { "a", [3] = "b" }, print,
                 setmetatable({}, { __index = { id = 1 } }),
                 setmetatable({}, { __pairs = function() end }),
                 setmetatable({ years = 1 }, { __name = "plain" }) }
local NUMBERS = { 0, 1, 2, 3, 4, 12, 13, 99, 100, 396, 397, 398, 365, 366,
                  199, 200, 999, 1000, 1095, 1096, 2026, 2025, 2029, 9999,
                  10000, 123456, 2 ^ 31, 2 ^ 53 - 1, -1, 1.0, 0.5 }

local function right_integer(r, field)
  local min, max = field.min or -1, field.max or 5000
  return min + r:below(max - min + 1) - 1
end

-- Text that may by chance be a name, an address, a date.
local ALPHABET = { ".", ".", "-", "a", "b", "9", "0", "1", "X", "*", ":",
                   "com", "example", "@", "::", "192", "ffff", "2001", " ",
                   "JUN", "2027", "xn--" }

local function noise(r)
  local parts = {}
  for i = 1, r:below(8) do
    parts[i] = r:of(ALPHABET)
  end
  return table.concat(parts)
end

local make

local function make_list(r, field, chance)
  local items = {}
  for i = 1, r:below(3) - 1 do
    items[i] = make(r, field.of, chance)
  end
  return items
end

local function make_object(r, field, chance)
  local result = {}
  for _, entry in ipairs(field.fields) do
    if entry[2].required or r:below(100) <= chance then
      result[entry[1]] = make(r, entry[2], chance)
    end
  end
  return result
end

-- A right value, as far as one field goes.
function make(r, field, chance)
  if field.kind == "string" then
    return field.csr and orders.csr or field.choices and r:of(field.choices)
      or field.format and r:of(GOOD[field.format]) or "Text of one line"
  elseif field.kind == "integer" then
    return right_integer(r, field)
  elseif field.kind == "cvv" then
    return r:of { 0, 12, 333, 9999, "012", "000", "7391" }
  elseif field.kind == "list" then
    return make_list(r, field, chance)
  elseif field.kind == "object" then
    return make_object(r, field, chance)
  end
  return r:below(2) == 1
end

-- A value that may be wrong in the way that its kind invites.
local function spoil(r, field)
  local what = r:below(10)
  if what == 1 then
    return r:of(ABSURD)
  elseif what == 2 then
    return nil
  elseif what == 3 then
    return oracle.null
  elseif field.kind == "string" and field.format and what < 9 then
    return what == 8 and noise(r) or r:of(NEAR[field.format])
  elseif field.kind == "string" then
    return r:of(TEXTS)
  elseif field.kind == "integer" or field.kind == "flag" then
    return r:of(NUMBERS)
  elseif field.kind == "list" then
    local items = { spoil(r, field.of), make(r, field.of, 50),
                    spoil(r, field.of) }
    return r:below(4) == 1 and {} or items
  end
  return make(r, field, r:below(100))
end

local UNKNOWN = { "skip_aproval", "x", "a b", "comon_name", 1, 7 }

local function change(r, field, value)
  if type(value) ~= "table" or getmetatable(value) then
    return
  elseif r:below(12) == 1 then
    value[r:of(UNKNOWN)] = r:of(ABSURD)
    return
  end
  local entry = r:of(field.fields)
  local name, member = entry[1], entry[2]
  local inside = value[name]
  if member.kind == "object" and type(inside) == "table" and r:below(4) > 1 then
    change(r, member, inside)
  elseif member.kind == "list" and member.of.kind == "object" and
         type(inside) == "table" and type(inside[1]) == "table" and
         r:below(4) > 1 then
    change(r, member.of, inside[1])
  else
    value[name] = spoil(r, member)
  end
end

local MONTHS = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG",
                 "SEP", "OCT", "NOV", "DEC" }

-- A day as both kinds of fields have it.
local function dates(day)
  local _, year, month = formats.add_years(day, 0)
  local of_month = day - formats.day(year, month, 1) + 1
  return ("%02d %s %04d"):format(of_month, MONTHS[month], year),
    ("%04d-%02d-%02d"):format(year, month, of_month)
end

-- Days about which something changes.
local function edge(r, today, years)
  return dates(r:of { today, today + 1, today + 199, today + 200,
                      today + 397, today + 398,
                      formats.add_years(today, years),
                      formats.add_years(today, years) + 1 })
end

-- Limits that random values seldom meet.
local EDGES = {
  function(r, order, today)
    order.certificate.cert_validity = {
      custom_expiration_date = (edge(r, today, 1)) }
  end,
  function(r, order, today)
    order.order_validity = { custom_expiration_date = (edge(r, today, 3)) }
  end,
  function(r, order, today)
    order.order_validity = nil
    order.custom_expiration_date = select(2, edge(r, today, 3))
  end,
  function(r, order)
    order.certificate.cert_validity = {
      days = r:of { 46, 47, 99, 100, 199, 200, 365, 366, 367, 397, 398 } }
    order.order_validity = { days = r:of { 199, 365, 366, 396, 1095 } }
  end,
  function(r, order, today)
    local _, year, month = formats.add_years(today, 0)
    order.payment_method = "card"
    order.credit_card = {
      number = r:of(GOOD.card), cvv = 333, cardholder_name = "J V",
      expiration_year = year + r:below(3) - 2,
      expiration_month = math.max(1, math.min(12, month + r:below(3) - 2)) }
  end,
  function(r, order)
    local names = {}
    for i = 1, 248 + r:below(4) do
      names[i] = ("n%d.example.com"):format(i)
    end
    order.certificate.dns_names = names
  end,
  function(r, order)
    order.certificate.common_name = r:of(NEAR.host)
    order.certificate.dns_names = { r:of(NEAR.host), r:of(GOOD.host),
                                    noise(r) }
  end,
  function(r, order)
    order.organization.name = r:of(TEXTS)
    order.organization.country = r:of(NEAR.country)
  end,
}

--- An order: right but for what its fields have with each other, then
-- changed at none to six places.
-- @param now the moment that it will be judged by
function random:order(now)
  local order = make_object(self, oracle.form, self:of { 0, 5, 20, 50 })
  order.order_validity = order.order_validity or { years = self:below(3) }
  if self:below(3) > 1 then -- one organization, or a new one
    local contacts = order.organization.contacts
    order.organization = { id = 5, contacts = contacts }
  end
  if order.payment_method ~= "card" and self:below(4) > 1 then
    order.credit_card = nil
  end
  if self:below(3) == 1 then
    self:of(EDGES)(self, order, math.floor(now / 86400))
  end
  for _ = 1, self:of { 0, 0, 1, 2, 3, 6 } do
    change(self, oracle.form, order)
  end
  return order
end

-- Products that there are, and names that are nearly theirs.
local PRODUCTS = { "ssl_securesite_flex", "ssl_basic", "ssl", "ssl_ev_basic",
                   "ssl_ev_securesite_multi_domain", "cloud_dv_geotrust",
                   "ssl_dv_geotrust_flex", "private_ssl_plus",
                   "ssl_thawte_webserver", "wildcard_dv_rapidssl",
                   "ssl_securesite_pro", "ssl_cloud_wildcard",
                   "ssl_ev_wildcard", "ssl_basic_flex", "SSL_BASIC", "ssl_",
                   "ssl_dv", "private_ssl", "securesite_flex", "" }

function random:options()
  return {
    product = self:below(4) == 1 and self:of(PRODUCTS) or nil,
    now = self:of { orders.NOW, orders.NOW, orders.at("2024-02-29"),
                    orders.at("2027-03-15", 0), orders.at("2027-03-14", 23),
                    orders.at("2029-03-15"), orders.at("2026-12-31"), 0 },
    strict = self:below(5) == 1,
    allow_unknown = self:below(3) == 1,
    check_csr = false,
  }
end

return random

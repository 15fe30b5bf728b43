-- Dates of HTTP headers and of the API's answers.

local http_date = require "certcentral.client.http_date"
local random = require "support.random"

local NOVEMBER = 784111777 -- 1994-11-06T08:49:37Z

local headers = {
  -- the three forms of RFC 9110, section 5.6.7
  { "Sun, 06 Nov 1994 08:49:37 GMT", NOVEMBER },
  { "Sunday, 06-Nov-94 08:49:37 GMT", NOVEMBER },
  { "Sun Nov  6 08:49:37 1994", NOVEMBER },
  { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
  { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
  { "Fri, 01 Mar 2024 00:00:00 GMT", 1709251200 },
  { "Tuesday, 19-Jan-38 03:14:07 GMT", 2147483647 },
  { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 }, -- a leap second
  { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
  -- the name of another day than it was
  { "Mon, 06 Nov 1994 08:49:37 GMT", NOVEMBER },
  { "Sun, 06 Nov 1994 08:49:37 CET" }, { "Sun, 06 Nvm 1994 08:49:37 GMT" },
  { "06 Nov 1994" }, { "" }, { "120" }, { "soon" },
  { "Sun, 06 Nov 1994 08:49:37 GMT, again" },
  -- what does not exist
  { "Thu, 32 Jan 2026 00:00:00 GMT" }, { "Thu, 00 Jan 2026 00:00:00 GMT" },
  { "Sun, 31 Apr 2026 00:00:00 GMT" }, { "Sun, 31 Jun 2026 00:00:00 GMT" },
  { "Sun, 31 Sep 2026 00:00:00 GMT" }, { "Sun, 31 Nov 2026 00:00:00 GMT" },
  { "Mon, 29 Feb 2027 00:00:00 GMT" }, { "Mon, 29 Feb 2100 00:00:00 GMT" },
  { "Mon, 30 Feb 2028 00:00:00 GMT" }, { "Monday, 29-Feb-27 00:00:00 GMT" },
  { "Mon Feb 29 00:00:00 2027" }, { "Sun Apr 31 00:00:00 2026" },
  { "Tue, 24 Nov 2026 99:99:99 GMT" }, { "Tue, 24 Nov 2026 24:00:00 GMT" },
  { "Tue, 24 Nov 2026 00:60:00 GMT" }, { "Tue, 24 Nov 2026 00:00:61 GMT" },
  { "Tue, 24 Nov 2026 12:30:60 GMT" }, { "Tuesday, 24-Nov-26 24:00:00 GMT" },
  { "Tue Nov 24 23:60:00 2026" }, { "Tue, 24 Nov 0000 00:00:00 GMT" },
  { "Tue, 24 Nov 126 00:00:00 GMT" }, { "Tue, 24 Nov 12026 00:00:00 GMT" },
  { "Tue, 124 Nov 2026 00:00:00 GMT" }, { "Tue, 24 Nov 2026 1:02:03 GMT" },
  { "Tue, 24 Nov 2026 001:02:03 GMT" },
  -- names of no day
  { "Foo, 24 Nov 2026 00:00:00 GMT" }, { "Thirsday, 24-Nov-26 00:00:00 GMT" },
  { "TUE, 24 Nov 2026 00:00:00 GMT" }, { "T, 24 Nov 2026 00:00:00 GMT" },
  { "Foo Nov 24 00:00:00 2026" },
}

local iso = {
  { "1994-11-06T08:49:37+00:00", NOVEMBER },
  { "1994-11-06T08:49:37Z", NOVEMBER },
  { "1994-11-06T08:49:37", NOVEMBER },
  { "1994-11-06T08:49:37.123Z", NOVEMBER },
  { "1994-11-06T10:19:37+01:30", NOVEMBER },
  { "1994-11-06T01:49:37-0700", NOVEMBER },
  { "1994-11-07T08:48:37+23:59", NOVEMBER },
  { "2016-12-31T23:59:60Z", 1483228800 },
  { "2016-12-31T16:59:60-07:00", 1483228800 },
  { "2028-02-29T00:00:00Z", 1835395200 },
  { "1994-11-06" }, { "1994-11-06T08:49:37 MST" }, { "" }, { "yesterday" },
  -- what does not exist
  { "2027-13-01T00:00:00Z" }, { "2027-00-01T00:00:00Z" },
  { "2027-01-00T00:00:00Z" }, { "2027-01-32T00:00:00Z" },
  { "2027-02-29T00:00:00Z" }, { "2100-02-29T00:00:00Z" },
  { "2027-04-31T00:00:00Z" }, { "0000-01-01T00:00:00Z" },
  { "2027-01-01T24:00:00Z" }, { "2027-01-01T99:99:99Z" },
  { "2027-01-01T00:60:00Z" }, { "2027-01-01T00:00:61Z" },
  { "2027-01-01T12:00:60Z" }, { "2016-12-31T23:59:60-07:00" },
  { "2027-01-01T00:00:00+24:00" }, { "2027-01-01T00:00:00+01:60" },
  { "2027-01-01T00:00:00-99:99" }, { "2027-01-01T00:00:00+1" },
  { "2027-01-01T00:00:000Z" }, { "2027-01-01T00:00:00.Z" },
  { "2027-01-01T00:00:00..5Z" }, { "2027-1-01T00:00:00Z" },
}

for name, cases in pairs { parse = headers, parse_iso = iso } do
  describe("http_date." .. name, function()
    for _, case in ipairs(cases) do
      it((case[2] and "reads '" or "does not read '") .. case[1] .. "'",
         function()
        assert.are.equal(case[2], http_date[name](case[1], 1764000000))
      end)
    end
  end)
end

describe("http_date.parse", function()
  it("reads what the C library writes", function()
    local chance = random.new(1)
    for _ = 1, 2000 do
      local time = chance(2147483647) * 2
      for _, form in ipairs { "!%a, %d %b %Y %H:%M:%S GMT",
                              "!%a %b %d %H:%M:%S %Y" } do
        local text = os.date(form, time)
        assert.are.equal(time, http_date.parse(text), text)
      end
      local text = os.date("!%A, %d-%b-%y %H:%M:%S GMT", time)
      for _, now in ipairs { time, time + 49 * 365 * 86400,
                             time - 49 * 365 * 86400 } do
        assert.are.equal(time, http_date.parse(text, now), text)
      end
    end
  end)

  -- RFC 9110, 5.6.7: what would be more than 50 years ahead is in the past.
  -- two digits of a 24 Nov, the time now, the year
  local years = {
    { "70", "2026-11-24T00:00:00Z", 2070 },
    { "75", "2026-11-24T00:00:00Z", 2075 },
    { "76", "2026-11-24T00:00:00Z", 2076 }, -- on the day itself
    { "76", "2026-11-23T23:59:59Z", 1976 }, -- a second too early
    { "77", "2026-11-24T00:00:00Z", 1977 },
    { "94", "2026-11-24T00:00:00Z", 1994 },
    { "99", "2026-11-24T00:00:00Z", 1999 },
    { "00", "2026-11-24T00:00:00Z", 2000 },
    { "26", "2026-11-24T00:00:00Z", 2026 },
    { "38", "1999-12-31T23:59:59Z", 2038 },
    { "38", "1987-12-31T23:59:59Z", 2038 - 100 },
    { "10", "2090-01-01T00:00:00Z", 2110 },
    { "50", "2099-12-31T00:00:00Z", 2050 },
    { "69", "1970-01-01T00:00:00Z", 1969 },
    { "20", "1970-01-01T00:00:00Z", 1920 },
  }
  for _, case in ipairs(years) do
    it(("reads the year %s, seen from %s, as %d"):format(
       (table.unpack or unpack)(case)), function()
      local text = ("Tuesday, 24-Nov-%s 00:00:00 GMT"):format(case[1])
      assert.are.equal(
        http_date.parse_iso(("%d-11-24T00:00:00Z"):format(case[3])),
        http_date.parse(text, http_date.parse_iso(case[2])))
    end)
  end

  it("reads a leap day by the year that it is in", function()
    local now = http_date.parse_iso "2026-11-24T00:00:00Z"
    assert.are.equal(http_date.parse_iso "2076-02-29T12:00:00Z",
                     http_date.parse("Monday, 29-Feb-76 12:00:00 GMT", now))
    assert.is_nil(http_date.parse("Monday, 29-Feb-75 12:00:00 GMT", now))
  end)
end)

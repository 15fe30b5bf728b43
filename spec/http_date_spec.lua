-- Dates of HTTP headers and of the API's answers.

local http_date = require "certcentral.http_date"

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
  { "Sun, 06 Nov 1994 08:49:37 CET" }, { "Sun, 06 Nvm 1994 08:49:37 GMT" },
  { "06 Nov 1994" }, { "" }, { "120" }, { "soon" },
  { "Sun, 06 Nov 1994 08:49:37 GMT, again" },
}

local iso = {
  { "1994-11-06T08:49:37+00:00", NOVEMBER },
  { "1994-11-06T08:49:37Z", NOVEMBER },
  { "1994-11-06T08:49:37", NOVEMBER },
  { "1994-11-06T08:49:37.123Z", NOVEMBER },
  { "1994-11-06T10:19:37+01:30", NOVEMBER },
  { "1994-11-06T01:49:37-0700", NOVEMBER },
  { "1994-11-06" }, { "1994-11-06T08:49:37 MST" }, { "" }, { "yesterday" },
}

for name, cases in pairs { parse = headers, parse_iso = iso } do
  describe("http_date." .. name, function()
    for _, case in ipairs(cases) do
      it((case[2] and "reads '" or "does not read '") .. case[1] .. "'",
         function()
        assert.are.equal(case[2], http_date[name](case[1]))
      end)
    end
  end)
end

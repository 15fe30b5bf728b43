-- Each text that the library has for people is heard when the quick specs run,
-- or is in another spec, or in spec/cases/messages.lua with the reason.
local reasons = require "cases.messages"
local texts = require "support.texts"

local LUA = os.getenv "CERTCENTRAL_TEST_LUA" or "lua5.4"
local PRELOAD = os.getenv "CERTCENTRAL_TEST_PRELOAD" or ""

local function heard()
  local list = {}
  local output = assert(io.popen(("LD_PRELOAD='%s' '%s' spec/messages.lua")
    :format(PRELOAD, LUA)))
  for line in output:lines() do
    list[#list + 1] = line:match("^[^\t]*\t[^\t]*\t([^\t]*)")
  end
  output:close()
  return list
end

describe("the messages", function()
  local found = texts.all()

  it("are all reached by a test", function()
    local missing = {}
    local messages = heard()
    assert.is_true(#messages > 500)
    for _, text in ipairs(texts.unheard(found, messages)) do
      local reason = reasons[text.path]
      if not (reason and reason[text.text]) then
        missing[#missing + 1] = text.path .. ": " .. text.text
      end
    end
    assert.are.same({}, missing)
  end)

  it("that are not reached are still there", function()
    local known = {}
    for _, text in ipairs(found) do
      known[text.path .. ": " .. text.text] = true
    end
    for path, list in pairs(reasons) do
      for text in pairs(list) do
        local line = path .. ": " .. text
        assert.is_true(known[line], line)
      end
    end
  end)
end)

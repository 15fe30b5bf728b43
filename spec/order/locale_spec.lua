-- Whatever locale the host has set, letters and numbers of protocols are
-- those of the C locale.

local lfs = require "lfs"

local preload = os.getenv("CERTCENTRAL_TEST_PRELOAD") or ""
local interpreter = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"

-- In the first one "i" and "I" are no pair; the others write no point.
local LOCALES = { "tr_TR", "ps_AF", "de_DE" }

describe("a locale of the host's", function()
  local directory, built = os.tmpname(), {}
  os.remove(directory)

  setup(function()
    assert(lfs.mkdir(directory))
    for _, name in ipairs(LOCALES) do
      os.execute(("localedef -i %s -f UTF-8 %s/%s.UTF-8 2>/dev/null "
        .. ">/dev/null"):format(name, directory, name))
      built[name] = lfs.attributes(("%s/%s.UTF-8/LC_CTYPE"):format(directory,
        name), "mode") ~= nil
    end
  end)

  teardown(function()
    os.execute("rm -rf " .. directory)
  end)

  local function run(locale)
    local pipe = assert(io.popen(("LOCPATH=%s LD_PRELOAD='%s' "
      .. "ASAN_OPTIONS=detect_leaks=0 %s spec/support/locale_process.lua %s "
      .. "2>&1"):format(directory, preload, interpreter, locale)))
    local text = pipe:read("*a")
    pipe:close()
    return text
  end

  it("that is C is what the others are compared with", function()
    local text = run("C")
    assert.is_truthy(text:find("C=IT", 1, true), text)
    assert.is_truthy(text:find("%\tinfo%.example%.com\t"), text)
    assert.is_truthy(text:find('"zy":-2.5e-07,"zz":1.5}', 1, true), text)
    assert.is_truthy(text:find("got 1.5", 1, true), text)
    local _, refused = text:gsub("is set by the transport", "")
    assert.are.equal(4, refused)
  end)

  for _, name in ipairs(LOCALES) do
    it(name .. " changes nothing", function()
      if not built[name] then
        return pending("this system has no source of that locale")
      end
      assert.are.equal(run("C"), run(name .. ".UTF-8"))
    end)
  end
end)

-- What `make check` finds in files that are planted: arrows between rooms that
-- are not allowed, and circles.

local files = require "support.files"
local rooms = require "check_rooms"

local function line_of(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read("*l")
  pipe:close()
  return line
end

-- The messages for files, each by its path.
local function found(check, planted)
  local dir, messages = line_of("mktemp -d"), {}
  for path, text in pairs(planted) do
    os.execute(("mkdir -p '%s/%s'"):format(dir, path:match("^(.*)/")))
    files.write(dir .. "/" .. path, text)
  end
  check(dir, function(message)
    messages[#messages + 1] = message
  end)
  os.execute(("rm -r '%s'"):format(dir))
  table.sort(messages)
  return messages
end

local C = {
  { "nothing in rooms that see what they may", {
      ["core/form.h"] = "int dcc_form(void);\n",
      ["core/form.c"] = '#include "form.h"\nint dcc_form(void)\n{\n}\n',
      ["binding/lcc_core.c"] = '#include <lua.h>\n'
        .. '#include "../core/form.h"\n',
    }, {} },
  { "an arrow upward", {
      ["core/form.c"] = '#include "../x509/dcc_csr.h"\n',
      ["x509/dcc_csr.h"] = "\n",
    }, { "csrc/core/form.c includes ../x509/dcc_csr.h: core must not see x509"
    } },
  { "a library in another room than its own", {
      ["file/lock.c"] = "#include <openssl/rand.h>\n",
    }, { "csrc/file/lock.c includes <openssl/rand.h>, which is for x509 alone"
    } },
  { "C that requires a module", {
      ["binding/lcc_csr.c"] = 'lua_getglobal(L, "require");\n',
    }, { "csrc/binding/lcc_csr.c requires a module: that is for Lua" } },
  { "a room that nobody has a rule for", {
      ["attic/box.c"] = "\n",
    }, { "csrc/attic/box.c is in a room without a rule" } },
  { "a circle of headers", {
      ["core/a.h"] = '#include "b.h"\n', ["core/a.c"] = '#include "a.h"\n',
      ["core/b.h"] = "\n", ["core/b.c"] = '#include "b.h"\n#include "a.h"\n',
    }, { "a circle: core/a -> core/b -> core/a" } },
  { "a circle of calls under one header", {
      ["x509/all.h"] = "int dcc_a(int i);\nint dcc_b(int i);\n",
      ["x509/a.c"] = '#include "all.h"\nint dcc_a(int i)\n{\n'
        .. "  return dcc_b(i);\n}\n",
      ["x509/b.c"] = '#include "all.h"\nint dcc_b(int i)\n{\n'
        .. "  return dcc_a(i);\n}\n",
    }, { "a circle: x509/a -> x509/b -> x509/a" } },
  { "no circle where a comment names a function", {
      ["x509/a.c"] = "int dcc_a(int i)\n{\n  return dcc_b(i);\n}\n",
      ["x509/b.c"] = "/* as dcc_a() has it */\nint dcc_b(int i)\n{\n}\n",
    }, {} },
}

local LUA = {
  { "nothing in rooms that see what they may", {
      ["certcentral/init.lua"] = 'require "certcentral.client"\n',
      ["certcentral/client/init.lua"] = 'require "certcentral.order.json"\n',
      ["certcentral/order/json.lua"] = 'require "cjson"\n',
    }, {} },
  { "an arrow from the order to the client", {
      ["certcentral/order/json.lua"] = '  require("certcentral.client.call")\n',
      ["certcentral/client/call.lua"] = "\n",
    }, { "certcentral.order.json requires certcentral.client.call: order must "
         .. "not see client" } },
  { "an arrow to the sandbox", {
      ["certcentral/date.lua"] = "local x = require 'certcentral.sandbox'\n",
      ["certcentral/sandbox/init.lua"] = "\n",
    }, { "certcentral.date requires certcentral.sandbox: files must not see "
         .. "sandbox" } },
  { "an arrow from the sandbox", {
      ["certcentral/sandbox/init.lua"] = 'require "certcentral.date"\n',
      ["certcentral/date.lua"] = "\n",
    }, { "certcentral.sandbox requires certcentral.date: sandbox must not see "
         .. "files" } },
  { "a circle, one of whose arrows comes later", {
      ["certcentral/a.lua"] = 'require "certcentral.b"\n',
      ["certcentral/b.lua"] = 'return function()\n'
        .. '  return require("certcentral.a")\nend\n',
    }, { "a circle: certcentral.a -> certcentral.b -> certcentral.a" } },
  { "who requires the face, but for the prompt", {
      ["certcentral/init.lua"] = "\n",
      ["certcentral/repl.lua"] = 'require "certcentral"\n',
      ["certcentral/date.lua"] = 'require "certcentral"\n',
    }, { "certcentral.date requires certcentral, the face" } },
}

describe("the check of rooms", function()
  for _, case in ipairs(C) do
    it("finds in C " .. case[1], function()
      assert.are.same(case[3], found(rooms.check_c, case[2]))
    end)
  end

  for _, case in ipairs(LUA) do
    it("finds in Lua " .. case[1], function()
      assert.are.same(case[3], found(rooms.check_lua, case[2]))
    end)
  end

  it("finds nothing in this repository", function()
    local messages = {}
    local function say(message)
      messages[#messages + 1] = message
    end
    rooms.check_c("csrc", say)
    rooms.check_lua("lua", say)
    assert.are.same({}, messages)
  end)
end)

-- luacheck: globals arg
-- Runs the specs with the interpreter that runs this file: all of them, or
-- those that are named.
local files = #arg > 0 and arg or { "spec" }
arg = { [0] = "busted", "--output=spec/support/totals.lua", "--pattern=_spec",
        "--shuffle-files", (table.unpack or unpack)(files) }
require "busted.runner"({ standalone = false })

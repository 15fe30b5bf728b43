-- What `make check` looks for in Lua.
std = "max"
codes = true
exclude_files = { "lua/certcentral/meta.lua" } -- for editors alone

-- Specs run under busted; what measures runs alone.
files["spec"] = { std = "max+busted" }
files["spec/bench"] = { std = "max" }

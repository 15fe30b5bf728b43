-- What `make check` looks for in Lua.
std = "max"
codes = true

-- Specs run under busted; what measures runs alone.
files["spec"] = { std = "max+busted" }
files["spec/bench"] = { std = "max" }

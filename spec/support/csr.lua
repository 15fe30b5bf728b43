-- Certificate requests to test with: `csr.rsa2048` is the text of
-- cases/csr/good/rsa2048.pem, and so on ("-" in a file's name is "_" here).
-- All but the hand-built are for example.com. A name without a file raises.

local lfs = require "lfs"
local read = require("support.files").read

local here = debug.getinfo(1, "S").source:match("^@(.*)support[/\\]csr%.lua$")
local cases = assert(here, "support/csr.lua was loaded from no file")
  .. "cases/csr/"

local csr = {}

-- The cases of a kind ("good" or "bad") in order of their names: a list of
-- { name, pem, message }, the message of bad ones alone.
function csr.cases(kind)
  local directory, list = cases .. kind .. "/", {}
  for file in lfs.dir(directory) do
    local name = file:match("^(.*)%.pem$")
    if name then
      list[#list + 1] = {
        name = name,
        pem = read(directory .. file),
        message = kind == "bad"
          and read(directory .. name .. ".txt"):gsub("%s+$", "") or nil,
      }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

return setmetatable(csr, {
  __index = function(_, name)
    return read(cases .. "good/" .. name:gsub("_", "-") .. ".pem")
  end,
})

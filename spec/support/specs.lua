-- The specs, each in the folder of what it speaks of; their names are unique.

local files = require "support.files"

local specs = {}

local root = debug.getinfo(1, "S").source
  :match("^@(.*)support[/\\]specs%.lua$")

specs.root = root -- the directory of all of this, with a slash

--- Where a spec is, by its name without "_spec.lua"; or nil.
function specs.path(name)
  local pipe = assert(io.popen(("find '%s' -name '%s_spec.lua'")
    :format(root == "" and "." or root, name)))
  local path = pipe:read("*l")
  pipe:close()
  return path
end

--- Its text; or nil.
function specs.text(name)
  local path = specs.path(name)
  return path and files.read(path)
end

return specs

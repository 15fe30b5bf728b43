-- Writes Lua files as C: their text, for what luac makes fits one Lua only.
--
--   embed.lua FILE... >embedded.c
--
-- FILE as in lua/certcentral/place.lua: what comes after the first directory
-- is the module's name and that of its chunk.

local BYTES = 16 -- in a line

local function module_of(name)
  return (name:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", "."))
end

local function write_text(number, text)
  io.write(("static const unsigned char text%d[] = {\n"):format(number))
  for at = 1, #text, BYTES do
    io.write((text:sub(at, at + BYTES - 1):gsub(".", function(byte)
      return ("%d,"):format(byte:byte())
    end)), "\n")
  end
  io.write("0};\n")
end

io.write('#include "lcc_embedded.h"\n')
local rows = {}
for i, path in ipairs(arg) do
  local file = assert(io.open(path, "rb"))
  local name = assert(path:match("^[^/]+/(.+)$"), path)
  write_text(i, file:read("*a"))
  file:close()
  rows[i] = ('  { "%s", "@%s", text%d, sizeof text%d - 1 },\n'):format(
    module_of(name), name, i, i)
end
io.write("const lcc_embedded lcc_embedded_files[] = {\n", table.concat(rows),
         "  { NULL, NULL, NULL, 0 }\n};\n")

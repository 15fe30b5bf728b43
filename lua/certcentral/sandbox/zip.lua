-- Zip archives of small files, stored and not compressed.

local bits = require("certcentral.sandbox.bits")

local zip = {}

local POLYNOMIAL = 0xedb88320

-- Four bits at a time: a table of 16 is quick to make.
local TABLE = {}
for index = 0, 15 do
  local value = index
  for _ = 1, 4 do
    local half = math.floor(value / 2)
    value = value % 2 == 1 and bits.xor(half, POLYNOMIAL) or half
  end
  TABLE[index] = value
end

local function step(crc, nibble)
  return bits.xor(math.floor(crc / 16),
    TABLE[bits.xor(crc % 16, nibble)])
end

-- The CRC-32 of a text.
function zip.crc32(text)
  local crc = 0xffffffff
  for index = 1, #text do
    local byte = text:byte(index)
    crc = step(step(crc, byte % 16), math.floor(byte / 16))
  end
  return bits.xor(crc, 0xffffffff)
end

local function number(value, size)
  local bytes = {}
  for index = 1, size do
    bytes[index] = string.char(value % 256)
    value = math.floor(value / 256)
  end
  return table.concat(bytes)
end

-- Date and time as MS-DOS wrote them, in UTC.
local function moment(seconds)
  local now = os.date("!*t", math.floor(seconds))
  return number(now.hour * 2048 + now.min * 32
    + math.floor(now.sec / 2), 2) .. number((math.max(now.year, 1980) - 1980)
    * 512 + now.month * 32 + now.day, 2)
end

-- An archive of `files`, a list of {name, text}, made at `seconds`.
function zip.pack(files, seconds)
  local data, directory, offset = {}, {}, 0
  for _, file in ipairs(files) do
    local name, text = file[1], file[2]
    local about = number(20, 2) .. number(0, 4) .. moment(seconds)
      .. number(zip.crc32(text), 4) .. number(#text, 4) .. number(#text, 4)
      .. number(#name, 2) .. number(0, 2)
    local entry = "PK\3\4" .. about .. name .. text
    data[#data + 1] = entry
    directory[#directory + 1] = "PK\1\2" .. number(20, 2) .. about
      .. number(0, 10) .. number(offset, 4) .. name
    offset = offset + #entry
  end
  local index = table.concat(directory)
  return table.concat(data) .. index .. "PK\5\6" .. number(0, 4)
    .. number(#files, 2) .. number(#files, 2) .. number(#index, 4)
    .. number(offset, 4) .. number(0, 2)
end

return zip

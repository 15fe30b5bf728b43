-- DER: as much of it as requests and certificate bundles need.

local der = {}

-- Reads the element at `at` (default 1). Returns its tag, its content, where
-- the next element starts, and the whole element; nil when there is none.
function der.read(text, at)
  at = at or 1
  local tag, length = text:byte(at, at + 1)
  if not length then
    return nil
  end
  local from = at + 2
  if length >= 128 then
    local count = length - 128
    if count < 1 or count > 3 or #text < from + count - 1 then
      return nil
    end
    length = 0
    for index = from, from + count - 1 do
      length = length * 256 + text:byte(index)
    end
    from = from + count
  end
  local after = from + length
  if after - 1 > #text then
    return nil
  end
  return tag, text:sub(from, after - 1), after, text:sub(at, after - 1)
end

-- The elements of a content as a list of {tag, content, whole}; nil when it
-- does not end where an element ends.
function der.list(content)
  local list, at = {}, 1
  while at <= #content do
    local tag, inner, after, whole = der.read(content, at)
    if not tag then
      return nil
    end
    list[#list + 1] = { tag = tag, content = inner, whole = whole }
    at = after
  end
  return list
end

local function length_bytes(length)
  if length < 128 then
    return string.char(length)
  end
  local bytes = ""
  while length > 0 do
    bytes = string.char(length % 256) .. bytes
    length = math.floor(length / 256)
  end
  return string.char(128 + #bytes) .. bytes
end

-- An element of this tag around the parts.
function der.element(tag, ...)
  local content = table.concat({ ... })
  return string.char(tag) .. length_bytes(#content) .. content
end

-- Bytes written as hexadecimal digits.
function der.bytes(hex)
  return (hex:gsub("%x%x", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- Hexadecimal digits of bytes.
function der.hex(text)
  return (text:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  .. "0123456789+/"

local function digits(a, b, c)
  local value, text = a * 65536 + (b or 0) * 256 + (c or 0), ""
  for _ = 1, 4 do
    local index = value % 64 + 1
    text, value = DIGITS:sub(index, index) .. text, math.floor(value / 64)
  end
  return c and text or b and text:sub(1, 3) .. "=" or text:sub(1, 2) .. "=="
end

-- Bytes as PEM with this label.
function der.pem(label, bytes)
  local base64 = bytes:gsub("..?.?", function(three)
    return digits(three:byte(1, 3))
  end)
  local lines = base64:gsub(("."):rep(64), "%0\n"):gsub("\n$", "")
  return ("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(label, lines,
    label)
end

der.SEQUENCE, der.SET, der.INTEGER, der.BIT_STRING, der.OID =
  0x30, 0x31, 0x02, 0x03, 0x06

return der

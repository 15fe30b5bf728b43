--- What must not be shown to anybody, and how it is found in what a person or
-- a log is to read.

local core = require "certcentral.core"

local secrets = { HIDDEN = "[hidden]" }

local HIDDEN = secrets.HIDDEN
local CARD_MIN, CARD_MAX = 12, 19 -- digits of a card number: ISO/IEC 7812
local KEY_MIN = 8 -- characters; a shorter one is no API key

-- What is secret by its name, in small letters and without other signs.
local NAMES = { "apikey", "devkey", "passw", "passphrase", "secret",
                "privatekey", "authorization", "cardnumber", "cvv", "cvc" }
local exact

--- Whether the value of a member of this name is a secret.
function secrets.is_name(name)
  if type(name) ~= "string" then
    return false
  end
  if not exact then
    exact = {}
    for _, row in ipairs(core.fields()) do
      if row.secret then
        exact[row.path:match("[^.]+$")] = true
      end
    end
  end
  local plain = core.lower(name):gsub("[^%l%d]", "")
  for _, part in ipairs(NAMES) do
    if plain:find(part, 1, true) then
      return true
    end
  end
  return exact[name] or false
end

-- The check digit of a card number: ISO/IEC 7812-1, annex B.
local function passes_luhn(digits)
  local sum = 0
  for i = 1, #digits do
    local digit = tonumber(digits:sub(-i, -i))
    digit = i % 2 == 0 and digit * 2 or digit
    sum = sum + (digit > 9 and digit - 9 or digit)
  end
  return sum % 10 == 0
end

local function hide_card(run)
  local digits, tail = run:gsub("[ -]", ""), run:match("[ -]*$")
  if #digits >= CARD_MIN and #digits <= CARD_MAX and passes_luhn(digits) then
    return HIDDEN .. tail
  end
end

--- A text without card numbers.
function secrets.hide_cards(text)
  return (text:gsub("%d[%d -]+", hide_card))
end

local function hide_key(text, key)
  local at, to = text:find(key, 1, true)
  while at do
    text = text:sub(1, at - 1) .. HIDDEN .. text:sub(to + 1)
    at, to = text:find(key, at + #HIDDEN, true)
  end
  return text
end

--- A text without what looks like a secret: a card number, a private key, the
-- API key of the environment.
function secrets.hide(text)
  if text:find("PRIVATE KEY", 1, true) then
    return HIDDEN
  end
  local key = os.getenv("CERTCENTRAL_API_KEY") or ""
  return secrets.hide_cards(#key >= KEY_MIN and hide_key(text, key) or text)
end

return secrets

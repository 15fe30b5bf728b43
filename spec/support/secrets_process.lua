-- For csrc/test/lua_secrets.c: goes through the library with a key, a card
-- and a private key that it would know again, and prints all that the library
-- lets it see of them: messages, events, journal, tables, what tostring makes
-- of things. Then it closes everything, and tells which of the secrets are
-- still in memory.
--
-- arguments: base URL, CA file, journal, file for a key; "proxy" where the
-- client is to go by the environment and the order is all

local canary, found, watch_file = canary, found, watch_file -- luacheck: ignore
local url, ca_file, journal_name, key_name, only_order = arg[1], arg[2],
  arg[3], arg[4], arg[5]

local certcentral = require "certcentral"
local orders = require "support.orders"

local NOW = { now = orders.NOW, check_csr = false, once = false }

-- Prints all strings in a value, as a curious script would.
local function show(value, seen)
  seen = seen or {}
  print(tostring(value))
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for name, item in next, value do
      show(name, seen)
      show(item, seen)
    end
  end
end

local function card_order(changes)
  local order = orders.with {
    payment_method = "card",
    credit_card = { number = canary(2), cvv = 737, expiration_month = 1,
                    expiration_year = 2099, cardholder_name = canary(3) },
    billing_address = { address = "1 Street", city = "Lehi",
                        country = "us" },
    alternative_order_id = "secrets-1",
  }
  for path, value in pairs(changes or {}) do
    orders.set(order, path, value)
  end
  return order
end

local function private_key()
  return "-----BEGIN PRIVATE KEY-----\n" .. canary(4)
    .. "\n-----END PRIVATE KEY-----\n"
end

-- Orders that are wrong in every member that holds a secret, or put one where
-- none belongs.
local function wrong_orders()
  local text, holder = canary(2), canary(3)
  return {
    card_order { ["credit_card.number"] = text .. "0" },
    card_order { ["credit_card.number"] = { text } },
    card_order { ["credit_card.cvv"] = text },
    card_order { ["credit_card.expiration_month"] = text },
    card_order { ["credit_card.expiration_year"] = text },
    card_order { ["credit_card.cardholder_name"] = holder .. "\1" },
    card_order { ["credit_card.cardholder_name"] = { holder } },
    card_order { ["credit_card"] = text },
    card_order { ["credit_card.numbr"] = text },
    card_order { ["payment_method"] = "balance" },
    card_order { ["certificate.csr"] = private_key() },
    card_order { ["comments"] = private_key() },
    card_order { ["certificate.common_name"] = private_key() },
    card_order { ["custom_fields"] = { { metadata_id = 1,
                                         value = private_key() } } },
  }
end

local function show_validation()
  for _, order in ipairs(wrong_orders()) do
    for _, options in ipairs { NOW, { strict = true, now = orders.NOW },
        { allow_unknown = true, check_csr = false, now = orders.NOW } } do
      show { certcentral.validate(order, options) }
      show { certcentral.encode(order, options) == nil }
    end
    show(certcentral.redact(order))
  end
  show(certcentral.redact(card_order()))
  print(certcentral.help(), certcentral.help("credit_card"))
end

local function new_client()
  return assert(certcentral.new {
    api_key = canary(1), base_url = url, ca_file = ca_file, rate = false,
    retry = { attempts = 1 }, recover_for = 0, timeout = 20,
    journal = journal_name and
      assert(require("certcentral.journal").file(journal_name)),
    on_event = function(event) show(event) end,
  })
end

-- Answers of the server: a good one, a refusal, none.
local function show_orders(client)
  for _ = 1, only_order and 1 or 3 do
    show { client:place_order(card_order(), NOW) }
  end
  for _, problem in ipairs { {}, { timeout = "x" }, { api_key = 5 } } do
    problem.api_key = problem.api_key or canary(1) .. "\n"
    show { pcall(certcentral.new, problem) }
  end
  show(client)
end

local function show_misuse(client)
  show { pcall(client.place_order, client, canary(2)) }
  show { pcall(client.place_order, client, card_order(), { now = "x" }) }
  show { pcall(certcentral.validate, canary(2)) }
end

local function run()
  local client = new_client()
  if not only_order then
    show_validation()
    show_misuse(client)
    os.remove(key_name)
    assert(certcentral.csr.generate { common_name = "example.com",
                                      key_file = key_name })
    watch_file(key_name)
  end
  show_orders(client)
  print("held: " .. found())
  client:close()
  show(client)
  if client.journal then
    client.journal:close()
  end
end

run()
for _ = 1, 3 do
  collectgarbage()
end
print("left: " .. found())

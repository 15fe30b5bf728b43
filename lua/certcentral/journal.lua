--- Journals: what was about to be ordered, and what became of it, so that a
-- crash loses no order.
--
-- A journal is any value with two methods; others may keep theirs wherever
-- they like (a database, a queue), and a client takes each of them:
--
--   journal:write(entry, wait) -> true; or nil, message. Keeps an entry. It
--     returns true when the entry is safe, and not before. An order whose
--     intent cannot be written is not sent. Where it has to wait for others it
--     calls wait(seconds), which waits as the client does, and gives up where
--     that returns false.
--   journal:read() -> list, count; or nil, message. All entries, oldest
--     first, and how many could not be read.
--
-- An entry is a flat table: names of a-z, 0-9 and _, but not "sum"; strings,
-- integers and booleans.
--
--   { step = "intent", entry = "<random id>", time = <epoch seconds>,
--     base_url =, account =, alternative_order_id =, product =,
--     common_name =, sha256 = }
--   the same of a reissue: reissue_of = its order, key_sha256 = that of its
--   public key, in place of alternative_order_id and product
--   { step = "outcome", entry = "<the intent's>", time =, order_id =,
--     outcome = "placed", "not_placed" or "unknown", status =, kind = }
--
-- `account` is the start of an HMAC of the base URL under the API key, which
-- it does not reveal; `sha256` is that of the request's body. There is never
-- more of an order.

local calls = require "certcentral.calls"
local entries = require "certcentral.journal.entries"

local journal = { is_journal = entries.is_journal }

--- A journal in a file: see journal/file.lua.
-- @param path the file's; a later change of directory does not matter
-- @return the journal; or nil, message where the file cannot be written to
function journal.file(path)
  return require("certcentral.journal.file")(path)
end

--- A journal that ends with the process: for tests, and for programs that
-- look after lost replies but not after crashes.
function journal.memory()
  return require("certcentral.journal.memory")()
end

--- The intents of a journal that no outcome is final for. An outcome of
-- "unknown" is not.
-- @param from any journal
-- @return list of intents, oldest first, and how many entries could not be
--   read; or nil, message
function journal.open_orders(from)
  return require("certcentral.journal.scan").open_orders(from)
end

calls.functions(journal, "journal", { "file", "memory" })

return journal

--- What the functions of certcentral.functions take and return, in more words
-- than their rows have. Help and the reference load it, nothing else does.
--
-- Names and types of options are where they are checked: here is only what
-- they mean. `make check` compares the names.

return {
  arguments = require "certcentral.manual.arguments",
  options = require "certcentral.manual.options",
  shapes = require "certcentral.manual.shapes",
  notes = require "certcentral.manual.notes",
  codes = require "certcentral.manual.codes",
}

--- Errors: tables that print well.

local hinted = require "certcentral.hinted"
local pcall = require "certcentral.pcall"
local printed = require "certcentral.printed"

-- The kinds: whether the same call may succeed later without a change and
-- without the risk of buying twice.
local retryable = {
  invalid = false, config = false, denied = false, refused = false,
  throttled = true, unavailable = true, unknown = false, protocol = false,
}

local meta = { __name = "certcentral.error" }

function meta.__tostring(err)
  if not err.problems or #err.problems < 2 then
    return err.message
  end
  local lines = { err.message .. ":" }
  for _, problem in ipairs(err.problems) do
    lines[#lines + 1] = "  " .. hinted(problem)
  end
  return table.concat(lines, "\n")
end

function meta.__concat(a, b)
  return tostring(a) .. tostring(b)
end

local errors = { kinds = retryable }

--- Makes an error.
-- @param kind a name in the table above
-- @param message for a person
-- @param members further members, or nil; they win over the kind's own
function errors.new(kind, message, members)
  local err = { kind = kind, message = message, retryable = retryable[kind] }
  for name, value in pairs(members or {}) do
    err[name] = value
  end
  return setmetatable(err, meta)
end

require "certcentral.interpreted"(errors.new)

--- The error of a call that was to place an order: with its `outcome`, where
-- nothing has said more: what became of the order.
function errors.of_order(err)
  local is_open = err.kind == "unknown" or err.kind == "protocol"
  err.outcome = err.outcome or (is_open and "unknown" or "not_placed")
  return err
end

--- The error of an order with problems.
-- @param problems what the core kept of them
-- @param warnings the order's warnings
-- @param count how many there are
function errors.invalid(problems, warnings, count)
  local message = hinted(problems[1])
  if count > #problems then
    message = ("the order has %d problems, of which %d are listed")
      :format(count, #problems)
  elseif count > 1 then
    message = ("the order has %d problems"):format(count)
  end
  return errors.new("invalid", message, {
    problems = printed.problems(problems),
    warnings = warnings and printed.problems(warnings) })
end

--- What somebody's function raised or returned as a message, in words. Never
-- raises.
function errors.told(value)
  return type(value) == "string" and value or "a " .. type(value)
end

-- What Lua's own interpreters raise on Ctrl-C, wherever the script is.
local function is_interruption(message)
  return type(message) == "string" and message:find("interrupted!$") ~= nil
end

errors.is_interruption = is_interruption

local function after(ok, ...)
  if not ok and is_interruption((...)) then
    error((...), 0)
  end
  return ok, ...
end

--- pcall for functions of the caller's own, whose errors must not cost an
-- order. An interruption is none of theirs: it goes on.
function errors.try(f, ...)
  return after(pcall(f, ...))
end

return errors

--- Errors: tables that print well.
--
-- What each kind means for the caller stands here once: `outcome` is what
-- became of an order, `retryable` whether the same call may succeed later
-- without a change and without the risk of buying twice.

local kinds = {
  invalid = { outcome = "not_placed", retryable = false },
  config = { outcome = "not_placed", retryable = false },
  denied = { outcome = "not_placed", retryable = false },
  refused = { outcome = "not_placed", retryable = false },
  throttled = { outcome = "not_placed", retryable = true },
  unavailable = { outcome = "not_placed", retryable = true },
  unknown = { outcome = "unknown", retryable = false },
  protocol = { retryable = false },
}

local meta = { __name = "certcentral.error" }

local function hinted(problem)
  if not problem.hint then
    return problem.message
  elseif problem.code == "unknown" then
    return ("%s (did you mean '%s'?)"):format(problem.message, problem.hint)
  elseif problem.code == "deprecated" then
    return ("%s (use '%s')"):format(problem.message, problem.hint)
  end
  return ("%s (%s)"):format(problem.message, problem.hint)
end

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

local errors = {}

--- Makes an error.
-- @param kind a name in the table above
-- @param message for a person
-- @param members further members, or nil; they win over the kind's own
function errors.new(kind, message, members)
  local defaults = kinds[kind]
  local err = { kind = kind, message = message, outcome = defaults.outcome,
                retryable = defaults.retryable }
  for name, value in pairs(members or {}) do
    err[name] = value
  end
  return setmetatable(err, meta)
end

require "certcentral.interpreted"(errors.new)

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
  return errors.new("invalid", message,
                    { problems = problems, warnings = warnings })
end

--- What somebody's function raised or returned as a message, in words. Never
-- raises.
function errors.told(value)
  return type(value) == "string" and value or "a " .. type(value)
end

return errors

--- A problem or a warning in words, with its hint.

return function(problem)
  if not problem.hint then
    return problem.message
  elseif problem.code == "unknown" and not problem.hint:find(" ") then
    return ("%s (did you mean '%s'?)"):format(problem.message, problem.hint)
  elseif problem.code == "deprecated" then
    return ("%s (use '%s')"):format(problem.message, problem.hint)
  end
  return ("%s (%s)"):format(problem.message, problem.hint)
end

--- When to issue the certificates of a plan: as few as cover it, each with as
-- many days in hand as that allows.
--
-- Time is counted in whole days from `now`. A certificate lasts as long as
-- certificates of its day of issue may, and never beyond the plan.

local options_of = require "certcentral.options"
local rules = require "certcentral.rules"

local schedule = {}

local DAY = 86400
local LEAST = 10
local PLAN_DAYS_MAX = 1100 -- three years, and some days of grace

schedule.LEAST, schedule.DAY = LEAST, DAY
schedule.PLAN_DAYS_MAX = PLAN_DAYS_MAX

-- The longest certificates of public CAs, by the day of issue (CA/Browser
-- Forum ballot SC-081v3, a day less as DigiCert issues them): from then on,
-- days. DigiCert has begun with 199 days on 2026-02-24.
local LIMITS = {
  { -math.huge, 397 },
  { 1771891200, 199 }, -- 2026-02-24
  { 1805068800, 99 },  -- 2027-03-15
  { 1868227200, 46 },  -- 2029-03-15
}

--- The days that a certificate issued at `time` may last.
function schedule.longest(time)
  local days
  for _, limit in ipairs(LIMITS) do
    if time >= limit[1] then
      days = limit[2]
    end
  end
  return days
end

-- The stretches of the plan in which certificates last equally long: a list
-- of { first day, last day, days }.
local function stretches(now, plan_days, certificate_days)
  local list = {}
  for i, limit in ipairs(LIMITS) do
    local first = math.max(0, math.ceil((limit[1] - now) / DAY))
    local after = LIMITS[i + 1]
    local last = math.min(plan_days, after and
                          math.ceil((after[1] - now) / DAY) or plan_days) - 1
    if first <= last then
      list[#list + 1] = { first, last, math.min(certificate_days, limit[2]) }
    end
  end
  return list
end

-- How many days after its day of issue a certificate of so many days is to be
-- replaced: it leaves `margin` days in hand, but is used for one day.
local function in_use(days, margin)
  return math.max(days - margin, 1)
end

-- The first day on which a certificate can be issued whose replacement is not
-- due before `day`; nil where there is none.
local function first_for(plan, day, margin)
  for _, stretch in ipairs(plan) do
    local first = math.max(stretch[1], day - in_use(stretch[3], margin))
    if first <= stretch[2] then
      return first
    end
  end
end

-- The last such day that is not after `latest`.
local function last_for(plan, day, margin, latest)
  for i = #plan, 1, -1 do
    local stretch = plan[i]
    local last = math.min(stretch[2], latest)
    if last >= math.max(stretch[1], day - in_use(stretch[3], margin)) then
      return last
    end
  end
end

-- The first days on which the certificates can be issued, from the last one
-- of the plan back to the first that follows the present one, which is to be
-- replaced on day `due`.
local function needs(plan, due, margin, plan_days)
  local list = { first_for(plan, plan_days, 0) }
  while list[#list] > due do
    list[#list + 1] = first_for(plan, list[#list], margin)
  end
  return list
end

-- The most days in hand with which so few certificates are enough.
local function widest(plan, due_with, least, plan_days)
  local function count(margin)
    return #needs(plan, due_with(margin), margin, plan_days)
  end
  local fewest, margin = count(least), least
  while margin < plan[1][3] and count(margin + 1) == fewest do
    margin = margin + 1
  end
  return margin
end

--- The certificates that follow one that has `left` days.
-- @param given certificate_days, plan_days, least, now
-- @param soonest on which day from now the next one may be issued
-- @return a list of { at = seconds, days = how long it lasts }; empty where
--   the present one lasts as long as the plan
function schedule.rest(given, left, soonest)
  local now, plan_days = given.now, given.plan_days
  if left >= plan_days then
    return {}
  end
  local plan = stretches(now, plan_days, given.certificate_days)
  local function due_with(margin)
    return math.max(soonest, left - margin)
  end
  local margin = widest(plan, due_with, given.least or LEAST, plan_days)
  local due = due_with(margin)
  local list, first = {}, needs(plan, due, margin, plan_days)
  for i = #first, 1, -1 do
    local day = i == 1 and last_for(plan, plan_days, 0, due) or
                last_for(plan, first[i - 1], margin, due)
    local longest = math.min(given.certificate_days,
                             schedule.longest(now + day * DAY))
    list[#list + 1] = { at = now + day * DAY,
                        days = math.min(longest, plan_days - day) }
    due = day + in_use(longest, margin)
  end
  return list
end

local function moment(value)
  local finite = type(value) == "number" and value - value == 0
  return not finite and "number of seconds since 1970" or nil
end

local RULES = {
  certificate_days = rules.integer(1, 1095),
  plan_days = rules.integer(1, PLAN_DAYS_MAX),
  least = rules.integer(0, 1095),
  now = moment,
}

--- When to issue, so that the fewest certificates cover a plan.
-- @param given certificate_days: how long certificates are asked for;
--   plan_days; least: days that each must have left when the next one is
--   issued (default 10); now: when the first one is issued (seconds)
-- @return list of { at = seconds, days = how long it lasts }
function schedule.of(given)
  options_of.check(given, RULES, "schedule")
  for _, name in ipairs { "certificate_days", "plan_days" } do
    if given[name] == nil then
      options_of.raise("missing option '%s' to 'schedule'", name)
    end
  end
  local now = given.now or os.time()
  local days = math.min(given.certificate_days, given.plan_days,
                        schedule.longest(now))
  local list = schedule.rest({ certificate_days = given.certificate_days,
    plan_days = given.plan_days, least = given.least, now = now }, days, 1)
  table.insert(list, 1, { at = now, days = days })
  return list
end

return schedule

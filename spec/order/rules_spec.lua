-- The rules that look at more than one field, warnings, and unknown fields.

local certcentral = require "certcentral"
local judge = require "support.judge"
local orders = require "support.orders"

local absent, null = orders.absent, certcentral.null

-- Each case: a name, changes to the minimal order, the problems and the
-- warnings that they bring ("path code"), and options.
local function run(cases)
  for _, case in ipairs(cases) do
    it(case[1], function()
      local problems, warnings = judge.with(case[2], case.options)
      assert.are.same(case.problems or {}, problems)
      assert.are.same(case.warnings or {}, warnings)
    end)
  end
end

local CERT = "certificate.cert_validity"
local CERT_DATE = CERT .. ".custom_expiration_date"
local CERT_DAYS, CERT_YEARS = CERT .. ".days", CERT .. ".years"
local DATE = "order_validity.custom_expiration_date"
local DAYS, YEARS = "order_validity.days", "order_validity.years"
local OLD_DATE, OLD_YEARS = "custom_expiration_date", "validity_years"

-- now, the last day that fits, the day behind it
local function dates(path, extra, list)
  describe(path, function()
    for _, case in ipairs(list) do
      local function found(value)
        local changes = { [path] = value }
        for name, more in pairs(extra) do
          changes[name] = more
        end
        return (judge.with(changes, { now = case[1] }))
      end
      it(("ends on %s at %s"):format(case[2], case[1]), function()
        assert.are.same({}, found(case[2]))
        assert.are.same({ path .. " range" }, found(case[3]))
      end)
    end
  end)
end

describe("dates on a day", function()
  dates(DATE, {}, {
    { orders.at("2026-06-01"), "01 JUN 2029", "02 JUN 2029" },
    { orders.at("2026-06-01", 0), "01 JUN 2029", "02 JUN 2029" },
    { orders.at("2026-06-01", 24) - 1, "01 JUN 2029", "02 JUN 2029" },
    { orders.at("2026-06-01", 24), "02 JUN 2029", "03 JUN 2029" },
    { orders.at("2026-12-31"), "31 DEC 2029", "01 JAN 2030" },
    { orders.at("2025-02-28"), "28 FEB 2028", "29 FEB 2028" },
    { orders.at("2025-03-01"), "01 MAR 2028", "02 MAR 2028" },
    { orders.at("2028-02-29"), "28 FEB 2031", "01 MAR 2031" },
    { orders.at("2096-02-29"), "28 FEB 2099", "01 MAR 2099" },
    { orders.at("2097-02-28"), "28 FEB 2100", "01 MAR 2100" },
    { orders.at("1970-01-01"), "01 JAN 1973", "02 JAN 1973" },
    -- a date is a day after today
    { orders.at("2026-06-01"), "02 JUN 2026", "01 JUN 2026" },
    { orders.at("2026-06-01"), "02 JUN 2026", "31 MAY 2026" },
    { orders.at("2027-12-31"), "01 JAN 2028", "31 DEC 2027" },
    { orders.at("2028-02-28"), "29 FEB 2028", "28 FEB 2028" },
    { orders.at("2028-02-29"), "01 MAR 2028", "29 FEB 2028" },
    { orders.at("2026-06-01"), "02 JUN 2026", "01 JUN 0001" },
    { orders.at("2026-06-01"), "02 JUN 2026", "31 DEC 9999" },
  })
  dates(OLD_DATE, { order_validity = absent }, {
    { orders.at("2026-06-01"), "2029-06-01", "2029-06-02" },
    { orders.at("2028-02-29"), "2031-02-28", "2031-03-01" },
    { orders.at("2025-02-28"), "2028-02-28", "2028-02-29" },
    { orders.at("2026-06-01"), "2026-06-02", "2026-06-01" },
    { orders.at("2026-06-01"), "2026-06-02", "2025-06-02" },
  })
  dates(CERT_DATE, { [YEARS] = 3 }, {
    -- 397 days
    { orders.at("2026-06-01"), "03 JUL 2027", "04 JUL 2027" },
    { orders.at("2027-02-01"), "04 MAR 2028", "05 MAR 2028" },
    { orders.at("2028-01-01"), "01 FEB 2029", "02 FEB 2029" },
    { orders.at("2026-06-01", 24) - 1, "03 JUL 2027", "04 JUL 2027" },
    { orders.at("2026-06-01"), "02 JUN 2026", "01 JUN 2026" },
  })

  it("say what fits and what was got", function()
    local err = judge.err { [DATE] = "02 JUN 2029" }
    assert.are.equal("'order_validity.custom_expiration_date' must be after "
      .. "today and within three years (01 JUN 2029 at the latest), got "
      .. '"02 JUN 2029"', err.problems[1].message)
    err = judge.err { [OLD_DATE] = "2029-06-02", order_validity = absent }
    assert.is_truthy(err.problems[1].message:find("2029-06-01 at the latest", 1,
                                                  true))
    err = judge.err { [CERT_DATE] = "04 JUL 2027", [YEARS] = 3 }
    assert.is_truthy(err.problems[1].message:find(
      "within 397 days (03 JUL 2027 at the latest)", 1, true))
  end)
end)

describe("a validity", function()
  run {
    { "is given in years", { order_validity = { years = 3 } } },
    { "is given in days", { order_validity = { days = 1095 } } },
    { "is given as a date",
      { order_validity = { custom_expiration_date = "01 JUN 2029" } } },
    { "is given in days over years",
      { order_validity = { years = 1, days = 30 } },
      warnings = { YEARS .. " overridden" } },
    { "is given as a date over years",
      { [DATE] = "01 JUN 2027" }, warnings = { YEARS .. " overridden" } },
    { "is given as a date over days",
      { order_validity = { days = 30,
                           custom_expiration_date = "01 JUN 2027" } },
      warnings = { DAYS .. " overridden" } },
    { "is given thrice", { [DAYS] = 30, [DATE] = "01 JUN 2027" },
      warnings = { YEARS .. " overridden", DAYS .. " overridden" } },
    { "counts null as absent",
      { order_validity = { years = null, days = null,
                           custom_expiration_date = "01 JUN 2027" } } },
    { "is checked where it loses, too", { [YEARS] = 4, [DAYS] = 2000,
      [DATE] = "01 JUN 2027" },
      problems = { YEARS .. " range", DAYS .. " range" },
      warnings = { YEARS .. " overridden", DAYS .. " overridden" } },
    { "needs one of the three", { order_validity = {} },
      problems = { YEARS .. " missing" } },
    { "needs one that is not null", { order_validity = { days = null } },
      problems = { YEARS .. " missing" } },
    { "is missing beside nothing", { order_validity = absent },
      problems = { "order_validity missing" } },
    { "is replaced by the deprecated years",
      { order_validity = absent, [OLD_YEARS] = 3 },
      warnings = { OLD_YEARS .. " deprecated" } },
    { "is replaced by the deprecated date",
      { order_validity = absent, [OLD_DATE] = "2029-06-01" },
      warnings = { OLD_DATE .. " deprecated" } },
    { "is replaced by both, and the date wins",
      { order_validity = absent, [OLD_YEARS] = 1,
        [OLD_DATE] = "2029-06-01" },
      warnings = { OLD_YEARS .. " deprecated", OLD_YEARS .. " overridden",
                   OLD_DATE .. " deprecated" } },
    { "is not replaced by null",
      { order_validity = absent, [OLD_YEARS] = null },
      problems = { "order_validity missing" } },
    { "may stand beside a deprecated one", { [OLD_YEARS] = 1 },
      warnings = { OLD_YEARS .. " deprecated" } },
    { "is empty in spite of a deprecated one",
      { order_validity = {}, [OLD_YEARS] = 1 },
      problems = { YEARS .. " missing" },
      warnings = { OLD_YEARS .. " deprecated" } },
    { "has deprecated years in range",
      { order_validity = absent, [OLD_YEARS] = 4 },
      problems = { OLD_YEARS .. " range" },
      warnings = { OLD_YEARS .. " deprecated" } },
  }

  it("names what it is given as instead", function()
    local _, warnings = certcentral.validate(
      orders.with { [DAYS] = 30, [DATE] = "01 JUN 2027",
                    [CERT] = { years = 1, days = 30 } }, orders.options())
    local messages = {}
    for _, entry in ipairs(warnings) do
      messages[entry.path] = entry.message
    end
    local said = "'%s' is ignored because '%s' is given"
    assert.are.same({ [YEARS] = said:format(YEARS, DATE),
      [DAYS] = said:format(DAYS, DATE),
      [CERT_YEARS] = said:format(CERT_YEARS, CERT_DAYS) }, messages)
  end)

  it("of a deprecated field hints at what replaces it", function()
    local _, warnings = certcentral.validate(
      orders.with { order_validity = absent, [OLD_YEARS] = 1,
                    [OLD_DATE] = "2027-06-01",
                    ["certificate.organization_units"] = { "a" } },
      orders.options())
    local hints = {}
    for _, entry in ipairs(warnings) do
      if entry.code == "deprecated" then
        hints[entry.path] = entry.hint or false
      end
    end
    assert.are.same({ [OLD_YEARS] = "order_validity", [OLD_DATE] = DATE,
                      ["certificate.organization_units"] = false }, hints)
  end)
end)

describe("the certificate's validity", function()
  local before = { now = orders.at("2026-02-23") }
  run {
    { "is given in years", { [CERT_YEARS] = 1 }, options = before },
    { "is given in days", { [CERT_DAYS] = 199 } },
    { "is given as a date", { [CERT_DATE] = "01 DEC 2026" } },
    { "is given thrice", { [CERT] = { years = 1, days = 100,
      custom_expiration_date = "01 DEC 2026" } },
      warnings = { CERT_YEARS .. " overridden",
                   CERT_DAYS .. " overridden" } },
    { "is given in days over years", { [CERT] = { years = 1, days = 100 } },
      warnings = { CERT_YEARS .. " overridden" } },
    { "fits into years", { [CERT_DAYS] = 365 }, options = before },
    { "is longer than years", { [CERT_DAYS] = 366 }, options = before,
      problems = { CERT_DAYS .. " range" } },
    { "fits into a leap year", { [CERT_DAYS] = 366 },
      options = { now = orders.at("2023-03-01") } },
    { "is longer than a leap year", { [CERT_DAYS] = 367 },
      options = { now = orders.at("2023-03-01") },
      problems = { CERT_DAYS .. " range" } },
    { "fits into days", { order_validity = { days = 100 },
                          [CERT_DAYS] = 100 } },
    { "is longer than days", { order_validity = { days = 100 },
                               [CERT_DAYS] = 101 },
      problems = { CERT_DAYS .. " range" } },
    { "in years is longer than days", { order_validity = { days = 364 },
                                        [CERT_YEARS] = 1 },
      problems = { CERT_YEARS .. " range" } },
    { "fits up to a date", { [DATE] = "09 SEP 2026", [CERT_DAYS] = 100 },
      warnings = { YEARS .. " overridden" } },
    { "is longer than to a date",
      { [DATE] = "09 SEP 2026", [CERT_DAYS] = 101 },
      problems = { CERT_DAYS .. " range" },
      warnings = { YEARS .. " overridden" } },
    { "as a date fits up to a date",
      { [DATE] = "09 SEP 2026", [CERT_DATE] = "09 SEP 2026" },
      warnings = { YEARS .. " overridden" } },
    { "as a date is longer than to a date",
      { [DATE] = "09 SEP 2026", [CERT_DATE] = "10 SEP 2026" },
      problems = { CERT_DATE .. " range" },
      warnings = { YEARS .. " overridden" } },
    { "is longer than the deprecated years",
      { order_validity = absent, [OLD_YEARS] = 1, [CERT_DAYS] = 366 },
      problems = { CERT_DAYS .. " range" },
      warnings = { OLD_YEARS .. " deprecated" } },
    { "is longer than to the deprecated date",
      { order_validity = absent, [OLD_DATE] = "2026-09-09",
        [CERT_DAYS] = 101 }, problems = { CERT_DAYS .. " range" },
      warnings = { OLD_DATE .. " deprecated" } },
    { "is judged by the member that counts",
      { order_validity = { days = 100 },
        [CERT] = { years = 1, days = 100 } },
      warnings = { CERT_YEARS .. " overridden" } },
    { "is not judged by an order's validity that is none",
      { [YEARS] = 7, [CERT_DAYS] = 100 }, problems = { YEARS .. " range" } },
    { "needs a member", { [CERT] = {} },
      problems = { CERT_YEARS .. " missing" } },
  }
end)

describe("the industry's limit", function()
  -- day, the longest without a warning, the one behind it
  local steps = {
    { "2023-06-01", 397 }, { "2026-02-23", 397 }, { "2026-02-24", 199 },
    { "2027-03-14", 199 }, { "2027-03-15", 99 }, { "2029-03-14", 99 },
    { "2029-03-15", 46 }, { "2035-01-01", 46 },
  }
  for _, step in ipairs(steps) do
    it(("is %d days on %s"):format(step[2], step[1]), function()
      for _, hour in ipairs { 0, 12, 23.999 } do
        local options = { now = orders.at(step[1], hour) }
        local function found(days)
          return judge.with({ [YEARS] = 3, [CERT_DAYS] = days }, options)
        end
        local problems, warnings = found(step[2])
        assert.are.same({ {}, {} }, { problems, warnings })
        problems, warnings = found(step[2] + 1)
        if step[2] == 397 then
          assert.are.same({ CERT_DAYS .. " range" }, problems)
        else
          assert.are.same({ {}, { CERT_DAYS .. " limit" } },
                          { problems, warnings })
        end
      end
    end)
  end
  run {
    { "is judged of years", { [CERT_YEARS] = 1 },
      warnings = { CERT_YEARS .. " limit" } },
    { "is judged of a date", { [CERT_DATE] = "18 DEC 2026" },
      warnings = { CERT_DATE .. " limit" } },
    { "is not reached by a date", { [CERT_DATE] = "17 DEC 2026" } },
    { "is not judged of what does not count",
      { [CERT] = { years = 1, days = 199 } },
      warnings = { CERT_YEARS .. " overridden" } },
  }
  it("says the two numbers", function()
    local _, warnings = certcentral.validate(
      orders.with { [CERT_DAYS] = 200 }, orders.options())
    assert.is_truthy(warnings[1].message:find("200 days", 1, true))
    assert.is_truthy(warnings[1].message:find("199", 1, true))
  end)
end)

describe("names", function()
  local NAMES = "certificate.dns_names"
  run {
    { "may not repeat the common name (a warning)",
      { [NAMES] = { "example.com" } },
      warnings = { NAMES .. "[1] duplicate" } },
    { "may not stand twice (a warning)",
      { [NAMES] = { "a.example.com", "b.example.com", "a.example.com",
                    "a.example.com" } },
      warnings = { NAMES .. "[3] duplicate", NAMES .. "[4] duplicate" } },
    { "are the same in any case",
      { [NAMES] = { "A.example.com", "a.EXAMPLE.com", "EXAMPLE.COM" } },
      warnings = { NAMES .. "[2] duplicate", NAMES .. "[3] duplicate" } },
    { "differ from their wildcard and their parts",
      { [NAMES] = { "*.example.com", "a.example.com", "xexample.com",
                    "example.co", "example.com.de" } } },
    { "are not compared where they are no list",
      { [NAMES] = ("x"):rep(300) }, problems = { NAMES .. " type" } },
    { "are not compared in a list with other keys",
      { [NAMES] = { "a.example.com", "a.example.com", x = 1 } },
      problems = { NAMES .. " type" } },
  }

  local function many(count)
    local list = {}
    for i = 1, count do
      list[i] = "n" .. i .. ".example.com"
    end
    return { [NAMES] = list }
  end
  it("are 250 at most (a warning)", function()
    local _, warnings = judge.with(many(250))
    assert.are.same({}, warnings)
    _, warnings = judge.with(many(251))
    assert.are.same({ NAMES .. " limit" }, warnings)
  end)

  it("are looked through in lists of any length", function()
    for count = 1, 40 do
      local list = many(count)[NAMES]
      list[count + 1] = list[1]:upper()
      list[count + 2] = "EXAMPLE.com"
      list[count + 3] = "n.example.com"
      local _, warnings = judge.with { [NAMES] = list }
      assert.are.same({ ("%s[%d] duplicate"):format(NAMES, count + 1),
                        ("%s[%d] duplicate"):format(NAMES, count + 2) },
                      warnings)
    end
  end)

  for _, method in ipairs { "http-token", "http-token-dynamic" } do
    run {
      { method .. " goes with names", { dcv_method = method,
          [NAMES] = { "a.example.com", "8.8.8.8" } } },
      { method .. " does not go with a wildcard", { dcv_method = method,
          ["certificate.common_name"] = "*.example.com" },
        problems = { "dcv_method conflict" } },
      { method .. " does not go with a wildcard behind", {
          dcv_method = method, [NAMES] = { "a.example.com",
                                           "*.b.example.com" } },
        problems = { "dcv_method conflict" } },
    }
  end
  for _, method in ipairs { "email", "dns-txt-token", "dns-cname-token" } do
    run { { method .. " goes with a wildcard", { dcv_method = method,
      ["certificate.common_name"] = "*.example.com" } } }
  end
end)

describe("a card", function()
  local CARD = "credit_card"
  local function paid(changes)
    local all = orders.pay_by_card({})
    for path, value in pairs(changes) do
      orders.set(all, path, value ~= absent and value or nil)
    end
    return all
  end
  run {
    { "pays", paid {} },
    { "is needed with its address", { payment_method = "card" },
      problems = { "credit_card missing", "billing_address missing" } },
    { "is needed", paid { [CARD] = absent },
      problems = { "credit_card missing" } },
    { "needs an address", paid { billing_address = absent },
      problems = { "billing_address missing" } },
    { "needs an address that is not null", paid { billing_address = null },
      problems = { "billing_address missing" } },
    { "needs its members", paid { [CARD] = {}, billing_address = {} },
      problems = { "credit_card.number missing",
        "credit_card.expiration_month missing",
        "credit_card.expiration_year missing", "credit_card.cvv missing",
        "credit_card.cardholder_name missing",
        "billing_address.address missing", "billing_address.city missing",
        "billing_address.country missing" } },
    { "does not travel without payment_method",
      paid { payment_method = absent },
      problems = { "credit_card conflict" } },
    { "does not travel with balance", paid { payment_method = "balance" },
      problems = { "credit_card conflict" } },
    { "does not travel with profile", paid { payment_method = "profile" },
      problems = { "credit_card conflict" } },
    { "does not travel with null", paid { payment_method = null },
      problems = { "credit_card conflict" } },
    { "that is null does not travel", { [CARD] = null } },
    { "may lack its address's state and zip",
      paid { ["billing_address.state"] = absent,
             ["billing_address.zip"] = absent,
             ["billing_address.address2"] = absent } },
    { "an address alone is no conflict",
      paid { [CARD] = absent, payment_method = absent } },
  }

  -- the card's month and year, now, and whether it has expired
  local expiry = {
    { 6, 2026, "2026-06-01", false }, { 5, 2026, "2026-06-01", true },
    { 5, 2026, "2026-05-31", false }, { 12, 2026, "2026-12-31", false },
    { 12, 2026, "2027-01-01", true }, { 12, 2025, "2026-01-01", true },
    { 1, 2026, "2026-01-31", false }, { 1, 2026, "2026-02-01", true },
    { 1, 9999, "2026-06-01", false }, { 12, 1999, "2026-06-01", true },
  }
  for _, case in ipairs(expiry) do
    it(("until %d/%d on %s"):format(case[1], case[2], case[3]), function()
      assert.are.same(
        { case[4] and "credit_card.expiration_year range" or nil },
        (judge.with(paid { ["credit_card.expiration_month"] = case[1],
                           ["credit_card.expiration_year"] = case[2] },
                    { now = orders.at(case[3]) })))
    end)
  end
end)

describe("an organization", function()
  local function new(changes)
    local organization = orders.new_organization()
    for path, value in pairs(changes or {}) do
      orders.set(organization, path, value ~= absent and value or nil)
    end
    return { organization = organization }
  end
  local contact = { contact_type = "organization_contact", user_id = 5 }
  local technical = { contact_type = "technical_contact", user_id = 5 }
  local CONTACT = "organization.organization_contact"
  run {
    { "is one of the account", { organization = { id = 1 } } },
    { "is a new one", new() },
    { "is a new one by its needs alone", new { assumed_name = absent,
        address2 = absent, skip_duplicate_org_check = absent } },
    { "is neither", { organization = {} },
      problems = { "organization.id missing" } },
    { "has an id that is null", { organization = { id = null } },
      problems = { "organization.id missing" } },
    { "is not made by contacts alone",
      { organization = { contacts = { contact } } },
      problems = { "organization.id missing" } },
    { "is both", new { id = 1 },
      problems = { "organization.id conflict" } },
    { "is one of the account, and more",
      { organization = { id = 1, name = "A" } },
      problems = { "organization.id conflict" } },
    { "is a new one by one detail", { organization = { name = "A" } },
      problems = { "organization.country missing",
        "organization.address missing", "organization.city missing",
        "organization.state missing", "organization.zip missing",
        "organization.telephone missing", CONTACT .. " missing" } },
    { "is a new one by its last detail",
      { organization = { telephone = "5" } },
      problems = { "organization.name missing",
        "organization.country missing", "organization.address missing",
        "organization.city missing", "organization.state missing",
        "organization.zip missing", CONTACT .. " missing" } },
    { "needs the rest of its contact",
      new { organization_contact = {} },
      problems = { CONTACT .. ".first_name missing",
        CONTACT .. ".last_name missing", CONTACT .. ".email missing" } },
    { "has its contact among contacts",
      new { organization_contact = absent,
            contacts = { technical, contact } } },
    { "has none among contacts",
      new { organization_contact = absent, contacts = { technical } },
      problems = { CONTACT .. " missing" } },
    { "counts empty details as none",
      { organization = { id = 1, name = "", city = null } } },
    { "misses a detail that is empty", new { name = "", zip = "" },
      problems = { "organization.name missing",
                   "organization.zip missing" } },
    { "misses a country that is empty", new { country = "" },
      problems = { "organization.country missing" } },
  }
end)

describe("a contact", function()
  local PATH = "organization.contacts"
  local function full()
    return { contact_type = "technical_contact", first_name = "Jill",
             last_name = "Valentine", job_title = "System Administrator",
             telephone = "801-555-0100",
             email = "jill.valentine@example.com" }
  end
  local function but(name, value)
    local person = full()
    person[name] = value
    return { [PATH] = { person } }
  end
  run {
    { "is a user", { [PATH] = { { contact_type = "x", user_id = 1 } } } },
    { "is a person", { [PATH] = { full() } } },
    { "is a user with new data", but("user_id", 1) },
    { "is a user whose e-mail would be emptied",
      { [PATH] = { { contact_type = "x", user_id = 1, email = "" } } },
      problems = { PATH .. "[1].email format" } },
    { "is neither", { [PATH] = { { contact_type = "x" } } },
      problems = { PATH .. "[1].first_name missing",
        PATH .. "[1].last_name missing", PATH .. "[1].job_title missing",
        PATH .. "[1].telephone missing", PATH .. "[1].email missing" } },
    { "has a type", but("contact_type", nil),
      problems = { PATH .. "[1].contact_type missing" } },
    { "is told by its place",
      { [PATH] = { full(), { contact_type = "x", user_id = 0 }, full(),
                   { user_id = 1 } } },
      problems = { PATH .. "[2].user_id range",
                   PATH .. "[4].contact_type missing" } },
    { "has an e-mail address that is one", but("email", "x"),
      problems = { PATH .. "[1].email format" } },
  }
  for _, name in ipairs { "first_name", "last_name", "job_title",
                          "telephone", "email" } do
    run {
      { "needs " .. name, but(name, nil),
        problems = { ("%s[1].%s missing"):format(PATH, name) } },
      { "needs " .. name .. " that is not null", but(name, null),
        problems = { ("%s[1].%s missing"):format(PATH, name) } },
      { "needs " .. name .. " that is not empty", but(name, ""),
        problems = { ("%s[1].%s missing"):format(PATH, name) } },
    }
  end
end)

describe("a warning", function()
  run {
    { "of units", { ["certificate.organization_units"] = { "a" } },
      warnings = { "certificate.organization_units ignored",
                   "certificate.organization_units deprecated" } },
    { "of cost", { server_licenses = 2 },
      warnings = { "server_licenses cost" } },
    { "not of one license", { server_licenses = 1 } },
    { "becomes a problem when that is asked for",
      { server_licenses = 2, ["certificate.dns_names"] = { "example.com" } },
      options = { strict = true },
      problems = { "certificate.dns_names[1] duplicate",
                   "server_licenses cost" } },
    { "stands with problems in the form's order", { server_licenses = 2,
        [YEARS] = 7, auto_renew = 7, ["certificate.common_name"] = "x" },
      options = { strict = true },
      problems = { "certificate.common_name format", YEARS .. " range",
                   "auto_renew choice", "server_licenses cost" } },
    { "is none of an order without one", {}, options = { strict = true } },
  }
end)

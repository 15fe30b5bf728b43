/* rules.c: the rules that look at more than one row */
#include <inttypes.h>
#include <string.h>

#include "ascii.h"
#include "date.h"
#include "formats.h"
#include "name_set.h"
#include "rules.h"
#include "rules_csr.h"

enum {
  CERT_DAYS_MAX = 397,  /* the page, at certificate.cert_validity */
  NAMES_FREE_OF_DOUBT = 250 /* names on one order of a flex product, in
                               DigiCert's voucher documentation */
};

static dcc_value *root(dcc_check *c, unsigned field)
{
  return &c->order->values[field];
}

static bool is_present(const dcc_value *value)
{
  return value->type != DCC_ABSENT &&
         !(value->type == DCC_STRING && value->length == 0);
}

static bool is_text(const dcc_value *value, const char *text)
{
  return value->type == DCC_STRING && value->length == strlen(text) &&
         memcmp(value->as.text, text, value->length) == 0;
}

static void missing(dcc_check *c, const dcc_scope *scope, unsigned field,
                    const char *because, const char *hint)
{
  dcc_report(c, DCC_PROBLEM, "missing", dcc_place_of(scope, field), hint,
             "is missing%s%s", *because == '\0' ? "" : ": ", because);
}

/* ---- the calendar ------------------------------------------------------ */

/* The longest that a public certificate is issued for, by the day of issue
 * (Baseline Requirements 6.3.2; a day less, as DigiCert applies it, and from
 * the day on which it switches). */
static int64_t industry_maximum(int64_t today)
{
  static const struct { int64_t from, limit; } steps[] = {
    {20290315, 46}, {20270315, 99}, {20260224, 199},
  };
  int64_t year;
  int month, day;
  dcc_day_date(today, &year, &month, &day);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    if (year * 10000 + month * 100 + day >= steps[i].from)
      return steps[i].limit;
  return CERT_DAYS_MAX;
}

/* What follows from the day of the check. */
static const dcc_calendar *calendar(dcc_check *c)
{
  dcc_calendar *known = &c->order->calendar;
  if (known->industry_maximum == 0 || known->today != c->today) {
    known->today = c->today;
    known->industry_maximum = industry_maximum(c->today);
    for (int years = 0; years <= DCC_YEARS_MAX; years++)
      known->in_years[years] = dcc_day_add_years(c->today, years);
  }
  return known;
}

static int64_t in_years(dcc_check *c, int64_t years)
{
  return years >= 0 && years <= DCC_YEARS_MAX
           ? calendar(c)->in_years[years] : dcc_day_add_years(c->today, years);
}

/* ---- validity ---------------------------------------------------------- */

/* The three ways to write one validity. */
typedef struct validity {
  unsigned object, years, days, date;
} validity;

static const validity cert_validity = {DCC_CERT_VALIDITY, DCC_CERT_YEARS,
                                       DCC_CERT_DAYS, DCC_CERT_DATE};
static const validity order_validity = {DCC_ORDER_VALIDITY, DCC_ORDER_YEARS,
                                        DCC_ORDER_DAYS, DCC_ORDER_DATE};
static const validity old_validity = {DCC_ORDER, DCC_VALIDITY_YEARS, 0,
                                      DCC_EXPIRATION_DATE};

static bool in_range(unsigned field, const dcc_value *value)
{
  return value->type == DCC_INTEGER &&
         value->as.integer >= dcc_form[field].min &&
         value->as.integer <= dcc_form[field].max;
}

static bool day_of(unsigned field, const dcc_value *value, int64_t *day)
{
  if (value->type != DCC_STRING)
    return false;
  return dcc_form[field].format == DCC_FORMAT_ISO_DATE
           ? dcc_date_parse_iso(value->as.text, value->length, day)
           : dcc_date_parse(value->as.text, value->length, day);
}

/* The member that counts: a date beats days, days beat years. 0: none. */
static unsigned winner(dcc_check *c, const validity *v)
{
  if (v->object != DCC_ORDER && root(c, v->object)->type != DCC_OBJECT)
    return 0;
  if (is_present(root(c, v->date)))
    return v->date;
  if (v->days != 0 && is_present(root(c, v->days)))
    return v->days;
  return is_present(root(c, v->years)) ? v->years : 0;
}

/* The day on which a validity ends, by its member that counts. Returns false
 * when that cannot be said. */
static bool last_day(dcc_check *c, const validity *v, unsigned field,
                     int64_t *day)
{
  const dcc_value *value = root(c, field);
  if (field == 0)
    return false;
  if (field == v->date)
    return day_of(field, value, day);
  if (!in_range(field, value))
    return false;
  *day = field == v->days ? c->today + value->as.integer
                          : in_years(c, value->as.integer);
  return true;
}

static bool order_ends(dcc_check *c, int64_t *day)
{
  unsigned field = winner(c, &order_validity);
  if (field != 0)
    return last_day(c, &order_validity, field, day);
  return last_day(c, &old_validity, winner(c, &old_validity), day);
}

static void overridden(dcc_check *c, const dcc_scope *scope, unsigned loser,
                       unsigned by)
{
  char path[96];
  dcc_form_path(c->body->root, by, path, sizeof path);
  dcc_report(c, DCC_WARNING, "overridden", dcc_place_of(scope, loser), NULL,
             "is ignored because '%s' is given", path);
}

/* The date must be after today and not after `latest`. */
static void check_date_range(dcc_check *c, const dcc_scope *scope,
                             unsigned field, int64_t latest,
                             const char *span)
{
  const dcc_value *value = dcc_at(scope, field);
  bool iso = dcc_form[field].format == DCC_FORMAT_ISO_DATE;
  char last[DCC_DATE_SIZE], shown[DCC_SHOWN_SIZE];
  int64_t day;
  if (!day_of(field, value, &day) || (day > c->today && day <= latest))
    return;
  (iso ? dcc_date_format_iso : dcc_date_format)(latest, last);
  dcc_report(c, DCC_PROBLEM, "range", dcc_place_of(scope, field), NULL,
             "must be after today and within %s (%s at the latest), got %s",
             span, last, dcc_show(c, shown, value, false));
}

/* For the member of cert_validity that counts. */
static void check_cert_length(dcc_check *c, const dcc_scope *scope,
                              unsigned field)
{
  int64_t cert, order, limit = calendar(c)->industry_maximum;
  char text[DCC_DATE_SIZE];
  if (!last_day(c, &cert_validity, field, &cert))
    return;
  if (order_ends(c, &order) && cert > order) {
    dcc_date_format(order, text);
    dcc_report(c, DCC_PROBLEM, "range", dcc_place_of(scope, field), NULL,
               "must not be longer than the order's validity (%s), got %"
               PRId64 " days more", text, cert - order);
  } else if (cert - c->today > limit) {
    dcc_report(c, DCC_WARNING, "limit", dcc_place_of(scope, field), NULL,
               "asks for %" PRId64 " days, but certificates are currently "
               "issued for at most %" PRId64,
               cert - c->today, limit);
  }
}

static void rule_cert_validity(dcc_check *c, const dcc_scope *scope,
                               unsigned field)
{
  if (dcc_at(scope, field)->type == DCC_OBJECT &&
      winner(c, &cert_validity) == 0)
    missing(c, scope, DCC_CERT_YEARS,
            "a validity needs years, days or custom_expiration_date", NULL);
}

static void rule_loser(dcc_check *c, const dcc_scope *scope, unsigned field)
{
  const validity *v = dcc_form[field].parent == DCC_ORDER ? &old_validity
                    : dcc_form[field].parent == DCC_CERT_VALIDITY
                        ? &cert_validity : &order_validity;
  unsigned by = winner(c, v);
  if (by == field && v == &cert_validity)
    check_cert_length(c, scope, field);
  else if (by != field && by != 0 && is_present(dcc_at(scope, field)))
    overridden(c, scope, field, by);
}

static void rule_cert_date(dcc_check *c, const dcc_scope *scope,
                           unsigned field)
{
  check_date_range(c, scope, field, c->today + CERT_DAYS_MAX, "397 days");
  if (winner(c, &cert_validity) == field)
    check_cert_length(c, scope, field);
}

static void rule_order_date(dcc_check *c, const dcc_scope *scope,
                            unsigned field)
{
  check_date_range(c, scope, field, in_years(c, DCC_YEARS_MAX),
                   "three years");
}

static void rule_order_validity(dcc_check *c, const dcc_scope *scope,
                                unsigned field)
{
  const dcc_value *value = dcc_at(scope, field);
  if (value->type == DCC_ABSENT && winner(c, &old_validity) == 0)
    missing(c, scope, field, "", NULL);
  else if (value->type == DCC_OBJECT && winner(c, &order_validity) == 0)
    missing(c, scope, DCC_ORDER_YEARS,
            "a validity needs years, days or custom_expiration_date", NULL);
}

/* ---- names ------------------------------------------------------------- */

/* Adds a name to those seen so far; false where it is there already. */
static bool is_first(dcc_name_set *set, const dcc_value *name)
{
  bool is_new;
  const dcc_text text = {name->as.text, name->length};
  (void)dcc_name_set_add(set, text, &is_new);
  return is_new;
}

static void rule_dns_names(dcc_check *c, const dcc_scope *scope,
                           unsigned field)
{
  const dcc_value *names = dcc_at(scope, field);
  const dcc_value *common = root(c, DCC_COMMON_NAME);
  dcc_place place = dcc_place_of(scope, field);
  dcc_name_set set;
  if (names->type != DCC_ARRAY || names->keyed || names->length == 0 ||
      !dcc_name_set_init(&set, c->order, names->length + 1))
    return;
  if (common->type == DCC_STRING)
    (void)is_first(&set, common);
  for (size_t i = 0; i < names->length; i++) {
    const dcc_value *name = &names->as.items[i];
    if (name->type != DCC_STRING || is_first(&set, name))
      continue;
    place.item = (int64_t)i;
    dcc_report(c, DCC_WARNING, "duplicate", place, "leave it out",
               common->type == DCC_STRING &&
               dcc_same_name(name->as.text, name->length, common->as.text,
                             common->length)
                 ? "repeats the common name" : "is given twice");
  }
  if (names->length > NAMES_FREE_OF_DOUBT)
    dcc_report(c, DCC_WARNING, "limit", dcc_place_of(scope, field), NULL,
               "has %zu names, but one order takes at most %d",
               names->length, NAMES_FREE_OF_DOUBT);
  dcc_csr_compare_list(c, scope, field, common);
}

static bool has_wildcard(dcc_check *c)
{
  const dcc_value *common = root(c, DCC_COMMON_NAME);
  const dcc_value *names = root(c, DCC_DNS_NAMES);
  if (common->type == DCC_STRING &&
      dcc_is_wildcard(common->as.text, common->length))
    return true;
  for (size_t i = 0; names->type == DCC_ARRAY && i < names->length; i++) {
    const dcc_value *name = &names->as.items[i];
    if (name->type == DCC_STRING &&
        dcc_is_wildcard(name->as.text, name->length))
      return true;
  }
  return false;
}

static void rule_dcv_method(dcc_check *c, const dcc_scope *scope,
                            unsigned field)
{
  const dcc_value *method = dcc_at(scope, field);
  if ((is_text(method, "http-token") ||
       is_text(method, "http-token-dynamic")) && has_wildcard(c))
    dcc_report(c, DCC_PROBLEM, "conflict", dcc_place_of(scope, field),
               "dns-txt-token or dns-cname-token",
               "cannot be an HTTP method, because the order has a wildcard "
               "name");
}

/* ---- payment ----------------------------------------------------------- */

static void rule_card(dcc_check *c, const dcc_scope *scope, unsigned field)
{
  bool by_card = is_text(root(c, DCC_PAYMENT_METHOD), "card");
  bool present = dcc_at(scope, field)->type != DCC_ABSENT;
  if (by_card && !present)
    missing(c, scope, field, "payment_method is \"card\"", NULL);
  else if (present && !by_card && field == DCC_CREDIT_CARD)
    dcc_report(c, DCC_PROBLEM, "conflict", dcc_place_of(scope, field),
               "set payment_method to \"card\", or leave the card out",
               "must not be given unless payment_method is \"card\"");
}

static void rule_card_expired(dcc_check *c, const dcc_scope *scope,
                              unsigned field)
{
  const dcc_value *year = dcc_at(scope, field);
  const dcc_value *month = dcc_at(scope, DCC_CARD_MONTH);
  int64_t this_year;
  int this_month, day;
  dcc_day_date(c->today, &this_year, &this_month, &day);
  if (in_range(field, year) &&
      (year->as.integer < this_year ||
       (year->as.integer == this_year && in_range(DCC_CARD_MONTH, month) &&
        month->as.integer < this_month)))
    dcc_report(c, DCC_PROBLEM, "range", dcc_place_of(scope, field), NULL,
               "is in the past: the card has expired");
}

static void rule_server_licenses(dcc_check *c, const dcc_scope *scope,
                                 unsigned field)
{
  const dcc_value *value = dcc_at(scope, field);
  if (value->type == DCC_INTEGER && value->as.integer > 1)
    dcc_report(c, DCC_WARNING, "cost", dcc_place_of(scope, field), NULL,
               "orders %" PRId64 " licenses: each beyond the first costs "
               "extra", value->as.integer);
}

/* ---- organization and contacts ----------------------------------------- */

/* A detail of a new organization that the order gives, or 0. */
static unsigned new_organization(dcc_check *c)
{
  for (unsigned i = DCC_ORGANIZATION + 1;
       i < c->order->index.end[DCC_ORGANIZATION]; i = c->order->index.end[i])
    if (i > DCC_CONTACTS && is_present(root(c, i)))
      return i;
  return 0;
}

static void rule_organization_id(dcc_check *c, const dcc_scope *scope,
                                 unsigned field)
{
  unsigned detail = new_organization(c);
  bool present = is_present(dcc_at(scope, field));
  if (!present && detail == 0)
    missing(c, scope, field, "",
            "or give the details of a new organization");
  else if (present && detail != 0)
    dcc_report(c, DCC_PROBLEM, "conflict", dcc_place_of(scope, field),
               "give only the id to use that organization",
               "cannot be combined with the details of a new organization "
               "('%s')", dcc_form[detail].name);
}

static bool is_new(dcc_check *c)
{
  return !is_present(root(c, DCC_ORGANIZATION_ID)) &&
         new_organization(c) != 0;
}

static void rule_new_organization(dcc_check *c, const dcc_scope *scope,
                                  unsigned field)
{
  if (is_new(c) && !is_present(dcc_at(scope, field)))
    missing(c, scope, field, "a new organization needs it", NULL);
}

/* Its contact may stand among `contacts` instead. */
static void rule_organization_contact(dcc_check *c, const dcc_scope *scope,
                                      unsigned field)
{
  const dcc_value *contacts = root(c, DCC_CONTACTS);
  dcc_scope item;
  if (!is_new(c) || is_present(dcc_at(scope, field)))
    return;
  for (size_t i = 0; contacts->type == DCC_ARRAY && i < contacts->length; i++)
    if (contacts->as.items[i].type == DCC_OBJECT &&
        dcc_order_item(c->order, DCC_CONTACTS, i, &item) &&
        is_text(dcc_at(&item, DCC_CONTACT_TYPE), "organization_contact"))
      return;
  missing(c, scope, field, "a new organization needs it",
          "or add a contact of type organization_contact to contacts");
}

static void rule_new_contact(dcc_check *c, const dcc_scope *scope,
                             unsigned field)
{
  const dcc_value *value = dcc_at(scope, field);
  bool is_user = is_present(dcc_at(scope, DCC_CONTACT_USER_ID));
  if (!is_user && !is_present(value))
    missing(c, scope, field, "a contact without user_id needs it",
            "or give user_id");
  else if (is_user && value->type == DCC_STRING && value->length == 0)
    dcc_report(c, DCC_PROBLEM, "format", dcc_place_of(scope, field),
               "leave the field out",
               "must not be empty: it would replace what the user has");
}

/* ---- the table --------------------------------------------------------- */

/* Each with who says so, unless the name says all. */
dcc_rule *const dcc_rules[DCC_FIELDS] = {
  /* warns when the CSR has another */
  [DCC_COMMON_NAME] = dcc_csr_compare_common_name,
  /* warns of names given twice, of more than 250, and of names that
   * are not in the CSR */
  [DCC_DNS_NAMES] = rule_dns_names,
  /* warns of names that are not in the order */
  [DCC_CSR] = dcc_csr_compare_rest,
  /* the page: one of years, days and a date; days take precedence over years,
   * a date over both; within 397 days and not beyond the order */
  [DCC_CERT_VALIDITY] = rule_cert_validity,
  [DCC_CERT_YEARS] = rule_loser,
  [DCC_CERT_DAYS] = rule_loser,
  [DCC_CERT_DATE] = rule_cert_date,
  /* the page: required unless a deprecated field is given; the same
   * precedence; within three years */
  [DCC_ORDER_VALIDITY] = rule_order_validity,
  [DCC_ORDER_YEARS] = rule_loser,
  [DCC_ORDER_DAYS] = rule_loser,
  [DCC_ORDER_DATE] = rule_order_date,
  [DCC_VALIDITY_YEARS] = rule_loser,
  [DCC_EXPIRATION_DATE] = rule_order_date,
  /* the page: licenses beyond the first cost extra */
  [DCC_SERVER_LICENSES] = rule_server_licenses,
  /* the page: required with payment_method "card". Refused without it, as
   * card data must not travel for nothing */
  [DCC_CREDIT_CARD] = rule_card,
  [DCC_CARD_YEAR] = rule_card_expired,
  [DCC_BILLING_ADDRESS] = rule_card,
  /* DigiCert: HTTP methods cannot validate a wildcard */
  [DCC_DCV_METHOD] = rule_dcv_method,
  /* the page: an id, or the details of a new organization */
  [DCC_ORGANIZATION_ID] = rule_organization_id,
  /* the page: required when user_id is omitted */
  [DCC_CONTACT_FIRST_NAME] = rule_new_contact,
  [DCC_CONTACT_LAST_NAME] = rule_new_contact,
  [DCC_CONTACT_JOB_TITLE] = rule_new_contact,
  [DCC_CONTACT_TELEPHONE] = rule_new_contact,
  [DCC_CONTACT_EMAIL] = rule_new_contact,
  /* the page of POST /organization: required */
  [DCC_ORG_NAME] = rule_new_organization,
  [DCC_ORG_COUNTRY] = rule_new_organization,
  [DCC_ORG_ADDRESS] = rule_new_organization,
  [DCC_ORG_CITY] = rule_new_organization,
  [DCC_ORG_STATE] = rule_new_organization,
  [DCC_ORG_ZIP] = rule_new_organization,
  [DCC_ORG_TELEPHONE] = rule_new_organization,
  /* there, too; it can be among the contacts instead */
  [DCC_ORG_CONTACT] = rule_organization_contact,
};

/* test_core_check.c: checks and what they find, and orders side by side,
 * through the core's public header alone. */
#include <pthread.h>

#include "../core/dcc.h"
#include "test.h"
#include "test_order.h"

/* ---- checking ---------------------------------------------------------- */

static void test_json_needs_a_check(void)
{
  dcc_order *order = base_order();
  size_t length, count;
  expect(dcc_order_json(order, &length) == NULL, "no JSON before the check");
  dcc_order_problems(order, &count);
  expect(count == 0, "no problems before the check");
  expect_json(order, "checked", BASE_JSON);
  set_text(order, "certificate.common_name", "not a name");
  expect(dcc_order_json(order, &length) == NULL, "no JSON after a string");
  expect(dcc_order_check(order, &options) == 1 &&
         dcc_order_json(order, &length) == NULL, "no JSON with a problem");
  set_text(order, "certificate.common_name", "www.example.com");
  expect(dcc_order_json(order, &length) == NULL, "no JSON before a new check");
  expect_json(order, "checked again", BASE_JSON);
  dcc_order_set_integer(order, "order_validity.years", 1);
  expect(dcc_order_json(order, &length) == NULL, "no JSON after an integer");
  expect_json(order, "checked a third time", BASE_JSON);
  dcc_order_set_boolean(order, "order_validity.years", true);
  expect(dcc_order_json(order, &length) == NULL, "no JSON after a boolean");
  dcc_order_check(order, &options);
  dcc_order_clear(order);
  dcc_order_problems(order, &count);
  expect(count == 0, "no problems after clear");
  set_base(order, SIZE_MAX);
  expect_json(order, "used again", BASE_JSON);
  dcc_order_clear(order);
  expect(dcc_order_json(order, &length) == NULL, "no JSON after clear");
  dcc_order_clear(order);
  expect(dcc_order_check(order, &options) == 3, "an empty order");
  dcc_order_free(order);
  dcc_order_free(NULL);
}

/* The base order and one more step: the one problem, or the one warning. */
static const struct {
  step step;
  const char *path, *code, *hint;
  bool warns;
} verdicts[] = {
#define TEXT(path, text) {path, text, 0, false}
#define INTEGER(path, i) {path, NULL, i, false}
#define BOOLEAN(path, b) {path, NULL, b, true}
  {TEXT("certificate.common_name", ""), "certificate.common_name", "missing",
   NULL, false},
  {TEXT("certificate.common_name", "no name"), "certificate.common_name",
   "format", NULL, false},
  {INTEGER("certificate.common_name", 5), "certificate.common_name", "type",
   "write it in quotes", false},
  {TEXT("certificate.dns_names[1]", "-"), "certificate.dns_names[1]",
   "format", NULL, false},
  {BOOLEAN("certificate.dns_names[1]", 1), "certificate.dns_names[1]",
   "type", NULL, false},
  {TEXT("certificate.dns_names[1]", ""), "certificate.dns_names[1]",
   "format", NULL, false},
  {TEXT("certificate.signature_hash", "sha1"), "certificate.signature_hash",
   "choice", NULL, false},
  {TEXT("certificate.signature_hash", "sha25"), "certificate.signature_hash",
   "choice", NULL, false},
  {INTEGER("order_validity.years", 0), "order_validity.years", "range", NULL,
   false},
  {INTEGER("order_validity.years", 4), "order_validity.years", "range", NULL,
   false},
  {INTEGER("order_validity.years", INT64_MIN), "order_validity.years",
   "range", NULL, false},
  {INTEGER("order_validity.years", INT64_MAX), "order_validity.years",
   "range", NULL, false},
  {TEXT("order_validity.years", "1"), "order_validity.years", "type",
   "write it without quotes", false},
  {INTEGER("auto_renew", 2), "auto_renew", "choice", NULL, false},
  {INTEGER("skip_approval", 1), "skip_approval", "type", NULL, false},
  {TEXT("comments", "a\tb"), "comments", "format", NULL, false},
  {TEXT("comments", "\xC3"), "comments", "format", NULL, false},
  {TEXT("locale", "e\nn"), "locale", "format", NULL, false},
  {TEXT("payment_method", "cash"), "payment_method", "choice", NULL, false},
  {TEXT("additional_emails[1]", "nobody"), "additional_emails[1]", "format",
   NULL, false},
  {INTEGER("custom_fields[1].metadata_id", 12), "custom_fields[1].value",
   "missing", NULL, false},
  {INTEGER("validity_years", 1), "validity_years", "deprecated",
   "order_validity", true},
  {INTEGER("server_licenses", 2), "server_licenses", "cost", NULL, true},
  {INTEGER("order_validity.days", 100), "order_validity.years", "overridden",
   NULL, true},
  {TEXT("certificate.dns_names[1]", "WWW.example.com"),
   "certificate.dns_names[1]", "duplicate", "leave it out", true},
};

static void test_verdicts(void)
{
  for (size_t i = 0; i < COUNT(verdicts); i++) {
    dcc_order *order = base_order();
    const char *path = verdicts[i].path, *code = verdicts[i].code;
    const dcc_problem *found;
    size_t problems, count, length;
    expect(set(order, &verdicts[i].step), "set %s", verdicts[i].step.path);
    problems = dcc_order_check(order, &options);
    found = verdicts[i].warns ? dcc_order_warnings(order, &count)
                              : dcc_order_problems(order, &count);
    expect(problems == !verdicts[i].warns && count == 1,
           "%s (%s): one, got %zu", path, code, count);
    expect(count == 1 && same(found->path, path) && same(found->code, code),
           "%s (%s), got %s (%s)", path, code, count ? found->path : "none",
           count ? found->code : "none");
    expect(count == 1 && strstr(found->message, path) == found->message + 1,
           "%s (%s): the message begins with the path", path, code);
    expect(count == 1 && (verdicts[i].hint == NULL ||
                          same(found->hint, verdicts[i].hint)),
           "%s (%s): the hint", path, code);
    expect((dcc_order_json(order, &length) != NULL) == verdicts[i].warns,
           "%s (%s): JSON in spite of warnings, not of problems", path, code);
    dcc_order_free(order);
  }
}

/* The base order without one step. */
static void test_missing(void)
{
  static const char *const paths[] = {
    "organization", "order_validity", "certificate.signature_hash",
    "certificate.csr", "certificate.common_name",
  };
  dcc_order *order = new_order();
  for (size_t i = 0; i < COUNT(paths); i++) {
    const dcc_problem *found;
    size_t count;
    dcc_order_clear(order);
    set_base(order, i);
    dcc_order_check(order, &options);
    found = dcc_order_problems(order, &count);
    expect(count == 1 && same(found->path, paths[i]) &&
           same(found->code, "missing"), "%s is missing", paths[i]);
  }
  dcc_order_free(order);
}

/* Problems come in the form's order, whatever the order of the steps. */
static void test_order_of_problems(void)
{
  static const char *const paths[] = {
    "certificate.common_name", "certificate.dns_names[1]",
    "certificate.dns_names[3]", "order_validity.years", "payment_method",
    "organization.contacts[1].email", "organization.contacts[2].email",
    "container.id",
  };
  dcc_order *order = base_order();
  const dcc_problem *found;
  size_t count;
  set_text(order, "container.id", "x");
  set_text(order, "organization.contacts[1].email", "nobody");
  set_text(order, "organization.contacts[2].email", "no body");
  for (int item = 1; item <= 2; item++) {
    char path[64];
    snprintf(path, sizeof path, "organization.contacts[%d].user_id", item);
    dcc_order_set_integer(order, path, 7);
    snprintf(path, sizeof path, "organization.contacts[%d].contact_type",
             item);
    set_text(order, path, "technical_contact");
  }
  set_text(order, "payment_method", "cash");
  set_text(order, "order_validity.years", "x");
  set_text(order, "certificate.dns_names[1]", "no name");
  set_text(order, "certificate.dns_names[2]", "example.com");
  set_text(order, "certificate.dns_names[3]", "no name");
  set_text(order, "certificate.common_name", "no name");
  expect(dcc_order_check(order, &options) >= COUNT(paths), "all problems");
  found = dcc_order_problems(order, &count);
  for (size_t i = 0; i < COUNT(paths) && i < count; i++)
    expect(same(found[i].path, paths[i]), "problem %zu: %s, got %s", i,
           paths[i], found[i].path);
  dcc_order_free(order);
}

static void test_many_problems(void)
{
  enum { MANY = DCC_PROBLEMS_MAX + 500 };
  dcc_order *order = base_order();
  const dcc_problem *found;
  size_t count, length;
  char path[64];
  bool good = true;
  for (int i = 1; i <= MANY; i++) {
    snprintf(path, sizeof path, "certificate.dns_names[%d]", i);
    good = set_text(order, path, "no name") && good;
  }
  expect(good, "%d names are set", MANY);
  for (int round = 0; round < 2; round++) {
    expect(dcc_order_check(order, &options) == MANY, "%d problems", MANY);
    found = dcc_order_problems(order, &count);
    snprintf(path, sizeof path, "certificate.dns_names[%d]",
             DCC_PROBLEMS_MAX);
    expect(count == DCC_PROBLEMS_MAX && same(found[count - 1].path, path) &&
           same(found[0].path, "certificate.dns_names[1]"),
           "the first %d are kept", DCC_PROBLEMS_MAX);
    dcc_order_warnings(order, &count);
    expect(count == DCC_PROBLEMS_MAX, "as many warnings");
    expect(dcc_order_json(order, &length) == NULL, "no JSON");
  }
  dcc_order_clear(order);
  set_base(order, SIZE_MAX);
  expect_json(order, "used again after many problems", BASE_JSON);
  dcc_order_free(order);
}

/* No moment is too odd to check by. */
static void test_moments(void)
{
  static const int64_t moments[] = {INT64_MIN, -1, 0, INT64_MAX};
  dcc_order *order = base_order();
  set_text(order, "order_validity.custom_expiration_date", "09 JUN 2027");
  for (size_t i = 0; i < COUNT(moments); i++) {
    dcc_options then = options;
    then.now = moments[i];
    expect(dcc_order_check(order, &then) == 1, "checked by second %lld",
           (long long)moments[i]);
  }
  expect(dcc_order_check(order, &options) == 0, "checked by today");
  dcc_order_free(order);
}

/* ---- side by side ------------------------------------------------------ */

static bool has_json(dcc_order *order, const char *name)
{
  char expected[1024];
  snprintf(expected, sizeof expected, "{\"certificate\":{\"common_name\":"
           "\"%s\",%s", name, BASE_CSR BASE_REST "," BASE_END);
  return dcc_order_check(order, &options) == 0 &&
         same(json_of(order), expected);
}

static void test_interleaved(void)
{
  dcc_order *a = new_order(), *b = new_order();
  const char *json;
  for (size_t i = 0; i < COUNT(base); i++)
    expect(set(a, &base[i]) && set(b, &base[i]), "set %s", base[i].path);
  set_text(a, "certificate.common_name", "a.example.com");
  set_text(b, "certificate.common_name", "b.example.com");
  expect(has_json(a, "a.example.com"), "the first of two");
  json = json_of(a);
  expect(has_json(b, "b.example.com"), "the second of two");
  set_text(b, "certificate.common_name", "no name");
  expect(dcc_order_check(b, &options) == 1, "a problem of the second");
  expect(json != NULL && strstr(json, "a.example.com") != NULL &&
         has_json(a, "a.example.com"), "the first is as before");
  dcc_order_free(b);
  expect(has_json(a, "a.example.com"), "the first without the second");
  dcc_order_free(a);
}

enum { THREADS = 8, ROUNDS = 50 };

typedef struct worker {
  pthread_t thread;
  int number;
  bool good;
} worker;

/* Counts nothing by itself: the counters belong to the first thread. */
static void *work(void *argument)
{
  worker *w = argument;
  char name[64], id[17];
  dcc_order *order = dcc_order_new();
  w->good = order != NULL;
  for (int round = 0; round < ROUNDS && w->good; round++) {
    size_t count = 0, length;
    snprintf(name, sizeof name, "t%d-%d.example.com", w->number, round);
    for (size_t i = 0; i < COUNT(base); i++)
      w->good = set(order, &base[i]) && w->good;
    w->good = w->good && set_text(order, "certificate.common_name", name) &&
              dcc_random_id(id, 16) &&
              set_text(order, "alternative_order_id", id) &&
              dcc_order_check(order, &options) == 0 &&
              strstr(dcc_order_json(order, &length), name) != NULL &&
              strstr(dcc_order_json(order, &length), id) != NULL &&
              set_text(order, "payment_method", name) &&
              dcc_order_check(order, &options) == 1 &&
              strstr(dcc_order_problems(order, &count)->message, name) != NULL;
    dcc_order_clear(order);
  }
  dcc_order_free(order);
  return NULL;
}

static void test_threads(void)
{
  static worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i].number = i;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
      abort();
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    expect(workers[i].good, "an order in thread %d", i);
  }
}

int main(void)
{
  test_json_needs_a_check();
  test_verdicts();
  test_missing();
  test_order_of_problems();
  test_many_problems();
  test_moments();
  test_interleaved();
  test_threads();
  return end_of_test();
}

/* test_core_memory.c: memory that runs out at every allocation, what leaks
 * then, and secrets that are wiped.
 *
 * malloc() and its kin are defined here and hidden: only what is linked into
 * this program calls them, not the C library. They hand on to the library's
 * (or to a sanitizer's, or to valgrind's), found by name. */
#include <dlfcn.h>
#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif
#if !defined(VALGRIND_MAKE_MEM_DEFINED)
#define VALGRIND_MAKE_MEM_DEFINED(p, n) ((void)0)
#endif

#include "../core/buffer.h"
#include "../core/dcc.h"
#include "../core/order.h"
#include "test.h"
#include "test_order.h"

/* ---- allocators that count, fail and look ------------------------------ */

/* In front of every block. */
typedef union head {
  struct {
    union head *next, *before;
    size_t size;
  } block;
  max_align_t align;
} head;

static head all = {.block = {&all, &all, 0}}; /* live blocks, in a ring */
static long live;
static long allocations;         /* since fail_at() */
static long first_bad, last_bad; /* which of them fail; 0: none */
static long failures;            /* how many did */
static const char *needle;       /* what no freed block may hold, or NULL */
static size_t needle_length;
static long found;               /* in freed blocks */

static void fail_at(long first, long last)
{
  allocations = failures = 0;
  first_bad = first;
  last_bad = last;
}

static bool fails(void)
{
  bool bad = ++allocations >= first_bad && allocations <= last_bad;
  failures += bad;
  return bad;
}

/* Looks at a copy, for which valgrind need not mind the gaps between the
 * members of a struct. */
static bool holds_needle(const head *h)
{
  static char bytes[1 << 18];
  size_t n = h->block.size;
  if (needle == NULL)
    return false;
  if (n > sizeof bytes)
    abort();
  memcpy(bytes, h + 1, n);
  (void)VALGRIND_MAKE_MEM_DEFINED(bytes, n);
  for (size_t i = 0; i + needle_length <= n; i++)
    if (memcmp(bytes + i, needle, needle_length) == 0)
      return true;
  return false;
}

#if defined(__GNUC__)
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

static void *library(const char *name)
{
  void *f = dlsym(dlopen(NULL, RTLD_NOW), name);
  if (f == NULL)
    abort();
  return f;
}

HIDDEN void *calloc(size_t count, size_t size)
{
  static void *(*real)(size_t, size_t);
  head *h;
  if (real == NULL)
    *(void **)&real = library("calloc");
  if (fails() || (h = real(1, sizeof *h + count * size)) == NULL)
    return NULL;
  h->block.next = &all;
  h->block.before = all.block.before;
  h->block.size = count * size;
  all.block.before->block.next = h;
  all.block.before = h;
  live++;
  return h + 1;
}

/* With something in it, so that nobody counts on zeros: as a value's type it
 * is the one that has a pointer. */
HIDDEN void *malloc(size_t n)
{
  char *volatile p = calloc(1, n);
  if (p != NULL)
    memset(p, DCC_OBJECT, n);
  return p;
}

HIDDEN void free(void *p)
{
  static void (*real)(void *);
  head *h = p == NULL ? NULL : (head *)p - 1;
  if (real == NULL)
    *(void **)&real = library("free");
  if (h == NULL)
    return;
  found += holds_needle(h);
  h->block.next->block.before = h->block.before;
  h->block.before->block.next = h->block.next;
  live--;
  real(h);
}

HIDDEN void *realloc(void *p, size_t n)
{
  void *moved = malloc(n);
  if (moved != NULL && p != NULL) {
    size_t had = ((head *)p - 1)->block.size;
    memcpy(moved, p, had < n ? had : n);
    free(p);
  }
  return moved;
}

/* Live blocks that hold the needle. */
static long look_around(void)
{
  long count = 0;
  for (const head *h = all.block.next; h != &all; h = h->block.next)
    count += holds_needle(h);
  return count;
}

static void look_for(const void *bytes, size_t n)
{
  needle = bytes;
  needle_length = n;
  found = 0;
}

/* The test stands on this: the core's calls arrive here. */
static void test_allocators(void)
{
  dcc_buffer b = {0};
  fail_at(1, 1);
  dcc_buffer_adds(&b, "text");
  expect(b.failed && allocations == 1 && failures == 1 && live == 0,
         "an allocation of the core is made to fail");
  dcc_buffer_clear(&b);
  look_for("text", 4);
  dcc_buffer_adds(&b, "text");
  expect(!b.failed && live == 1 && look_around() == 1,
         "an allocation of the core is seen");
  fail_at(1, 1);
  expect(dcc_buffer_reserve(&b, 100000) == NULL && b.failed &&
         b.length == 4 && memcmp(b.data, "text", 4) == 0,
         "a buffer that cannot grow keeps what it has");
  look_for(NULL, 0);
  fail_at(0, 0);
  dcc_buffer_free(&b);
  expect(live == 0, "a freed block is gone");
}

/* ---- what an order goes through ---------------------------------------- */

/* What came of it: all that was said, or a failure. */
typedef struct outcome {
  bool failed;
  char text[1 << 18]; /* problems, warnings, JSON */
  size_t length;
} outcome;

static void note(outcome *o, const char *text)
{
  size_t n = text == NULL ? 0 : strlen(text);
  if (o->length + n + 2 > sizeof o->text)
    abort();
  if (n > 0)
    memcpy(o->text + o->length, text, n);
  o->length += n;
  o->text[o->length++] = '\n';
  o->text[o->length] = '\0';
}

static void note_all(outcome *o, const dcc_problem *list, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    note(o, list[i].path);
    note(o, list[i].code);
    note(o, list[i].message);
    note(o, list[i].hint);
  }
}

/* Names beyond one block, and a list that moves several times. */
static bool set_names(dcc_order *order, const char *form)
{
  bool good = true;
  for (int i = 1; i <= 200; i++) {
    char path[64], text[64];
    snprintf(path, sizeof path, "certificate.dns_names[%d]", i);
    snprintf(text, sizeof text, form, i);
    good = set_text(order, path, text) && good;
  }
  return good;
}

static bool compose_good(dcc_order *order)
{
  bool good = true;
  for (size_t i = 0; i < COUNT(base); i++)
    good = set(order, &base[i]) && good;
  return set_names(order, "n%d.example.com") && good;
}

static bool compose_bad(dcc_order *order)
{
  static const step bad[] = {
    {"certificate.signature_hash", "md5", 0, false},
    {"auto_renew", "yes", 0, false},
    {"server_licenses", NULL, 5, false},
    {"validity_years", NULL, 1, false},
    {"comments", "\x01\x02\x03", 0, false},
    {"credit_card.number", "4111111111111112", 0, false},
    {"credit_card.cvv", NULL, 5, false},
    {"organization.contacts[1].email", "nobody", 0, false},
    {"organization.contacts[2].email", "no body", 0, false},
    {"organization.contacts[3].email", "no@body", 0, false},
    {"custom_fields[1].metadata_id", NULL, -1, false},
  };
  bool good = true;
  for (size_t i = 0; i < COUNT(bad); i++)
    good = set(order, &bad[i]) && good;
  for (int i = 4; i <= 40; i++) {
    char path[64];
    snprintf(path, sizeof path, "organization.contacts[%d].job_title", i);
    good = dcc_order_set_integer(order, path, i) && good;
  }
  return set_names(order, "no name %d") && good;
}

/* Items, fields that the form does not know, and text that JSON escapes: more
 * than one block of each. */
static bool compose_many(dcc_order *order)
{
  static char quotes[5000];
  bool good = true;
  for (size_t i = 0; i < COUNT(base); i++)
    good = set(order, &base[i]) && good;
  for (int i = 1; i <= 40; i++) {
    char path[64];
    snprintf(path, sizeof path, "custom_fields[%d].metadata_id", i);
    good = dcc_order_set_integer(order, path, i) && good;
    snprintf(path, sizeof path, "custom_fields[%d].value", i);
    good = set_text(order, path, "x") && good;
  }
  for (int i = 0; i < 60; i++) {
    dcc_extra *extra = dcc_order_extra(order, dcc_order_scope(order),
                                       DCC_ORDER, "extra", 5);
    good = extra != NULL && good;
    if (extra != NULL)
      extra->value = (dcc_value){.type = DCC_BOOLEAN};
  }
  memset(quotes, '"', sizeof quotes - 1);
  return set_text(order, "comments", quotes) && good;
}

/* As a new organization: it lacks a name, has an id, and a member that it
 * does not know. */
static bool compose_organization(dcc_order *order)
{
  static const step details[] = {
    {"organization.id", NULL, 5, false},
    {"organization.contacts[1].email", "nobody", 0, false},
    {"organization.country", "us", 0, false},
    {"organization.organization_contact.email", "no body", 0, false},
  };
  dcc_extra *extra = dcc_order_extra(order, dcc_order_scope(order),
                                     DCC_ORGANIZATION, "naem", 4);
  bool good = extra != NULL;
  for (size_t i = 0; i < COUNT(details); i++)
    good = set(order, &details[i]) && good;
  return good;
}

static dcc_view checked_as; /* an order, but where it is told otherwise */

/* A request's names: addresses in another spelling than the usual one, and an
 * empty line. */
static const char *many_names(void)
{
  static char text[8192];
  size_t n = (size_t)snprintf(text, sizeof text, "cwww.example.org\n\n"
                              "dn1.example.com\ni192.0.2.1\n");
  for (int i = 0; i < 40; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "i2001:DB8::%d\n", i);
  return text;
}

static void go_through(dcc_order *order, bool (*compose)(dcc_order *),
                       outcome *o)
{
  dcc_options with_names = options;
  bool composed = compose(order);
  size_t length, count = 0, problems;
  const dcc_problem *list;
  const char *json;
  with_names.csr_names = many_names();
  with_names.allow_unknown = true;
  with_names.view = checked_as;
  problems = dcc_order_check(order, &with_names);
  list = dcc_order_problems(order, &count);
  o->length = 0;
  note_all(o, list, count);
  list = dcc_order_warnings(order, &count);
  note_all(o, list, count);
  json = dcc_order_json(order, &length);
  note(o, json);
  o->failed = !composed || problems == SIZE_MAX ||
              (problems == 0 && json == NULL);
  if (o->failed)
    expect(json == NULL, "no JSON after a failure");
}

/* ---- memory runs out --------------------------------------------------- */

/* Fails the n-th allocation alone, or it and all after it. Returns whether
 * there was one. */
static bool fail_once(bool (*compose)(dcc_order *), long n, bool all_after,
                      const outcome *good, const char *what)
{
  static outcome o;
  dcc_order *order;
  bool reached;
  fail_at(n, all_after ? 1000000000 : n);
  order = dcc_order_new();
  if (order != NULL) {
    go_through(order, compose, &o);
    reached = failures > 0;
    expect(o.failed == reached || (!o.failed && same(o.text, good->text)),
           "%s: told, or all as it should be (allocation %ld)", what, n);
    fail_at(0, 0);
    dcc_order_clear(order);
    go_through(order, compose, &o);
    expect(!o.failed && same(o.text, good->text),
           "%s: used again (allocation %ld)", what, n);
  }
  reached = order == NULL || reached;
  expect(order != NULL || n == 1, "%s: an order (allocation %ld)", what, n);
  fail_at(0, 0);
  dcc_order_free(order);
  expect(live == 0, "%s: %ld blocks left (allocation %ld)", what, live, n);
  return reached;
}

static void run_out(bool (*compose)(dcc_order *), const char *what)
{
  static outcome good;
  dcc_order *order = new_order();
  long n;
  go_through(order, compose, &good);
  dcc_order_free(order);
  expect(!good.failed, "%s: goes well with memory", what);
  for (int all_after = 0; all_after < 2; all_after++) {
    n = 1;
    while (fail_once(compose, n, all_after, &good, what))
      n++;
    expect(n > 8, "%s: several allocations, got %ld", what, n - 1);
  }
}

/* Of an order that fails it is known until it is cleared. */
static void test_failure_stays(void)
{
  dcc_order *order = new_order();
  size_t length, count;
  expect(compose_good(order), "composed");
  fail_at(1, 1000000000);
  for (int i = 0; i < 1000 && failures == 0; i++)
    set_text(order, "comments", CSR);
  expect(failures > 0 && !set_text(order, "comments", CSR),
         "a string that finds no memory");
  fail_at(0, 0);
  expect(dcc_order_check(order, &options) == SIZE_MAX &&
         dcc_order_json(order, &length) == NULL,
         "a field was lost: no check, no JSON");
  dcc_order_problems(order, &count);
  expect(count == 0, "nor problems");
  dcc_order_clear(order);
  set_base(order, SIZE_MAX);
  expect_json(order, "cleared", BASE_JSON);
  fail_at(1, 1000000000);
  expect(!set_text(order, "comments", CSR) || failures == 0, "told");
  dcc_order_free(order);
  fail_at(0, 0);
  expect(live == 0, "freed without memory, %ld blocks left", live);
}

/* Whichever part of what it takes finds no memory. */
static void test_setter_tells(void)
{
  static char text[8192];
  memset(text, 'x', sizeof text - 1);
  for (size_t n = 0; n < sizeof text; n += 64) {
    dcc_order *order = new_order();
    bool good;
    dcc_order_set_string(order, "comments", text, n);
    fail_at(1, 1000000000);
    good = dcc_order_set_integer(order, "organization.contacts[1].user_id", 7);
    expect(good == (failures == 0), "a setter tells, behind %zu bytes", n);
    fail_at(0, 0);
    dcc_order_free(order);
  }
}

/* ---- secrets ----------------------------------------------------------- */

static const char number[] = "4111111111111111", holder[] = "Holder Of Card";
static const int64_t cvv = 7391;

static bool compose_card(dcc_order *order)
{
  static const step card[] = {
    {"payment_method", "card", 0, false},
    {"credit_card.number", number, 0, false},
    {"credit_card.cvv", NULL, 7391, false},
    {"credit_card.expiration_month", NULL, 1, false},
    {"credit_card.expiration_year", NULL, 2029, false},
    {"credit_card.cardholder_name", holder, 0, false},
    {"billing_address.address", "123 Example Street", 0, false},
    {"billing_address.city", "Lehi", 0, false},
    {"billing_address.country", "us", 0, false},
    {"billing_address.state", "UT", 0, false},
    {"billing_address.zip", "84043", 0, false},
  };
  bool good = compose_good(order);
  for (size_t i = 0; i < COUNT(card); i++)
    good = set(order, &card[i]) && good;
  return good;
}

static void test_order_is_wiped(void)
{
  static const struct { const char *what; const void *bytes; size_t n; }
  secrets[] = {
    {"card number", number, sizeof number - 1},
    {"card holder", holder, sizeof holder - 1},
    {"cvv", &cvv, sizeof cvv},
    {"cvv in JSON", "\"cvv\":7391", 10},
    {"common name", "www.example.com", 15},
  };
  static outcome o;
  for (size_t i = 0; i < COUNT(secrets); i++) {
    dcc_order *order = new_order();
    look_for(secrets[i].bytes, secrets[i].n);
    go_through(order, compose_card, &o);
    expect(!o.failed && look_around() > 0, "%s: in memory", secrets[i].what);
    dcc_order_clear(order);
    expect(look_around() == 0, "%s: wiped by clear", secrets[i].what);
    go_through(order, compose_card, &o);
    dcc_order_free(order);
    expect(found == 0, "%s: %ld blocks freed with it", secrets[i].what,
           found);
    look_for(NULL, 0);
  }
}

/* What a problem quotes is wiped, too. */
static void test_messages_are_wiped(void)
{
  static outcome o;
  dcc_order *order = new_order();
  look_for("no name 77", 10);
  go_through(order, compose_bad, &o);
  expect(look_around() > 0 && strstr(o.text, "no name 77") != NULL,
         "a message: in memory");
  dcc_order_clear(order);
  expect(look_around() == 0, "a message: wiped by clear");
  go_through(order, compose_bad, &o);
  dcc_order_check(order, &options);
  dcc_order_free(order);
  expect(found == 0, "a message: %ld blocks freed with it", found);
  look_for(NULL, 0);
}

static void test_buffer_is_wiped(void)
{
  dcc_buffer b = {0};
  dcc_secret secret = {0};
  look_for(number, sizeof number - 1);
  dcc_buffer_adds(&b, number);
  expect(dcc_buffer_reserve(&b, 100000) != NULL && found == 0 &&
         look_around() == 1, "a buffer moves and wipes");
  dcc_buffer_clear(&b);
  dcc_buffer_free(&b);
  expect(found == 0, "a buffer is wiped, cleared or not");
  dcc_buffer_adds(&b, number);
  dcc_buffer_clear(&b);
  expect(dcc_buffer_reserve(&b, 100000) != NULL && found == 0 &&
           look_around() == 0, "a buffer moves and wipes what was cleared");
  dcc_buffer_free(&b);
  expect(dcc_secret_set(&secret, number, sizeof number - 1) &&
         look_around() == 1, "a secret: in memory");
  fail_at(1, 1);
  expect(!dcc_secret_set(&secret, number, sizeof number - 1) &&
         secret.bytes == NULL && secret.length == 0 && found == 0,
         "a secret without memory is empty");
  fail_at(0, 0);
  expect(dcc_secret_set(&secret, number, sizeof number - 1), "a secret: set");
  dcc_secret_wipe(&secret);
  expect(found == 0 && look_around() == 0 && live == 0, "a secret is wiped");
  look_for(NULL, 0);
}

int main(void)
{
  test_allocators();
  run_out(compose_good, "a good order");
  run_out(compose_bad, "a bad order");
  run_out(compose_many, "many");
  run_out(compose_card, "an order with a card");
  checked_as = DCC_VIEW_ORGANIZATION;
  run_out(compose_organization, "an organization");
  checked_as = DCC_VIEW_ORDER;
  test_failure_stays();
  test_setter_tells();
  test_order_is_wiped();
  test_messages_are_wiped();
  test_buffer_is_wiped();
  return end_of_test();
}

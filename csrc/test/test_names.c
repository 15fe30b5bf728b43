/* test_names.c: names where no list of public suffixes is at hand, and what a
 * list says; Punycode; the list of libpsl, where it is installed. */
#include "../core/ascii.h"
#include "../core/formats.h"
#include "../core/punycode.h"
#include "../suffix/dcc_suffix.h"
#include "test.h"

static unsigned asked;

static dcc_suffix no_list(const char *name, size_t n)
{
  (void)name;
  (void)n;
  asked++;
  return DCC_SUFFIX_NO_LIST;
}

/* A list of "zz" and "b.zz". */
static dcc_suffix short_list(const char *name, size_t n)
{
  bool listed = dcc_same_name(name, n, "zz", 2) ||
                dcc_same_name(name, n, "b.zz", 4);
  asked++;
  return listed ? DCC_SUFFIX_YES : DCC_SUFFIX_NO;
}

#define LIST "not have '*' directly below a public suffix (by the Public " \
             "Suffix List)"
#define TABLE "not have '*' directly below a public suffix (by the built-in " \
              "list of registries)"

static const struct {
  const char *name;
  dcc_suffix_of *suffix_of;
  const char *must; /* NULL: it is taken */
  bool unknown;
} cases[] = {
  {"*.co.uk", NULL, TABLE, false}, {"*.co.uk", no_list, TABLE, false},
  {"*.Com.AU", no_list, TABLE, false}, {"*.gov.us", no_list, TABLE, false},
  {"*.co.jp", no_list, TABLE, false}, {"*.or.at", no_list, TABLE, false},
  {"*.com.br", no_list, TABLE, false}, {"*.co.za", no_list, TABLE, false},
  {"co.uk", no_list, NULL, false}, {"*.example.co.uk", no_list, NULL, false},
  {"*.o.uk", no_list, NULL, false}, {"*.c.uk", no_list, NULL, false},
  {"*.co.u.uk", no_list, NULL, false}, {"*.example.uk", NULL, NULL, false},
  {"*.co.ukraine.com", no_list, NULL, false},
  {"*.parliament.uk", NULL, NULL, false}, {"*.co.xx", NULL, NULL, false},
  {"*.example.com", no_list, NULL, false},
  {"x.notadomain", no_list, NULL, false}, {"x.notadomain", NULL, NULL, false},
  {"*.b.zz", short_list, LIST, false}, {"*.B.ZZ", short_list, LIST, false},
  {"*.a.zz", short_list, NULL, false}, {"b.zz", short_list, NULL, false},
  {"a.b.zz", short_list, NULL, false}, {"*.a.b.zz", short_list, NULL, false},
  {"*.co.uk", short_list, TABLE, true},
  {"x.notadomain", short_list, NULL, true},
  {"8.8.8.8", short_list, NULL, false},
  {"2606:4700::1", short_list, NULL, false},
  {"2606:4700::a", short_list, NULL, false},
  {"a b.com", NULL, "be a host name of letters, digits, '-' and '.'", false},
  {"\x80.com", NULL, "be a host name in ASCII", false},
};

/* What is wrong with a name, or NULL. */
static const char *refused(const char *name, size_t n, dcc_suffix_of *suffix)
{
  dcc_refusal why = {0};
  bool good = dcc_format_check(DCC_FORMAT_HOST, name, n, suffix, &why);
  return good ? NULL : why.must;
}

static void test_names(void)
{
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *name = cases[i].name;
    size_t n = strlen(name);
    char *copy = memcpy(block_of(n), name, n), behind[64];
    const char *must = refused(copy, n, cases[i].suffix_of);
    expect(same(must, cases[i].must), "case %zu: %s: %s", i, name,
           must == NULL ? "taken" : must);
    expect(dcc_is_under_no_suffix(copy, n, cases[i].suffix_of) ==
             cases[i].unknown, "case %zu: %s unknown", i, name);
    snprintf(behind, sizeof behind, "%s_", name);
    expect(same(refused(behind, n, cases[i].suffix_of), cases[i].must),
           "case %zu: %s, whatever is behind it", i, name);
    free(copy);
  }
}

#define LETTERS_59 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_punycode(void)
{
  static const struct { const char *text; bool good; } texts[] = {
    {"mnchen-3ya", true}, {"MNCHEN-3YA", true}, {"1a18wkp9e3qn", true},
    {LETTERS_59 "-jeg", true}, {LETTERS_59 "a-3hg", false}, {"", false},
    {"abc-", false}, {"-", false}, {"-3ya", false}, {"mnchen-3y", false},
    {"mnchen-3ya_", false}, {"mnchen-3ya\xFC", false}, {"ib9b", false},
    {"en32g", false}, {"99999999", false}, {"zzzzzzzzzzzz", false},
  };
  for (size_t i = 0; i < COUNT(texts); i++) {
    size_t n = strlen(texts[i].text);
    char *copy = memcpy(block_of(n), texts[i].text, n);
    expect(dcc_is_punycode(copy, n) == texts[i].good, "Punycode: \"%s\"",
           texts[i].text);
    free(copy);
  }
}

/* The commonest domains cost no look at the list. */
static void test_common(void)
{
  static const char *const names[] = {"example.com", "*.example.net",
                                      "www.example.org"};
  dcc_refusal why;
  for (size_t i = 0; i < COUNT(names); i++)
    expect(dcc_is_common(DCC_FORMAT_HOST, names[i], strlen(names[i])),
           "%s is common", names[i]);
  asked = 0;
  dcc_format_check(DCC_FORMAT_HOST, "a.b.zz", 6, short_list, &why);
  dcc_format_check(DCC_FORMAT_EMAIL, "a@b.zz", 6, short_list, &why);
  expect(asked == 0, "only wildcards are looked up, asked %u times", asked);
}

/* Without libpsl there is nothing to be seen here. */
static void test_libpsl(void)
{
  static const struct { const char *name; dcc_suffix suffix; } known[] = {
    {"com", DCC_SUFFIX_YES}, {"CO.UK", DCC_SUFFIX_YES},
    {"ck", DCC_SUFFIX_YES}, {"foo.ck", DCC_SUFFIX_YES},
    {"www.ck", DCC_SUFFIX_NO}, {"kawasaki.jp", DCC_SUFFIX_YES},
    {"city.kawasaki.jp", DCC_SUFFIX_NO}, {"github.io", DCC_SUFFIX_NO},
    {"notadomain", DCC_SUFFIX_NO}, {"example.com", DCC_SUFFIX_NO},
    {"xn--p1ai", DCC_SUFFIX_YES}, {"", DCC_SUFFIX_NO},
  };
  char *long_name = memset(block_of(100000), 'a', 100000);
  if (dcc_suffix_listed("com", 3) == DCC_SUFFIX_NO_LIST) {
    free(long_name);
    return;
  }
  for (size_t i = 0; i < COUNT(known); i++)
    expect(dcc_suffix_listed(known[i].name, strlen(known[i].name)) ==
             known[i].suffix, "libpsl on \"%s\"", known[i].name);
  expect(dcc_suffix_listed(long_name, 100000) == DCC_SUFFIX_NO, "long");
  free(long_name);
}

int main(void)
{
  test_names();
  test_punycode();
  test_common();
  test_libpsl();
  return end_of_test();
}

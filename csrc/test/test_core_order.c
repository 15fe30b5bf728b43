/* test_core_order.c: the form, fields by path, and JSON, through the core's
 * public header alone. */
#include "../core/dcc.h"
#include "test.h"
#include "../core/order.h"
#include "test_order.h"

/* ---- the form ---------------------------------------------------------- */

/* The path of a row, lists at their item `item`. */
static void path_at(size_t row, int item, char *to, size_t size)
{
  char path[96];
  const char *brackets;
  dcc_field_path(row, path, sizeof path);
  brackets = strstr(path, "[]");
  if (brackets != NULL)
    snprintf(to, size, "%.*s[%d]%s", (int)(brackets - path), path, item,
             brackets + 2);
  else if (dcc_field_at(row)->type == DCC_ARRAY)
    snprintf(to, size, "%s[%d]", path, item);
  else
    snprintf(to, size, "%s", path);
}

static void test_form(void)
{
  size_t n = dcc_field_count();
  expect(n > 50 && dcc_field_at(0) == NULL && dcc_field_at(n) == NULL &&
         dcc_field_at(n - 1) != NULL && dcc_field_at(SIZE_MAX) == NULL,
         "rows are 1 to the last");
  expect(same(dcc_type_name(DCC_STRING), "string") &&
         same(dcc_type_name(DCC_ABSENT), "nothing") &&
         same(dcc_type_name(DCC_OTHER), "other"), "names of types");
  expect(dcc_format_name(DCC_FORMAT_NONE) == NULL &&
         same(dcc_format_name(DCC_FORMAT_HOST), "host") &&
         same(dcc_format_name(DCC_FORMAT_ID), "id"), "names of formats");
}

static void test_cut_paths(void)
{
  static const char whole[] = "organization.contacts[].email";
  size_t row = 1;
  char path[64] = "";
  while (dcc_field_at(row) != NULL &&
         (dcc_field_path(row, path, sizeof path), !same(path, whole)))
    row++;
  expect(dcc_field_at(row) != NULL, "a row has the path %s", whole);
  for (size_t size = 0; size <= sizeof whole; size++) {
    char *to = block_of(size);
    size_t length = dcc_field_path(row, to, size);
    expect(length == sizeof whole - 1 &&
           (size == 0 || (strlen(to) == size - 1 &&
                          strncmp(to, whole, size - 1) == 0)),
           "a path in %zu bytes", size);
    free(to);
  }
  expect(dcc_field_path(0, path, sizeof path) == 0 && same(path, "") &&
         dcc_field_path(SIZE_MAX, path, sizeof path) == 0,
         "no path without a row");
}

/* ---- fields by path ---------------------------------------------------- */

static void test_every_field(void)
{
  dcc_order *order = new_order();
  for (size_t i = 1; i < dcc_field_count(); i++) {
    const dcc_field *f = dcc_field_at(i);
    dcc_type type = f->type == DCC_ARRAY ? f->items : f->type;
    for (int item = 1; item <= 3; item++) {
      char path[128];
      bool good;
      path_at(i, item, path, sizeof path);
      if (type == DCC_STRING)
        good = dcc_order_set_string(order, path, "x", 1);
      else if (type == DCC_BOOLEAN)
        good = dcc_order_set_boolean(order, path, true);
      else
        good = dcc_order_set_integer(order, path, 1);
      expect(good == (type != DCC_OBJECT), "set %s", path);
    }
  }
  dcc_order_free(order);
}

static bool is_in_form(const char *path)
{
  for (size_t i = 1; i < dcc_field_count(); i++) {
    char known[96];
    path_at(i, 1, known, sizeof known);
    if (same(path, known))
      return dcc_field_at(i)->type != DCC_OBJECT &&
             dcc_field_at(i)->items != DCC_OBJECT;
  }
  return false;
}

/* Every name below every object: set where the form has it. */
static void test_every_name(void)
{
  dcc_order *order = new_order();
  for (size_t i = 1; i < dcc_field_count(); i++) {
    const dcc_field *f = dcc_field_at(i);
    bool good = true;
    char above[96], path[192];
    path_at(i, 1, above, sizeof above);
    if (f->type != DCC_OBJECT && f->items != DCC_OBJECT)
      continue;
    for (size_t k = 1; k < dcc_field_count() && good; k++) {
      const dcc_field *below = dcc_field_at(k);
      snprintf(path, sizeof path, "%s.%s%s", above, below->name,
               below->type == DCC_ARRAY ? "[1]" : "");
      good = dcc_order_set_integer(order, path, 1) == is_in_form(path);
    }
    expect(good, "set %s", path);
  }
  dcc_order_free(order);
}

static const char *const bad_paths[] = {
  "", ".", "[1]", "nonsense", "certificate", "certificate.", ".certificate",
  "certificate.nonsense", "certificate..csr", "certificate.csr.x",
  "certificate.csr[1]", "certificate.csr ", " certificate.csr",
  "Certificate.csr", "certificate[1].csr", "certificate.common_nam",
  "certificate.common_name_", "certificate.dns_names",
  "certificate.dns_names[0]", "certificate.dns_names[2]",
  "certificate.dns_names[-1]", "certificate.dns_names[", "common_name",
  "certificate.dns_names[1", "certificate.dns_names[]",
  "certificate.dns_names[ 1]", "certificate.dns_names[1 ]",
  "certificate.dns_names[1x", "organization.contacts[1x.email",
  "certificate.dns_names[1.0]", "certificate.dns_names[x]",
  "certificate.dns_names[1]x", "certificate.dns_names[1].x",
  "certificate.dns_names[1][1]", "certificate.dns_names[4294967297]",
  "certificate.dns_names[18446744073709551617]",
  "certificate.dns_names[99999999999999999999999]", "organization.contacts",
  "organization.contacts[1]", "organization.contacts[0].email",
  "organization.contacts[2].email", "organization.contacts.email",
  "organization.contacts[1].nonsense", "organization.contacts[1]email",
  "organization.contacts[1].email.x", "organization.contacts[1].email[1]",
  "organization.id.x", "organization[1].id", "credit_card",
  "credit_card.nonsense", "cert_validity.days", "certificate.id",
  "certificate.csr\n", "order.organization.id", "custom_fields[1].id",
};

/* A refused path leaves the order as it was. */
static void test_bad_paths(void)
{
  dcc_order *order = base_order();
  expect_json(order, "before bad paths", BASE_JSON);
  for (size_t i = 0; i < COUNT(bad_paths); i++) {
    const char *path = bad_paths[i];
    expect(!dcc_order_set_string(order, path, "x", 1), "string \"%s\"", path);
    expect(!dcc_order_set_integer(order, path, 1), "integer \"%s\"", path);
    expect(!dcc_order_set_boolean(order, path, true), "boolean \"%s\"", path);
    expect(same(json_of(order), BASE_JSON), "unchanged by \"%s\"", path);
    expect_json(order, path, BASE_JSON);
    dcc_order_clear(order);
    set_base(order, SIZE_MAX);
    dcc_order_check(order, &options);
  }
  dcc_order_free(order);
}

static void test_copies(void)
{
  dcc_order *order = new_order();
  char path[64], text[64];
  for (size_t i = 0; i < COUNT(base); i++) {
    if (base[i].text == NULL) {
      expect(set(order, &base[i]), "set %s", base[i].path);
      continue;
    }
    char *copy = block_of(strlen(base[i].text));
    memcpy(copy, base[i].text, strlen(base[i].text));
    snprintf(path, sizeof path, "%s", base[i].path);
    expect(dcc_order_set_string(order, path, copy, strlen(base[i].text)),
           "set %s", path);
    memset(path, '#', sizeof path);
    memset(copy, '#', strlen(base[i].text));
    free(copy);
  }
  expect_json(order, "strings and paths are copied", BASE_JSON);
  snprintf(text, sizeof text, "%s", "www.example.org");
  set_text(order, "certificate.common_name", text);
  set_text(order, "certificate.common_name", "www.example.com");
  expect_json(order, "a field set again", BASE_JSON);
  dcc_order_free(order);
}

/* ---- JSON -------------------------------------------------------------- */

/* The base order and some more: what stands in the JSON. */
static const struct {
  const char *what;
  step steps[8];
  const char *expected;
} documents[] = {
  {"no more", {{0}}, BASE_JSON},
  {"a list", {{"certificate.dns_names[1]", "example.com", 0, false},
              {"certificate.dns_names[2]", "b.example.com", 0, false},
              {"certificate.dns_names[3]", "c.example.com", 0, false},
              {"certificate.dns_names[2]", "*.example.com", 0, false}},
   BASE_BEGIN "\"dns_names\":[\"example.com\",\"*.example.com\","
   "\"c.example.com\"]," BASE_CSR BASE_REST "," BASE_END},
  {"objects in a list", {
     {"organization.contacts[1].user_id", NULL, 7, false},
     {"organization.contacts[1].contact_type", "technical_contact", 0, false},
     {"organization.contacts[2].contact_type", "ev_approver", 0, false},
     {"organization.contacts[2].user_id", NULL, 8, false},
     {"organization.contacts[1].user_id", NULL, 9, false}},
   BASE_BEGIN BASE_CSR BASE_REST ",\"organization\":{\"id\":123456,"
   "\"contacts\":[{\"contact_type\":\"technical_contact\",\"user_id\":9},"
   "{\"contact_type\":\"ev_approver\",\"user_id\":8}]}}"},
  {"custom fields", {
     {"custom_fields[1].metadata_id", NULL, 12, false},
     {"custom_fields[1].value", "CC-1", 0, false}},
   BASE_BEGIN BASE_CSR BASE_REST "," "\"organization\":{\"id\":123456},"
   "\"custom_fields\":[{\"metadata_id\":12,\"value\":\"CC-1\"}]}"},
  {"flags take booleans", {{"auto_renew", NULL, 1, true},
                           {"auto_reissue", NULL, 0, true}},
   BASE_BEGIN BASE_CSR BASE_REST ",\"auto_renew\":1,\"auto_reissue\":0,"
   BASE_END},
  {"flags take integers", {{"auto_renew", NULL, 0, false},
                           {"auto_reissue", NULL, 1, false}},
   BASE_BEGIN BASE_CSR BASE_REST ",\"auto_renew\":0,\"auto_reissue\":1,"
   BASE_END},
  {"booleans", {{"skip_approval", NULL, 1, true},
                {"disable_ct", NULL, 0, true}},
   BASE_BEGIN BASE_CSR BASE_REST ",\"skip_approval\":true,"
   "\"disable_ct\":false," BASE_END},
  {"the largest integer", {{"renewal_of_order_id", NULL, INT64_MAX, false}},
   BASE_BEGIN BASE_CSR BASE_REST
   ",\"renewal_of_order_id\":9223372036854775807," BASE_END},
  {"a negative integer", {
     {"certificate.server_platform.id", NULL, -1, false}},
   BASE_BEGIN "\"csr\":\"" CSR_JSON "\",\"signature_hash\":\"sha256\","
   "\"server_platform\":{\"id\":-1}}" BASE_REST "," BASE_END},
  {"escapes", {{"comments", "a\"b\\c/d\r\ne\n", 0, false}},
   BASE_BEGIN BASE_CSR BASE_REST
   ",\"comments\":\"a\\\"b\\\\c/d\\r\\ne\\n\"," BASE_END},
  {"UTF-8", {{"comments", "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x94\x92 "
                          "\xE2\x80\xA8", 0, false}},
   BASE_BEGIN BASE_CSR BASE_REST ",\"comments\":\"\xC3\xA4 \xE2\x82\xAC "
   "\xF0\x9F\x94\x92 \xE2\x80\xA8\"," BASE_END},
  {"an empty string", {{"comments", "", 0, false}},
   BASE_BEGIN BASE_CSR BASE_REST ",\"comments\":\"\"," BASE_END},
  {"a CSR with CR LF and space around", {
     {"certificate.csr", " \r\n\t-----BEGIN CERTIFICATE REQUEST-----\r\n"
      "MIIB\r\n-----END CERTIFICATE REQUEST-----\r\n \n", 0, false}},
   BASE_JSON},
};

static void test_documents(void)
{
  dcc_order *order = new_order(); /* one for all: cleared each time */
  for (size_t i = 0; i < COUNT(documents); i++) {
    dcc_order_clear(order);
    set_base(order, SIZE_MAX);
    for (const step *s = documents[i].steps; s->path != NULL; s++)
      expect(set(order, s), "%s: set %s", documents[i].what, s->path);
    expect_json(order, documents[i].what, documents[i].expected);
    expect(same(json_of(order), documents[i].expected), "%s: written twice",
           documents[i].what);
  }
  dcc_order_free(order);
}

/* A quote at every place of strings of every length. */
static void test_escapes(void)
{
  dcc_order *order = base_order();
  for (size_t n = 1; n < 70; n++) {
    char text[80] = "", expected[512];
    bool good = true;
    for (size_t place = 0; place < n && good; place++) {
      memset(text, 'a', n);
      text[place] = '"';
      snprintf(expected, sizeof expected, "%s,\"comments\":\"%.*s\\%s\",%s",
               BASE_BEGIN BASE_CSR BASE_REST, (int)place, text, text + place,
               BASE_END);
      good = set_text(order, "comments", text) &&
             dcc_order_check(order, &options) == 0 &&
             same(json_of(order), expected);
    }
    expect(good, "a quote among %zu letters", n);
  }
  dcc_order_free(order);
}

/* What the form does not know is written as it is, by name. */
static void test_extras(void)
{
  static dcc_member second = {.name = "b", .length = 1,
    .value = {.type = DCC_BOOLEAN}};
  static dcc_member first = {.next = &second, .name = "a", .length = 1,
    .value = {.type = DCC_STRING, .as.text = "\t\x01", .length = 2}};
  dcc_options open = options;
  dcc_order *order = base_order();
  dcc_extra *extra = dcc_order_extra(order, dcc_order_scope(order), DCC_ORDER,
                                     "more", 4);
  size_t length;
  extra->value = (dcc_value){.type = DCC_OBJECT, .as.members = &first};
  open.allow_unknown = true;
  expect(dcc_order_check(order, &open) == 0, "extras: allowed");
  expect(strstr(dcc_order_json(order, &length),
                ",\"more\":{\"a\":\"\\t\\u0001\",\"b\":false}") != NULL,
         "extras: an object of two members");
  dcc_order_free(order);
}

/* More items than a size can tell. */
static void test_endless_list(void)
{
  static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 64};
  for (size_t i = 0; i < COUNT(counts); i++) {
    dcc_order *order = new_order();
    dcc_value array = {0};
    expect(dcc_order_resize(order, &array, 3) && array.length == 3,
           "a list of three");
    expect(!dcc_order_resize(order, &array, counts[i]) && order->failed &&
           array.length == 3, "no list of %zu", counts[i]);
    dcc_order_free(order);
  }
}

enum { NAMES = 10000 };

static void test_long_list(void)
{
  dcc_order *order = base_order();
  dcc_options strict = options;
  size_t count = 0, length = 0, at = 0;
  const char *json;
  bool good = true;
  char text[64];
  for (int i = 1; i <= NAMES && good; i++) {
    char path[64];
    snprintf(path, sizeof path, "certificate.dns_names[%d]", i);
    snprintf(text, sizeof text, "n%d.example.com", i);
    good = set_text(order, path, text);
  }
  expect(good, "a list grows to %d names", NAMES);
  expect(dcc_order_check(order, &options) == 0, "%d names: fit", NAMES);
  json = dcc_order_json(order, &length);
  json = json == NULL ? NULL : strstr(json, "\"dns_names\":[");
  for (int i = 1; i <= NAMES && json != NULL; i++) {
    int n = snprintf(text, sizeof text, "%c\"n%d.example.com\"",
                     i == 1 ? '[' : ',', i);
    good = good && strncmp(json + 12 + at, text, (size_t)n) == 0;
    at += (size_t)n;
  }
  expect(json != NULL && good && json[12 + at] == ']', "%d names: JSON",
         NAMES);
  strict.strict = true;
  expect(same(dcc_order_warnings(order, &count)->code, "limit") && count == 1,
         "%d names: one warning", NAMES);
  expect(dcc_order_check(order, &strict) == 1 &&
         same(dcc_order_problems(order, &count)->code, "limit") &&
         dcc_order_json(order, &length) == NULL,
         "%d names: strict takes the warning for a problem", NAMES);
  dcc_order_warnings(order, &count);
  expect(count == 0, "%d names: strict warns of nothing", NAMES);
  dcc_order_free(order);
}

int main(void)
{
  test_form();
  test_cut_paths();
  test_every_field();
  test_every_name();
  test_bad_paths();
  test_copies();
  test_documents();
  test_escapes();
  test_extras();
  test_endless_list();
  test_long_list();
  return end_of_test();
}

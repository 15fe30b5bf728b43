/* fuzz_order.c: the input as calls of setters, then the check and the
 * writer. What is written must be read back by jansson, an independent
 * parser, as exactly the values that were set. */
#include <jansson.h>

#include "../core/order.h"
#include "../core/scan.h"
#include "fuzz.h"

enum { KEPT_MAX = 400, NAME_MAX = 20 };

/* A value that was set, at a path of the form or under an unknown name. */
typedef struct kept {
  char path[128];
  unsigned field; /* 0: unknown to the form */
  dcc_value value;
} kept;

typedef struct run {
  dcc_order *order;
  kept values[KEPT_MAX];
  size_t count;
  unsigned root; /* the row that is the body */
} run;

#define A_CSR "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n" \
              "-----END CERTIFICATE REQUEST-----\n"

static const char *const words[] = {
  "", "balance", "card", "profile", "sha256", "email", "http-token",
  "*.example.com", "www.example.com", "4111111111111111", "09 JUN 2027",
  "2027-06-09", "us", "n/a", "-", "organization_contact", "8.8.8.8",
  "a\"b\\c/d", "caf\xC3\xA9", "\xF0\x9F\x94\x91", "two\nlines\r\nof text",
  A_CSR, "-----BEGIN PRIVATE KEY-----", "tab\there",
};

/* ---- setting ----------------------------------------------------------- */

static kept *slot(run *r, const char *path)
{
  size_t i;
  for (i = 0; i < r->count && strcmp(r->values[i].path, path) != 0; i++)
    ;
  if (i == KEPT_MAX)
    return NULL;
  if (i == r->count) {
    r->count++;
    r->values[i].value = (dcc_value){0};
  }
  snprintf(r->values[i].path, sizeof r->values[i].path, "%s", path);
  return &r->values[i];
}

static void forget_text(kept *k)
{
  if (k->value.type == DCC_STRING)
    free((char *)(uintptr_t)k->value.as.text);
}

/* Takes the text over. */
static void keep(run *r, const char *path, unsigned field, dcc_value value)
{
  kept *k = slot(r, path);
  must(k != NULL, "too many values");
  forget_text(k);
  k->field = field;
  k->value = value;
}

static bool set(run *r, const char *path, const dcc_value *value)
{
  if (value->type == DCC_STRING)
    return dcc_order_set_string(r->order, path, value->as.text,
                                value->length);
  if (value->type == DCC_BOOLEAN)
    return dcc_order_set_boolean(r->order, path, value->as.boolean);
  return dcc_order_set_integer(r->order, path, value->as.integer);
}

static dcc_value text_of(const char *s, size_t n)
{
  char *copy = malloc(n > 0 ? n : 1);
  if (copy == NULL)
    abort();
  if (n > 0)
    memcpy(copy, s, n);
  return (dcc_value){.type = DCC_STRING, .length = n, .as.text = copy};
}

/* The form's own example for the field; of a list its first item. */
static dcc_value example_of(unsigned field)
{
  const char *text = dcc_form[field].example;
  json_t *json = json_loads(text == NULL ? "1" : text, JSON_DECODE_ANY, NULL);
  json_t *item = json_is_array(json) ? json_array_get(json, 0) : json;
  dcc_value value = {.type = DCC_BOOLEAN};
  must(json != NULL, "the example of field %u is no JSON", field);
  if (json_is_string(item))
    value = text_of(json_string_value(item), json_string_length(item));
  else if (json_is_integer(item))
    value = (dcc_value){.type = DCC_INTEGER,
                        .as.integer = json_integer_value(item)};
  else
    value.as.boolean = json_is_true(item);
  json_decref(json);
  return value;
}

static dcc_value take_value(stream *in, unsigned field)
{
  size_t n;
  char *block, many[256];
  dcc_value value = {.type = DCC_INTEGER};
  switch (take(in) % 8) {
  case 0:
    block = take_block(in, take(in), &n);
    return (dcc_value){.type = DCC_STRING, .length = n, .as.text = block};
  case 1:
    n = take(in) % (sizeof words / sizeof *words);
    return text_of(words[n], strlen(words[n]));
  case 2:
    memset(many, (int)take(in), sizeof many);
    return text_of(many, take(in));
  case 3:
    value.as.integer = (int8_t)take(in);
    return value;
  case 4:
    value.as.integer = take_integer(in);
    return value;
  case 5:
    return (dcc_value){.type = DCC_BOOLEAN, .as.boolean = take(in) & 1};
  default:
    return example_of(field);
  }
}

/* ---- calls ------------------------------------------------------------- */

/* The path of a row, its list items by the stream. */
static void take_path(stream *in, unsigned field, char *path, size_t size)
{
  char bare[96], index[16] = "";
  char *list;
  dcc_field_path(field, bare, sizeof bare);
  list = strstr(bare, "[]");
  if (list != NULL || dcc_form[field].type == DCC_ARRAY)
    snprintf(index, sizeof index, "[%u]", take(in) % 6 + 1);
  if (list == NULL) {
    snprintf(path, size, "%s%s", bare, index);
  } else {
    *list = '\0';
    snprintf(path, size, "%s%s%s", bare, index, list + 2);
  }
}

static void call_setter(run *r, stream *in, unsigned field)
{
  char path[128];
  dcc_value value;
  take_path(in, field, path, sizeof path);
  value = take_value(in, field);
  if (set(r, path, &value))
    keep(r, path, field, value);
  else if (value.type == DCC_STRING)
    free((char *)(uintptr_t)value.as.text);
}

/* A path that is none: no field's name stands in it. */
static void call_wrong_path(run *r, stream *in)
{
  size_t n;
  char path[40], *block = take_block(in, take(in) % sizeof path, &n);
  memcpy(path, block, n);
  path[n] = '\0';
  free(block);
  for (unsigned i = 1; i < DCC_FIELDS; i++)
    if (strstr(path, dcc_form[i].name) != NULL)
      return;
  must(!dcc_order_set_integer(r->order, path, 1), "%s is a path", path);
}

/* A field that the form does not know, as the binding adds it. */
static void add_unknown(run *r, stream *in)
{
  dcc_scope root = dcc_order_scope(r->order);
  dcc_value value;
  dcc_extra *extra;
  char name[NAME_MAX + 2] = "~", *block;
  size_t n;
  block = take_block(in, take(in) % NAME_MAX, &n);
  for (size_t i = 0; i < n; i++)
    name[i + 1] = block[i] == '\0' ? '0' : block[i];
  free(block);
  for (size_t i = 0; i < r->count; i++)
    if (strcmp(r->values[i].path, name) == 0)
      return;
  if (take(in) & 1) {
    int64_t bits = take_integer(in);
    value = (dcc_value){.type = DCC_NUMBER};
    memcpy(&value.as.number, &bits, sizeof bits);
  } else {
    value = take_value(in, DCC_COMMENTS);
  }
  keep(r, name, 0, value);
  block = r->values[r->count - 1].path;
  extra = dcc_order_extra(r->order, root, r->root, block, strlen(block));
  must(extra != NULL, "no memory");
  extra->value = value;
}

/* What a body needs to have no problem. */
static void set_base(run *r, dcc_view view)
{
  static const unsigned of_order[] = {
    DCC_COMMON_NAME, DCC_CSR, DCC_SIGNATURE_HASH, DCC_ORDER_YEARS,
    DCC_ORGANIZATION_ID, 0,
  }, of_reissue[] = {
    DCC_COMMON_NAME, DCC_CSR, DCC_SIGNATURE_HASH, 0,
  }, of_organization[] = {
    DCC_ORG_NAME, DCC_ORG_COUNTRY, DCC_ORG_ADDRESS, DCC_ORG_CITY,
    DCC_ORG_STATE, DCC_ORG_ZIP, DCC_ORG_TELEPHONE, DCC_ORG_FIRST_NAME,
    DCC_ORG_LAST_NAME, DCC_ORG_EMAIL, 0,
  };
  const unsigned *fields = view == DCC_VIEW_ORDER ? of_order
    : view == DCC_VIEW_ORGANIZATION ? of_organization : of_reissue;
  char path[96];
  for (size_t i = 0; fields[i] != 0; i++) {
    dcc_value value = fields[i] == DCC_CSR
                        ? text_of(A_CSR, strlen(A_CSR))
                        : example_of(fields[i]);
    dcc_field_path(fields[i], path, sizeof path);
    must(set(r, path, &value), "%s cannot be set", path);
    keep(r, path, fields[i], value);
  }
}

/* ---- what was written -------------------------------------------------- */

/* The value at a path, its list items from 1. */
static const json_t *at_path(const json_t *json, const char *path)
{
  while (json != NULL && *path != '\0') {
    size_t n = strcspn(path, ".[");
    if (n > 0)
      json = json_object_getn(json, path, n);
    else if (*path == '[')
      json = json_array_get(json, strtoul(path + 1, NULL, 10) - 1);
    path += n > 0 ? n : *path == '[' ? strcspn(path, "]") + 1 : 1;
  }
  return json;
}

static size_t leaves(const json_t *json)
{
  size_t count = 0, i;
  const char *key;
  json_t *item;
  if (json_is_object(json))
    json_object_foreach((json_t *)(uintptr_t)json, key, item)
      count += leaves(item);
  else if (json_is_array(json))
    json_array_foreach(json, i, item)
      count += leaves(item);
  else
    count = 1;
  return count;
}

/* The CSR goes out without the white space around it, its lines ending in
 * LF. Returns its new length. */
static size_t plain_lines(char *s, size_t n)
{
  size_t to = 0, from = 0;
  while (n > 0 && strchr(" \t\r\n\f\v", s[n - 1]) != NULL)
    n--;
  while (from < n && strchr(" \t\r\n\f\v", s[from]) != NULL)
    from++;
  for (; from < n; from++)
    if (s[from] != '\r')
      s[to++] = s[from];
    else if (from + 1 == n || s[from + 1] != '\n')
      s[to++] = '\n';
  return to;
}

static bool reads_as_text(const json_t *json, const kept *k)
{
  size_t n = k->value.length;
  bool same;
  char *copy;
  if (!json_is_string(json))
    return false;
  copy = malloc(n + 1);
  if (copy == NULL)
    abort();
  memcpy(copy, k->value.as.text, n);
  if (k->field == DCC_CSR)
    n = plain_lines(copy, n);
  same = json_string_length(json) == n &&
         memcmp(json_string_value(json), copy, n) == 0;
  free(copy);
  return same;
}

static bool reads_as(const json_t *json, const kept *k)
{
  switch (k->value.type) {
  case DCC_STRING:
    return reads_as_text(json, k);
  case DCC_INTEGER:
    return json_is_integer(json) &&
           json_integer_value(json) == k->value.as.integer;
  case DCC_NUMBER:
    return json_is_number(json) &&
           json_number_value(json) == k->value.as.number;
  default:
    if (k->field != 0 && dcc_form[k->field].flags & DCC_FLAG)
      return json_is_integer(json) &&
             json_integer_value(json) == k->value.as.boolean;
    return json_is_boolean(json) &&
           json_is_true(json) == k->value.as.boolean;
  }
}

/* Unknown fields have no path, only a name. Of a new organization the paths
 * of the form go on with it. */
static void check_values(const run *r, const char *text, size_t length)
{
  size_t before = r->root == DCC_ORDER ? 0 : strlen(dcc_form[r->root].name);
  json_error_t error;
  json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES |
                            JSON_ALLOW_NUL, &error);
  must(json != NULL, "no JSON: %s\n%s", error.text, text);
  for (size_t i = 0; i < r->count; i++) {
    const kept *k = &r->values[i];
    const json_t *value = k->field != 0 ? at_path(json, k->path + before)
                                        : json_object_get(json, k->path);
    must(value != NULL && reads_as(value, k), "%s is another in\n%s", k->path,
         text);
  }
  must(leaves(json) == r->count, "%zu values were set, not those of\n%s",
       r->count, text);
  json_decref(json);
}

static void check_said(const dcc_problem *list, size_t count)
{
  size_t characters;
  for (size_t i = 0; i < count; i++) {
    const dcc_problem *p = &list[i];
    must(is_line(p->path) && *p->code != '\0' && is_line(p->message),
         "a problem that cannot be printed");
    must(dcc_utf8(p->message, strlen(p->message), &characters) &&
         dcc_utf8(p->path, strlen(p->path), &characters),
         "a message that is not UTF-8: %s", p->message);
    must(p->hint == NULL || is_line(p->hint), "a hint that is no line");
  }
}

static void check_order(run *r, const dcc_options *options)
{
  size_t problems = dcc_order_check(r->order, options), count, warnings;
  size_t length = 0, again = 0;
  char *first;
  const dcc_problem *list = dcc_order_problems(r->order, &count);
  const char *json = dcc_order_json(r->order, &length);
  must(problems != SIZE_MAX, "out of memory");
  check_said(list, count);
  list = dcc_order_warnings(r->order, &warnings);
  check_said(list, warnings);
  must((problems == 0) == (json != NULL), "%zu problems, and %s JSON",
       problems, json == NULL ? "no" : "some");
  must(count == (problems < DCC_PROBLEMS_MAX ? problems : DCC_PROBLEMS_MAX),
       "%zu problems, %zu kept", problems, count);
  if (json == NULL)
    return;
  must(strlen(json) == length, "the length of the JSON");
  check_values(r, json, length);
  first = strdup(json);
  must(dcc_order_check(r->order, options) == 0, "checked twice");
  json = dcc_order_json(r->order, &again);
  must(json != NULL && again == length && first != NULL &&
       memcmp(json, first, length) == 0, "written twice");
  free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static run r;
  stream in = {data, data + size};
  unsigned flags = take(&in);
  dcc_options options = {
    .now = flags & 1 ? take_integer(&in) : 1781006400,
    .strict = flags & 2, .allow_unknown = flags & 4, .skip_csr = flags & 8,
    .csr_names = flags & 16 ? "cwww.example.org\ndn1.example.com\n" : NULL,
    .view = flags >> 6,
  };
  r.order = dcc_order_new();
  r.count = 0;
  r.root = r.order->index.bodies[options.view].root;
  if (flags & 32)
    set_base(&r, options.view);
  while (in.at < in.end && r.count < KEPT_MAX) {
    unsigned what = take(&in) % (DCC_FIELDS + 2);
    if (what == 0)
      add_unknown(&r, &in);
    else if (what >= DCC_FIELDS)
      call_wrong_path(&r, &in);
    else if (dcc_form[what].type != DCC_OBJECT)
      call_setter(&r, &in, what);
  }
  check_order(&r, &options);
  dcc_order_free(r.order);
  for (size_t i = 0; i < r.count; i++)
    forget_text(&r.values[i]);
  return 0;
}

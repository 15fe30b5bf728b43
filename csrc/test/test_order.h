/* test_order.h: an order without a problem, which the tests change. */
#ifndef DCC_TEST_ORDER_H
#define DCC_TEST_ORDER_H

#include "../core/dcc.h"
#include "test.h"

/* 2026-06-09 12:00:00 UTC; the CSR is for the tests of csrc/x509 */
static const dcc_options options = {.now = 1781006400, .skip_csr = true};

#define CSR "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n" \
            "-----END CERTIFICATE REQUEST-----"
#define CSR_JSON "-----BEGIN CERTIFICATE REQUEST-----\\nMIIB\\n" \
                 "-----END CERTIFICATE REQUEST-----"

/* One call of a setter: of a string where there is a text. */
typedef struct step {
  const char *path;
  const char *text;
  int64_t integer; /* of a boolean: 0 or 1 */
  bool boolean;
} step;

static const step base[] = {
  {"organization.id", NULL, 123456, false},
  {"order_validity.years", NULL, 1, false},
  {"certificate.signature_hash", "sha256", 0, false},
  {"certificate.csr", CSR, 0, false},
  {"certificate.common_name", "www.example.com", 0, false},
};
#define BASE_BEGIN "{\"certificate\":{\"common_name\":\"www.example.com\","
#define BASE_CSR "\"csr\":\"" CSR_JSON "\",\"signature_hash\":\"sha256\"}"
#define BASE_REST ",\"order_validity\":{\"years\":1}"
#define BASE_END "\"organization\":{\"id\":123456}}"
#define BASE_JSON BASE_BEGIN BASE_CSR BASE_REST "," BASE_END

static inline bool set(dcc_order *order, const step *s)
{
  if (s->text != NULL)
    return dcc_order_set_string(order, s->path, s->text, strlen(s->text));
  if (s->boolean)
    return dcc_order_set_boolean(order, s->path, s->integer != 0);
  return dcc_order_set_integer(order, s->path, s->integer);
}

static inline bool set_text(dcc_order *order, const char *path,
                            const char *text)
{
  return dcc_order_set_string(order, path, text, strlen(text));
}

/* Sets all of the base order but the step `left_out`. */
static inline void set_base(dcc_order *order, size_t left_out)
{
  bool good = true;
  for (size_t i = 0; i < COUNT(base); i++)
    good = (i == left_out || set(order, &base[i])) && good;
  expect(good, "the base order is set");
}

static inline dcc_order *new_order(void)
{
  dcc_order *order = dcc_order_new();
  if (order == NULL)
    abort();
  return order;
}

static inline dcc_order *base_order(void)
{
  dcc_order *order = new_order();
  set_base(order, SIZE_MAX);
  return order;
}

static inline const char *json_of(dcc_order *order)
{
  size_t length = 0;
  const char *json = dcc_order_json(order, &length);
  if (json != NULL)
    expect(strlen(json) == length, "the length of the JSON");
  return json;
}

/* Checks the order, which has no problem, and compares its JSON. */
static inline void expect_json(dcc_order *order, const char *what,
                        const char *expected)
{
  size_t count, problems = dcc_order_check(order, &options);
  const dcc_problem *list = dcc_order_problems(order, &count);
  const char *json = json_of(order);
  expect(problems == 0, "%s: no problem, got %zu (%s)", what, problems,
         count > 0 ? list[0].message : "");
  expect(json != NULL && strcmp(json, expected) == 0,
         "%s: JSON\n  %s, got\n  %s", what, expected,
         json == NULL ? "none" : json);
}

#endif

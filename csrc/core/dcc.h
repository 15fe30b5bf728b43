/* dcc.h: the order of a DigiCert CertCentral certificate: compose, validate,
 * write as JSON. Links nothing but libc and knows neither Lua nor curl.
 *
 *   dcc_order *order = dcc_order_new();
 *   dcc_order_set_string(order, "certificate.common_name", "example.com", 11);
 *   dcc_order_set_integer(order, "order_validity.years", 1);
 *   ...
 *   if (dcc_order_check(order, &options) == 0)
 *     json = dcc_order_json(order, &length);
 *   dcc_order_free(order);
 *
 * Nothing is global: orders are independent of each other, one order is for
 * one thread at a time. */
#ifndef DCC_H
#define DCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of the whole project; it is written here and nowhere else. */
#define DCC_VERSION "0.1.0"

/* ---- the form ---------------------------------------------------------- */

typedef enum dcc_type {
  DCC_ABSENT, /* of a value: not set */
  DCC_OBJECT,
  DCC_ARRAY,
  DCC_STRING,
  DCC_INTEGER,
  DCC_BOOLEAN,
  DCC_NUMBER, /* of a value: not an integer, or too large to be exact */
  DCC_OTHER   /* of a value: nothing that JSON can carry */
} dcc_type;

typedef enum dcc_required {
  DCC_OPTIONAL,
  DCC_REQUIRED,
  DCC_CONDITIONAL /* required or not by another field's value */
} dcc_required;

typedef enum dcc_format {
  DCC_FORMAT_NONE,
  DCC_FORMAT_HOST,     /* host name, wildcard or public IP address */
  DCC_FORMAT_EMAIL,    /* one e-mail address */
  DCC_FORMAT_CSR,      /* one PKCS#10 request in PEM */
  DCC_FORMAT_DATE,     /* dd MMM YYYY */
  DCC_FORMAT_ISO_DATE, /* yyyy-MM-dd */
  DCC_FORMAT_SHA1,     /* 40 hex digits */
  DCC_FORMAT_CARD,     /* 12 to 19 digits that pass Luhn's check */
  DCC_FORMAT_COUNTRY,  /* two letters */
  DCC_FORMAT_ID        /* letters, digits, '-', '_', '.' */
} dcc_format;

enum dcc_flags {
  DCC_SECRET = 1,           /* its value never stands in a message */
  DCC_DEPRECATED = 2,       /* the page says so */
  DCC_IGNORED = 4,          /* the API ignores it */
  DCC_MULTILINE = 8,        /* line breaks are allowed */
  DCC_FLAG = 16,            /* 0 or 1; booleans are taken, too */
  DCC_NO_PLACEHOLDER = 32,  /* "-", "n/a" and the like are refused */
  DCC_RULED = 64,          /* a rule judges whether it may be absent, and is
                              asked where it is */
  DCC_DIGITS = 128         /* of an integer from 0: three or four digits in a
                              string are taken, too, and go out as it */
};

/* The bodies that the form describes, each a view of its rows. */
typedef enum dcc_view {
  DCC_VIEW_ORDER,
  DCC_VIEW_REISSUE,
  DCC_VIEW_DUPLICATE,
  DCC_VIEW_ORGANIZATION, /* a new one: the body is the row `organization` */
  DCC_VIEWS              /* how many */
} dcc_view;

enum dcc_in { /* sets of views */
  DCC_IN_ORDER = 1 << DCC_VIEW_ORDER,
  DCC_IN_REISSUE = 1 << DCC_VIEW_REISSUE,
  DCC_IN_DUPLICATE = 1 << DCC_VIEW_DUPLICATE,
  DCC_IN_ORGANIZATION = 1 << DCC_VIEW_ORGANIZATION
};

enum { DCC_CHOICES_MAX = 6, DCC_DEPTH_MAX = 4 };

/* One row of the form. */
typedef struct dcc_field {
  const char *name;       /* as the API spells it */
  uint8_t name_length;    /* in bytes */
  uint8_t parent;         /* row of the object or array it belongs to */
  dcc_type type;
  dcc_required required;
  uint8_t views;          /* enum dcc_in: the views that it stands in, with
                             all below it; 0: those of its object */
  uint8_t required_in;    /* enum dcc_in: where it is required, whatever
                             `required` and the rules say of an order */
  dcc_type items;         /* of an array: DCC_OBJECT or DCC_STRING */
  dcc_format format;      /* of a string, or of an array's strings */
  unsigned flags;         /* enum dcc_flags */
  int64_t min, max;       /* of an integer its value, of a string its number
                             of characters; 0: no limit */
  const char *unit;       /* what min and max count, or NULL */
  const char *choices[DCC_CHOICES_MAX]; /* the values allowed, then NULL */
  const char *preset;     /* what the API takes when it is absent, as JSON */
  const char *instead;    /* of a deprecated field: what replaces it */
  const char *help;       /* for a person */
  const char *example;    /* as JSON; objects have none */
} dcc_field;

/* The number of rows. Row 0 is the order itself, not a field. */
size_t dcc_field_count(void);

/* Row `i`, or NULL for 0 and beyond the last. The row lives as long as the
 * program. */
const dcc_field *dcc_field_at(size_t i);

/* Writes the path of row `i` into `to`, e.g. "organization.contacts[].email",
 * cut to `size` bytes with the NUL. Returns the whole path's length. */
size_t dcc_field_path(size_t i, char *to, size_t size);

/* The name of a view, e.g. "reissue". */
const char *dcc_view_name(dcc_view view);

/* The name of a format, e.g. "host", or NULL for DCC_FORMAT_NONE. */
const char *dcc_format_name(dcc_format format);

/* The name of a type as it stands in messages, e.g. "string". */
const char *dcc_type_name(dcc_type type);

/* ---- the order --------------------------------------------------------- */

typedef struct dcc_order dcc_order;

/* An empty order, or NULL when out of memory. Free it with
 * dcc_order_free. */
dcc_order *dcc_order_new(void);

/* Empties the order for the next use; keeps its memory. What was copied into
 * it is wiped. */
void dcc_order_clear(dcc_order *order);

/* Wipes and frees; NULL is fine. */
void dcc_order_free(dcc_order *order);

/* Set the field at `path`, which is written as in Lua, lists from 1:
 * "certificate.dns_names[2]", "organization.contacts[1].email". Lists are
 * filled from their beginning, one after the other. The string (n bytes,
 * UTF-8) and the path are copied.
 * Return false when out of memory or when the path names no value of the
 * form: the order is then as it was. Whether the value suits the field is for
 * dcc_order_check to say. */
bool dcc_order_set_string(dcc_order *order, const char *path, const char *s,
                          size_t n);
bool dcc_order_set_integer(dcc_order *order, const char *path, int64_t i);
bool dcc_order_set_boolean(dcc_order *order, const char *path, bool b);

/* ---- validation -------------------------------------------------------- */

/* Whether a name (n bytes, either case) is a public suffix by the ICANN part
 * of the Public Suffix List, or all names directly below it are. */
typedef enum dcc_suffix {
  DCC_SUFFIX_NO_LIST, /* there is none to look at */
  DCC_SUFFIX_NO,
  DCC_SUFFIX_YES
} dcc_suffix;
typedef dcc_suffix dcc_suffix_of(const char *name, size_t n);

typedef struct dcc_options {
  dcc_view view;        /* what the body is. Other fields of the form that
                           have a value are unknown to it; the paths of
                           problems begin at the body, so that "name" is the
                           field "organization.name" */
  int64_t now;          /* seconds since 1970-01-01 UTC: what dates are
                           judged by */
  bool strict;          /* warnings become problems */
  bool allow_unknown;   /* unknown fields pass through and warn */
  bool skip_csr;        /* the CSR is not looked at, but for a private key */
  const char *csr_error; /* what dcc_csr_check said of the CSR, or NULL */
  const char *csr_names; /* what dcc_csr_add_names and dcc_csr_add_warnings
                            wrote and a NUL, or NULL: names that only CSR or
                            order has are warned of */
  dcc_suffix_of *suffix_of; /* what is asked about names where it matters, or
                               NULL: only the commonest registries are
                               known, as those in country-code domains */
} dcc_options;

/* A problem or a warning. The strings belong to the order and live until it
 * is changed, checked again or freed. */
typedef struct dcc_problem {
  const char *path;    /* "certificate.dns_names[2]" */
  const char *code;    /* "missing", "unknown", "type", "range", "format",
                          "choice", "conflict", "csr"; of a warning also
                          "deprecated", "ignored", "overridden", "limit",
                          "duplicate", "cost", "csr_mismatch" */
  const char *message; /* for a person */
  const char *hint;    /* what to write instead, or NULL */
} dcc_problem;

/* More problems than this are counted, but not kept. */
enum { DCC_PROBLEMS_MAX = 1000 };

/* Checks every field and rule. Returns the number of problems, or SIZE_MAX
 * when out of memory. The order is not changed. */
size_t dcc_order_check(dcc_order *order, const dcc_options *options);

/* What the last check found, in the form's order; *count (at most
 * DCC_PROBLEMS_MAX) may be 0. */
const dcc_problem *dcc_order_problems(const dcc_order *order, size_t *count);
const dcc_problem *dcc_order_warnings(const dcc_order *order, size_t *count);

/* The body of the request as the last check saw it, in the form's order,
 * without white space. *length is its number of bytes; a NUL follows. It
 * belongs to the order and lives until the order is changed, written again or
 * freed. Returns NULL when the last check found problems, when there was none
 * since the last change, or when out of memory. */
const char *dcc_order_json(dcc_order *order, size_t *length);

/* ---- the request ------------------------------------------------------- */

#define DCC_PRODUCT "ssl_securesite_flex" /* Secure Site OV */
#define DCC_METHOD "POST"

/* Writes the path of the order endpoint for a product,
 * "/order/certificate/ssl_securesite_flex", with a NUL into `to`. Returns
 * false when `product` is not a product's name (lower-case letters, digits
 * and '_') or does not fit. */
bool dcc_request_path(const char *product, char *to, size_t size);

/* Writes `n` random letters and digits and a NUL to `to`, from the system's
 * random source. Returns false when that source cannot be had. */
bool dcc_random_id(char *to, size_t n);

#endif

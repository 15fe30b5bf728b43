/* report.h: a check of an order, and what it reports */
#ifndef DCC_REPORT_H
#define DCC_REPORT_H

#include "csr_names.h"
#include "order.h"

typedef struct dcc_check {
  dcc_order *order;
  const dcc_options *options;
  const dcc_body *body;  /* of options->view */
  int64_t today;         /* the day of options->now */
  dcc_csr_names csr_names;
} dcc_check;

/* A place in the order: a row's value, or an item of its list. */
enum { DCC_NO_ITEM = -1 };
typedef struct dcc_place {
  const dcc_scope *scope;
  unsigned field;
  int64_t item;            /* of a list, from 0, or DCC_NO_ITEM */
  const dcc_extra *extra;  /* an unknown field of the object `field` */
} dcc_place;

static inline dcc_place dcc_place_of(const dcc_scope *scope, unsigned field)
{
  return (dcc_place){scope, field, DCC_NO_ITEM, NULL};
}

enum dcc_severity { DCC_PROBLEM, DCC_WARNING };

/* Notes a problem or a warning at a place. The message is the quoted path
 * and what `format` makes, as printf does; the hint is copied, NULL is
 * fine. */
#if defined(__GNUC__)
__attribute__((format(printf, 6, 7)))
#endif
void dcc_report(dcc_check *c, enum dcc_severity severity, const char *code,
                dcc_place place, const char *hint, const char *format, ...);

/* Whether what is reported next will be kept, or only counted. */
bool dcc_report_has_room(dcc_check *c, enum dcc_severity severity);

/* Writes how a message shows a value: "an object", "17", "\"abc\"". Long
 * strings are cut, control characters escaped; a secret's value, and a PEM
 * block's, do not show. Returns `to`. */
enum { DCC_SHOWN_SIZE = 160 };
const char *dcc_show(dcc_check *c, char to[DCC_SHOWN_SIZE],
                     const dcc_value *value, bool secret);

/* Adds at most `most` of n bytes at s, so that they are fit to be printed:
 * control characters and what is not UTF-8 are escaped as Lua does, and '"'
 * and '\' too where the text is to stand in quotes. */
void dcc_add_printable(dcc_buffer *b, const char *s, size_t n, size_t most,
                       bool quoted);

#endif

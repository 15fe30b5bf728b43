/* order.h: how an order is held: one value per row of the form, and for each
 * item of a list of objects a run of values for the rows below the list. */
#ifndef DCC_ORDER_H
#define DCC_ORDER_H

#include "buffer.h"
#include "form.h"

typedef struct dcc_value {
  uint8_t type;    /* dcc_type */
  bool plain;      /* a string that JSON takes as it is, set by the check; */
  bool lines;      /* or one that it takes but for the line breaks */
  bool keyed;      /* of an array: has keys other than 1 to count */
  size_t length;   /* of a string its bytes, of an array its items */
  union {
    const char *text;         /* a string; of DCC_OTHER what it is */
    int64_t integer;
    double number;
    bool boolean;
    struct dcc_value *items;  /* of an array */
    struct dcc_item *item;    /* of an object that is an item of a list */
    struct dcc_member *members; /* of an unknown object */
  } as;
} dcc_value;

/* An item of a list of objects. */
typedef struct dcc_item {
  dcc_rows present;   /* rows that may have a value; the others have none */
  dcc_value values[]; /* of the rows below the list */
} dcc_item;

/* A member of an unknown object. */
typedef struct dcc_member {
  struct dcc_member *next;
  const char *name;
  size_t length;
  dcc_value value;
} dcc_member;

/* A field that the form does not know. */
typedef struct dcc_extra {
  struct dcc_extra *next;
  unsigned object;      /* row of the object it stands in */
  size_t item;          /* of a list of objects: which, from 0 */
  bool is_index;        /* the key was no string; `name` is how it is shown */
  bool is_own;          /* of this client's, not of who wrote the order: it
                           passes unseen */
  const char *name;
  size_t length;
  dcc_value value;
} dcc_extra;

/* Where the values of the rows below `list` are for its item `item`; list 0
 * stands for all rows that are in no list. */
typedef struct dcc_scope {
  dcc_value *values;
  dcc_rows *present; /* rows that may have a value; the others have none */
  unsigned first;    /* the row that values[0] belongs to */
  unsigned list;
  size_t item;
} dcc_scope;

static inline dcc_value *dcc_at(const dcc_scope *scope, unsigned field)
{
  return &scope->values[field - scope->first];
}

/* The same for a value that is about to be set. */
static inline dcc_value *dcc_set_at(const dcc_scope *scope, unsigned field)
{
  dcc_rows_add(scope->present, field - scope->first);
  return dcc_at(scope, field);
}

typedef struct dcc_problems {
  dcc_buffer entries;   /* of dcc_problem */
  size_t count;         /* found; at most DCC_PROBLEMS_MAX are kept */
  size_t kept;
} dcc_problems;

/* Days that follow from the day of a check. They are kept, for one day has
 * many checks. */
enum { DCC_YEARS_MAX = 3 /* the page, at order_validity */ };
typedef struct dcc_calendar {
  int64_t today;
  int64_t in_years[DCC_YEARS_MAX + 1]; /* the same date, years later */
  int64_t industry_maximum; /* days that a certificate may last; 0: nothing
                               here is known yet */
} dcc_calendar;

struct dcc_block; /* of the arena */

struct dcc_order {
  dcc_value values[DCC_FIELDS];
  dcc_rows present;     /* rows that may have a value; the others have none */
  dcc_extra *extras;
  dcc_extra **sorted;   /* the same by object, item and name; made by the
                           check, in the arena of the notes */
  size_t extra_count;
  dcc_index index;
  struct dcc_block *blocks;
  bool failed;          /* out of memory */
  bool checked;         /* and found fit to be sent */
  dcc_view view;        /* as what it was checked */
  dcc_calendar calendar;
  dcc_problems problems, warnings;
  struct dcc_block *notes; /* the arena of what the problems say */
  dcc_buffer json;
};

/* Memory that lives until the order is cleared; NULL and `failed` set when
 * there is none. It is not zeroed. */
void *dcc_order_alloc(dcc_order *order, size_t n);

/* Memory for problems; lives until the next check. */
void *dcc_order_note(dcc_order *order, size_t n);
void dcc_order_forget_notes(dcc_order *order);

/* The scope of rows that stand in no list. */
dcc_scope dcc_order_scope(dcc_order *order);

/* Makes `array` hold `count` items: those it had, then absent ones. Returns
 * false when out of memory. */
bool dcc_order_resize(dcc_order *order, dcc_value *array, size_t count);

/* Makes item `item` of a list of objects an object, if it is none yet, and
 * gives its scope. Returns false when out of memory. */
bool dcc_order_item(dcc_order *order, unsigned list, size_t item,
                    dcc_scope *scope);

/* Adds an unknown field; the name is not copied. NULL: no memory. */
dcc_extra *dcc_order_extra(dcc_order *order, dcc_scope scope, unsigned object,
                           const char *name, size_t length);

/* Sorts the unknown fields, so that they come in an order that is the same
 * from one run to the next. When memory runs out the order has failed. */
void dcc_order_sort_extras(dcc_order *order);

/* The unknown fields of one object, after sorting: the first, and how many
 * there are. */
dcc_extra **dcc_order_extras_of(const dcc_order *order, unsigned object,
                                size_t item, size_t *count);

#endif

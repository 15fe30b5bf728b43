/* form.h: the form's rows by name, and the index that finds them */
#ifndef DCC_FORM_H
#define DCC_FORM_H

#include "dcc.h"
#include "scan.h"

enum dcc_field_id {
  DCC_ORDER,
#define FIELD(id, ...) DCC_##id,
#include "form.def"
#undef FIELD
  DCC_FIELDS /* how many, with row 0 */
};

extern const dcc_field dcc_form[DCC_FIELDS];

/* A set of rows, a bit for each: to walk over those few that have a value
 * costs less than to ask all. Bit 0 is the first row of a scope (order.h). */
typedef struct dcc_rows {
  uint64_t bits[2];
} dcc_rows;

_Static_assert(DCC_FIELDS <= 128, "dcc_rows has a bit for each row");

static inline void dcc_rows_add(dcc_rows *rows, unsigned i)
{
  rows->bits[i / 64] |= (uint64_t)1 << i % 64;
}

static inline void dcc_rows_join(dcc_rows *rows, const dcc_rows *more)
{
  rows->bits[0] |= more->bits[0];
  rows->bits[1] |= more->bits[1];
}

/* The first row of the set from `i` on, or 128. */
static inline unsigned dcc_rows_next(const dcc_rows *rows, unsigned i)
{
  for (; i < 128; i = (i / 64 + 1) * 64) {
    uint64_t rest = rows->bits[i / 64] >> i % 64;
    if (rest != 0)
      return i + dcc_lowest_bit(rest);
  }
  return 128;
}

/* What makes a value good at a glance, for a list of strings each of them. A
 * value that it refuses may be good all the same. */
enum { DCC_NO_GLANCE = 255 };
typedef struct dcc_glance {
  int64_t min, max; /* of an integer its value, of a string its length */
  uint8_t type;     /* no value's where a glance is not enough */
  uint8_t format;   /* dcc_format, of a string */
  bool chosen;      /* a string must be one of the row's choices */
  bool may_lack;    /* no value is good, too */
} dcc_glance;

/* What follows from the rows; made once per order object, so that nothing is
 * global. */
enum { DCC_HASH_SIZE = 512 };
typedef struct dcc_index {
  dcc_glance glance[DCC_FIELDS];
  uint8_t end[DCC_FIELDS];      /* the row behind the last one below it */
  dcc_rows demanded[DCC_FIELDS]; /* of an object, or of a list's items: the
                                    members to check even where absent; as
                                    rows of the scope that they stand in */
  uint8_t hash[DCC_HASH_SIZE];  /* rows by parent and name, 0: none */
} dcc_index;

void dcc_index_build(dcc_index *index);

/* The row of the member `name` of the object `parent`, or 0. */
unsigned dcc_index_find(const dcc_index *index, unsigned parent,
                        const char *name, size_t length);

/* The row nearest to a name that is no member of `parent`: what people call
 * so, the end of a path ("organization_id"), a member that is spelled nearly
 * so, a field of this name elsewhere. 0: none is near. */
unsigned dcc_form_nearest(unsigned parent, const char *name, size_t length);

/* Text this long may hold a private key. */
enum { DCC_ROOM_FOR_A_KEY = 64 };

/* The row of the array of objects that row `i` stands in, or 0. */
unsigned dcc_form_list_of(unsigned i);

#endif

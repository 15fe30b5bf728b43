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

static inline bool dcc_rows_has(const dcc_rows *rows, unsigned i)
{
  return rows->bits[i / 64] >> i % 64 & 1;
}

static inline void dcc_rows_join(dcc_rows *rows, const dcc_rows *more)
{
  rows->bits[0] |= more->bits[0];
  rows->bits[1] |= more->bits[1];
}

static inline void dcc_rows_meet(dcc_rows *rows, const dcc_rows *others)
{
  rows->bits[0] &= others->bits[0];
  rows->bits[1] &= others->bits[1];
}

static inline dcc_rows dcc_rows_without(const dcc_rows *rows,
                                        const dcc_rows *others)
{
  return (dcc_rows){{rows->bits[0] & ~others->bits[0],
                     rows->bits[1] & ~others->bits[1]}};
}

static inline bool dcc_rows_within(const dcc_rows *rows,
                                   const dcc_rows *others)
{
  dcc_rows beyond = dcc_rows_without(rows, others);
  return (beyond.bits[0] | beyond.bits[1]) == 0;
}

/* The rows from `first` on, with that one as bit 0. */
static inline dcc_rows dcc_rows_from(const dcc_rows *rows, unsigned first)
{
  dcc_rows from = {{rows->bits[first / 64] >> first % 64, 0}};
  if (first % 64 != 0 && first < 64)
    from.bits[0] |= rows->bits[1] << (64 - first);
  if (first < 64)
    from.bits[1] = rows->bits[1] >> first % 64;
  return from;
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
  uint8_t required; /* enum dcc_in: where it may not be absent in any case */
  uint8_t ruled;    /* enum dcc_in: where the row's rule is to run */
} dcc_glance;

/* The rows of the form as one of the bodies has them. */
typedef struct dcc_body {
  unsigned in;   /* enum dcc_in: its view alone */
  unsigned root; /* the row that is the whole body */
  dcc_rows rows; /* below it, that stand in it */
} dcc_body;

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
  dcc_body bodies[DCC_VIEWS];
} dcc_index;

/* Fills an index that is all zero. */
void dcc_index_build(dcc_index *index);

/* The row of the member `name` of the object `parent`, or 0. */
unsigned dcc_index_find(const dcc_index *index, unsigned parent,
                        const char *name, size_t length);

/* The row of a body nearest to a name that is no member of `parent`: what
 * people call so, the end of a path ("organization_id"), a member that is
 * spelled nearly so, a field of this name elsewhere. 0: none is near. */
unsigned dcc_form_nearest(const dcc_body *body, unsigned parent,
                          const char *name, size_t length);

/* dcc_field_path() from the body on, whose row is `root`. */
size_t dcc_form_path(unsigned root, size_t i, char *to, size_t size);

/* A body as messages speak of it: "a reissue". */
const char *dcc_form_noun(dcc_view view);

/* Text this long may hold a private key. */
enum { DCC_ROOM_FOR_A_KEY = 64 };

/* The row of the array of objects that row `i` stands in, or 0. */
unsigned dcc_form_list_of(unsigned i);

#endif

/* form.h: the form's rows by name, and the index that finds them */
#ifndef DCC_FORM_H
#define DCC_FORM_H

#include "dcc.h"

enum dcc_field_id {
  DCC_ORDER,
#define FIELD(id, ...) DCC_##id,
#include "form.def"
#undef FIELD
  DCC_FIELDS /* how many, with row 0 */
};

extern const dcc_field dcc_form[DCC_FIELDS];

/* What follows from the rows; made once per order object, so that nothing is
 * global. */
enum { DCC_HASH_SIZE = 512 };
typedef struct dcc_index {
  uint8_t end[DCC_FIELDS];      /* the row behind the last one below it */
  bool looked_at[DCC_FIELDS];   /* checked even where it is absent */
  uint8_t hash[DCC_HASH_SIZE];  /* rows by parent and name, 0: none */
} dcc_index;

void dcc_index_build(dcc_index *index);

/* The row of the member `name` of the object `parent`, or 0. */
unsigned dcc_index_find(const dcc_index *index, unsigned parent,
                        const char *name, size_t length);

/* The row nearest to a name that is no member of `parent`: by spelling among
 * its members, else a field of this name elsewhere. 0: none is near. */
unsigned dcc_form_nearest(unsigned parent, const char *name, size_t length);

/* The row of the array of objects that row `i` stands in, or 0. */
unsigned dcc_form_list_of(unsigned i);

#endif

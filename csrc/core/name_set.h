/* name_set.h: a set of names whose letters have no case: a few in a row, many
 * by hash */
#ifndef DCC_NAME_SET_H
#define DCC_NAME_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct dcc_order;

typedef struct dcc_name_entry {
  dcc_text name;
  void *of; /* the caller's; NULL at first */
} dcc_name_entry;

typedef struct dcc_name_set {
  dcc_name_entry *slots;
  size_t mask; /* 0: a row */
  size_t count;
  dcc_name_entry few[12];
} dcc_name_set;

/* Makes the set empty, with room for so many names, in memory of the order's
 * notes. Returns false when out of memory. */
bool dcc_name_set_init(dcc_name_set *set, struct dcc_order *order,
                       size_t names);

/* Adds a name, whose text is not copied. Returns its entry, or that of the
 * same name where it is there; *is_new tells which. */
dcc_name_entry *dcc_name_set_add(dcc_name_set *set, dcc_text name,
                                 bool *is_new);

/* The entry of a name, or NULL. */
dcc_name_entry *dcc_name_set_find(const dcc_name_set *set, dcc_text name);

#endif

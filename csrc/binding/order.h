/* order.h: a Lua table as a dcc_order */
#ifndef LCC_ORDER_H
#define LCC_ORDER_H

#include "../core/order.h"
#include "lcc.h"

/* The form's names as strings of one Lua state. Lua keeps one copy of each
 * short string, so a name is known by its address while it is held. */
enum { LCC_NAME_SLOTS = 256 };
typedef struct lcc_names {
  struct {
    const void *address;
    unsigned parent, field;
  } slots[LCC_NAME_SLOTS]; /* by address and parent; field 0: free */
} lcc_names;

/* Fills in the names; the registry holds them from now on. */
void lcc_names_pin(lua_State *L, lcc_names *names);

/* The order that all checks of one Lua state share. */
typedef struct lcc_order {
  dcc_order *order;
  bool used;
  lcc_names names;
} lcc_order;

/* Reads the table at `index` into an empty order. The order's strings are the
 * table's: they live as long as the table is held and not changed. Raises
 * when memory runs out. */
void lcc_read_order(lua_State *L, int index, lcc_order *box,
                    bool keep_unknown);

#endif

/* order.h: a Lua table as a dcc_order */
#ifndef LCC_ORDER_H
#define LCC_ORDER_H

#include "../core/order.h"
#include "lcc.h"

/* Reads the table at `index` into an order that was cleared. The order's
 * strings are the table's: they live as long as the table is held and not
 * changed. Raises when memory runs out. */
void lcc_read_order(lua_State *L, int index, dcc_order *order,
                    bool keep_unknown);

#endif

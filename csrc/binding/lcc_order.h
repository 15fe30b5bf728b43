/* lcc_order.h: a Lua table as a dcc_order */
#ifndef LCC_ORDER_H
#define LCC_ORDER_H

#include "../core/order.h"
#include "lcc.h"

/* The form's names, and the options', as strings of one Lua state. Lua keeps
 * one copy of each short string, so a name is known by its address while it
 * is held. */
enum { LCC_NAME_SLOTS = 256, LCC_OPTIONS = DCC_FIELDS /* their parent */ };
typedef struct lcc_names {
  struct {
    const void *address;
    unsigned parent, field;
  } slots[LCC_NAME_SLOTS]; /* by address and parent; field 0: free */
  bool by_object; /* lua_topointer gives the address of a string */
} lcc_names;

/* Fills in the names; the registry holds them from now on. `options` is a
 * list of `count` option names; option i has the field i + 1. */
void lcc_names_pin(lua_State *L, lcc_names *names,
                   const char *const *options, size_t count);

/* What tells the key at `index` from all others while it is held, NULL for
 * one that is no string. A number's conversion would disturb lua_next. */
static inline const void *lcc_address(lua_State *L, const lcc_names *names,
                                      int index)
{
  if (names->by_object)
    return lua_topointer(L, index);
  return lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
}

/* The slot of a name, or the free one where it belongs. */
static inline unsigned lcc_slot(const lcc_names *names, unsigned parent,
                                const void *address)
{
  uintptr_t a = (uintptr_t)address;
  unsigned i = (unsigned)(a >> 4 ^ a >> 12) + parent * 37;
  for (;; i++) {
    i %= LCC_NAME_SLOTS;
    if (names->slots[i].field == 0 || (names->slots[i].address == address &&
                                       names->slots[i].parent == parent))
      return i;
  }
}

/* Stack slots that lcc_read_order() needs. */
enum { LCC_ORDER_SLOTS = 120 };

/* Reads the table at `index` into an empty order, as the value of the row
 * `root`. The order's strings are the table's: they live until Lua is called
 * again. Asks Lua for no memory and runs no Lua code; "__index" and "__pairs"
 * have to be the upvalues LCC_INDEX and LCC_PAIRS of the running function, so
 * that they need not be made. Returns false when out of memory. */
enum { LCC_INDEX = 3, LCC_PAIRS };
bool lcc_read_order(lua_State *L, int index, dcc_order *order, unsigned root,
                    const lcc_names *names, bool keep_unknown);

/* Adds the members of the table at `index`, whose keys are strings, to the
 * row `root`: as they are, and whether or not the form knows them. The rest
 * is as with lcc_read_order(). */
bool lcc_read_own(lua_State *L, int index, dcc_order *order, unsigned root);

#endif

/* lcc.h: what every binding file shares: one Lua API for Lua 5.4, Lua 5.1
 * and LuaJIT, and the names of the userdata types.
 *
 * Two rules for every call of Lua's that may ask for memory or run a
 * metamethod:
 *  - It may raise, which is a longjmp and frees nothing. So memory that C
 *    allocates belongs to a full userdata before, or the call is made within
 *    lua_pcall() by whoever owns that memory.
 *  - It may run finalizers, which are any Lua code: code that closes, uses or
 *    changes whatever a script can reach. So C then holds no pointer into
 *    such state: what is read meanwhile belongs to the C call, in a userdata
 *    that only its own stack has, and a string is held by the stack, not by
 *    a table alone. What is closed is asked for after the last such call. */
#ifndef LCC_H
#define LCC_H

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "../core/buffer.h"

#if LUA_VERSION_NUM < 502
#define lua_rawlen lua_objlen
#ifndef luaL_newlib
#define luaL_newlib(L, list) (lua_newtable(L), luaL_register(L, NULL, list))
#endif
#define LCC_SETFUNCS(L, list) luaL_register(L, NULL, list)
#else
#define LCC_SETFUNCS(L, list) luaL_setfuncs(L, list, 0)
#endif

#if LUA_VERSION_NUM >= 504
#define LCC_NEWUSERDATA(L, size) lua_newuserdatauv(L, size, 0)
#else
#define LCC_NEWUSERDATA(L, size) lua_newuserdata(L, size)
#endif

/* The entry points are all that a module shows. */
#define LCC_EXPORT __attribute__((visibility("default")))

/* A dcc_secret in a full userdata: the API key in C memory. Made by
 * certcentral.core, read by certcentral.curl. */
#define LCC_SECRET "certcentral.secret"

/* Pushes a userdata of zeros, which `gc` releases: it owns what a call makes,
 * whatever raises meanwhile. */
static inline void *lcc_push_owner(lua_State *L, size_t size, const char *type,
                                   lua_CFunction gc)
{
  void *owner = LCC_NEWUSERDATA(L, size);
  memset(owner, 0, size);
  luaL_newmetatable(L, type); /* may be there, half made: no memory */
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return owner;
}

/* Makes a type whose metatable has its methods, too, and is out of reach. */
static inline void lcc_new_type(lua_State *L, const char *type,
                                const luaL_Reg *methods)
{
  luaL_newmetatable(L, type);
  LCC_SETFUNCS(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

/* Sets a field of the table at the top; NULL: leaves it as it is. */
static inline void lcc_set_string(lua_State *L, const char *name,
                                  const char *s)
{
  if (s != NULL) {
    lua_pushstring(L, s);
    lua_setfield(L, -2, name);
  }
}

/* Pushes nil and a message. Returns 2, the number of results. */
static inline int lcc_refuse(lua_State *L, const char *message)
{
  lua_pushnil(L);
  lua_pushstring(L, message);
  return 2;
}

/* True where the number at `index` is an integer or a float that is one;
 * stores it. LuaJIT and 5.1 have floats alone. A float above 2^53 does not
 * count: its last digits are gone. */
static inline int lcc_tointeger(lua_State *L, int index, int64_t *i)
{
  lua_Number n;
#if LUA_VERSION_NUM >= 503
  int integral;
  *i = (int64_t)lua_tointegerx(L, index, &integral);
  if (integral && ((*i >= -9007199254740992 && *i <= 9007199254740992) ||
                   lua_isinteger(L, index)))
    return 1;
#endif
  n = lua_tonumber(L, index);
  if (!(n >= -9007199254740992.0 && n <= 9007199254740992.0))
    return 0;
  *i = (int64_t)n;
  return (lua_Number)*i == n;
}

/* The number of items of the table at `index` as a list; LCC_NO_LIST where it
 * has holes that make Lua's length one far beyond its last item: 2^63 - 1
 * for a few keys in the right places. Whoever asks for memory by it gets as
 * much as the table has. Small holes are for the caller to find. */
#define LCC_NO_LIST SIZE_MAX
enum { LCC_LONG_LIST = 65536 }; /* no harm where it is asked for in vain */
static inline size_t lcc_list_length(lua_State *L, int index)
{
  uint64_t length = lua_rawlen(L, index), keys = 0;
  if (length <= LCC_LONG_LIST)
    return (size_t)length;
  lua_pushvalue(L, index);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
    keys++;
  lua_pop(L, 1);
  return keys < length ? LCC_NO_LIST : (size_t)length;
}

#endif

/* certcentral.h: for a host that carries certcentral inside, without a file
 * on the disk.
 *
 *   lua_State *L = luaL_newstate();
 *   luaL_openlibs(L);
 *   certcentral_preload(L);
 *   luaL_dostring(L, "local certcentral = require 'certcentral' ...");
 *
 * Link libcertcentral-lua5.4.a (or -lua5.1.a, for LuaJIT and Lua 5.1) with
 * the same Lua, lua-cjson (liblua5.4-cjson), libcurl and libcrypto. */
#ifndef CERTCENTRAL_H
#define CERTCENTRAL_H

#include <lua.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Puts all modules of certcentral but the sandbox, and cjson, which they use,
 * into package.preload: require() finds them there before it looks anywhere
 * else. Loads nothing. Raises a Lua error without the package library, or
 * when memory runs out. */
void certcentral_preload(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif

/* csr.c: the module certcentral.csr, the only one that links libcrypto */
#include "../csr/dcc_csr.h"
#include "lcc.h"

/* csr.check(pem): true, or nil and why not. */
static int check(lua_State *L)
{
  dcc_csr_error error;
  const char *pem;
  size_t length;
  luaL_checktype(L, 1, LUA_TSTRING); /* a number is not a request */
  pem = lua_tolstring(L, 1, &length);
  if (dcc_csr_check(pem, length, &error)) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, error.message);
  return 2;
}

static const luaL_Reg functions[] = {{"check", check}, {NULL, NULL}};

LCC_EXPORT int luaopen_certcentral_csr(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}

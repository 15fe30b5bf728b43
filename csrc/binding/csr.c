/* csr.c: the module certcentral.csr, the only one that links libcrypto */
#include "../csr/dcc_csr.h"
#include "../csr/dcc_sha256.h"
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

/* csr.sha256(text): its SHA-256 in hex digits. */
static int sha256(lua_State *L)
{
  char hex[DCC_SHA256_DIGITS + 1];
  const char *text;
  size_t length;
  luaL_checktype(L, 1, LUA_TSTRING);
  text = lua_tolstring(L, 1, &length);
  if (!dcc_sha256(text, length, hex))
    return luaL_error(L, "not enough memory");
  lua_pushstring(L, hex);
  return 1;
}

static const luaL_Reg functions[] = {{"check", check}, {"sha256", sha256},
                                      {NULL, NULL}};

LCC_EXPORT int luaopen_certcentral_csr(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}

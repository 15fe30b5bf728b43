/* lcc_error.c: how certcentral.csr tells what is wrong */
#include "lcc_parts.h"

void lcc_no_colon(lua_State *L, const char *usage)
{
  bool is_module;
  if (!lua_istable(L, 1))
    return;
  lua_pushliteral(L, "_judge"); /* which no table of options has */
  lua_rawget(L, 1);
  is_module = lua_iscfunction(L, -1);
  lua_pop(L, 1);
  if (is_module)
    luaL_error(L, "bad call with a colon: use certcentral.csr.%s", usage);
}

void lcc_push_module(lua_State *L, const char *name)
{
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED"); /* package.loaded */
  lua_getfield(L, -1, "_G");
  lua_getfield(L, -1, "require");
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Pushes errors.new(kind, message). */
static void push_error(lua_State *L, const char *kind, const char *message)
{
  lcc_push_module(L, "certcentral.error");
  lua_getfield(L, -1, "new");
  lua_replace(L, -2);
  lua_pushstring(L, kind);
  lua_pushstring(L, message);
  lua_call(L, 2, 1);
}

int lcc_fail(lua_State *L, const char *message)
{
  lua_pushnil(L);
  push_error(L, "config", message);
  return 2;
}

int lcc_refuse_csr(lua_State *L, const char *message)
{
  const char *text;
  lua_pushnil(L);
  text = lua_pushfstring(L, "'csr' %s", message);
  push_error(L, "invalid", text);
  lua_createtable(L, 1, 0);
  lua_createtable(L, 0, 3);
  lcc_set_string(L, "path", "csr");
  lcc_set_string(L, "code", "csr");
  lcc_set_string(L, "message", text);
  lua_rawseti(L, -2, 1);
  lua_setfield(L, -2, "problems");
  lua_remove(L, -2); /* the text */
  return 2;
}

/* lcc_preload.c: certcentral inside a host; see certcentral.h. */
#include "certcentral.h"
#include "lcc_embedded.h"
#include "lcc.h"

int luaopen_certcentral_core(lua_State *L);
int luaopen_certcentral_curl(lua_State *L);
int luaopen_certcentral_x509(lua_State *L);
int luaopen_cjson(lua_State *L); /* of lua-cjson */

static const struct {
  const char *module;
  lua_CFunction open;
} modules[] = {
  { "certcentral.core", luaopen_certcentral_core },
  { "certcentral.curl", luaopen_certcentral_curl },
  { "certcentral.x509", luaopen_certcentral_x509 },
  { "cjson", luaopen_cjson },
};

/* Runs the file of its upvalue with the module's name, as require() does. */
static int load_file(lua_State *L)
{
  const lcc_embedded *file = lua_touserdata(L, lua_upvalueindex(1));
  lua_settop(L, 1);
  if (luaL_loadbuffer(L, (const char *)file->text, file->size, file->chunk)
      != 0)
    return lua_error(L);
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

void certcentral_preload(lua_State *L)
{
  const lcc_embedded *file;
  size_t i;
  lua_getglobal(L, "package");
  if (!lua_istable(L, -1))
    luaL_error(L, "certcentral_preload: the package library is not open");
  lua_getfield(L, -1, "preload");
  for (i = 0; i < sizeof modules / sizeof *modules; i++) {
    lua_pushcfunction(L, modules[i].open);
    lua_setfield(L, -2, modules[i].module);
  }
  for (file = lcc_embedded_files; file->module != NULL; file++) {
    lua_pushlightuserdata(L, (void *)file);
    lua_pushcclosure(L, load_file, 1);
    lua_setfield(L, -2, file->module);
  }
  lua_pop(L, 2);
}

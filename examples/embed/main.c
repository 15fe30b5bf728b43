/* A C program that runs a Lua script with certcentral at hand.
 *
 *   gcc main.c $(pkg-config --cflags --libs lua5.4) -Wl,-E -o host
 *   ./host script.lua [argument ...]
 *
 * -Wl,-E shows Lua's functions to the modules that the script loads. LUA_PATH
 * and LUA_CPATH tell where they are, as for lua5.4 itself. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

/* Errors of certcentral are tables: tostring() makes a text of them. */
static int to_text(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  return 1;
}

static void set_arguments(lua_State *L, int argc, char **argv)
{
  lua_createtable(L, argc - 2, 1);
  for (int i = 1; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
}

int main(int argc, char **argv)
{
  lua_State *L = luaL_newstate();
  int status;
  if (argc < 2 || L == NULL) {
    fprintf(stderr, "usage: %s script.lua [argument ...]\n", argv[0]);
    return 2;
  }
  luaL_openlibs(L);
  set_arguments(L, argc, argv);
  lua_pushcfunction(L, to_text);
  status = luaL_loadfile(L, argv[1]);
  if (status == LUA_OK)
    status = lua_pcall(L, 0, 0, 1);
  if (status != LUA_OK)
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return status == LUA_OK ? 0 : 1;
}

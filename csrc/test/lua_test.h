/* lua_test.h: what programs with Lua in them share */
#ifndef DCC_LUA_TEST_H
#define DCC_LUA_TEST_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "test.h"

/* expect(good, text) of a Lua file: counts an expectation. */
static int expect_in_lua(lua_State *L)
{
  expect(lua_toboolean(L, 1), "%s", luaL_optstring(L, 2, "?"));
  return 0;
}

#endif

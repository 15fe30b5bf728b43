/* lcc_system.c: what a script asks the system: core.process, core.clock,
 * core.sleep, core.random_id, core.is_root, core.is_terminal */
#include <time.h>
#include <unistd.h>

#include "../core/dcc.h"
#include "lcc_parts.h"

enum { ID_LENGTH_MAX = 64, SLEEP_MAX = 86400 };

/* process() -> the process id */
int lcc_process(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

/* clock() -> seconds since some moment; never set back */
int lcc_clock(lua_State *L)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

/* sleep(seconds): waits so long, or less where a signal comes, so that the
 * interpreter can see to it */
int lcc_sleep(lua_State *L)
{
  lua_Number seconds = luaL_checknumber(L, 1);
  struct timespec t = {0, 0};
  if (!(seconds > 0))
    return 0;
  if (seconds > SLEEP_MAX)
    seconds = SLEEP_MAX;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (lua_Number)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
  return 0;
}

/* random_id(n) -> n random letters and digits, or nil */
int lcc_random_id(lua_State *L)
{
  char id[ID_LENGTH_MAX + 1];
  lua_Number n = luaL_checknumber(L, 1);
  luaL_argcheck(L, n >= 1 && n <= ID_LENGTH_MAX, 1, "1 to 64 expected");
  if (dcc_random_id(id, (size_t)n))
    lua_pushstring(L, id);
  else
    lua_pushnil(L);
  return 1;
}

/* is_root() -> whether this process may do everything */
int lcc_is_root(lua_State *L)
{
  lua_pushboolean(L, geteuid() == 0);
  return 1;
}

/* is_terminal(fd) -> whether a person may be looking at it */
int lcc_is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

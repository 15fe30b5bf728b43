/* lcc_date.c: core.day, core.date, core.days_in: the calendar of date.h */
#include "../core/date.h"
#include "lcc_parts.h"

enum { YEARS = 1000000, DAYS = 365000000 }; /* before and after 1970 */

/* Raises unless the argument is an integer from `least` to `most`. */
static int64_t check_integer(lua_State *L, int index, int64_t least,
                             int64_t most)
{
  int64_t i = 0;
  luaL_checktype(L, index, LUA_TNUMBER);
  luaL_argcheck(L, lcc_tointeger(L, index, &i) && i >= least && i <= most,
                index, "integer within its limits expected");
  return i;
}

static int64_t check_year(lua_State *L)
{
  return check_integer(L, 1, -YEARS, YEARS);
}

static int check_month(lua_State *L)
{
  return (int)check_integer(L, 2, 1, 12);
}

/* day(year, month, day) -> the days from 1970-01-01 to that date, which is
 * taken to exist */
int lcc_day(lua_State *L)
{
  int64_t year = check_year(L);
  int month = check_month(L), day = (int)check_integer(L, 3, 1, 31);
  lua_pushinteger(L, (lua_Integer)dcc_day(year, month, day));
  return 1;
}

/* date(day) -> year, month, day */
int lcc_date(lua_State *L)
{
  int64_t year;
  int month, day;
  dcc_day_date(check_integer(L, 1, -DAYS, DAYS), &year, &month, &day);
  lua_pushinteger(L, (lua_Integer)year);
  lua_pushinteger(L, month);
  lua_pushinteger(L, day);
  return 3;
}

/* days_in(year, month) -> how many days the month has */
int lcc_days_in(lua_State *L)
{
  int64_t year = check_year(L);
  lua_pushinteger(L, dcc_days_in(year, check_month(L)));
  return 1;
}

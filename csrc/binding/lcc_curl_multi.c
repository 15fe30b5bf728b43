/* lcc_curl_multi.c: many requests at once
 *
 *   curl.multi{ as for new, connections = } -> multi | nil, message
 *   multi:add(request) -> id | nil, failure        nothing is sent yet
 *   multi:step(seconds [, list]) -> list of { id =, response = } and
 *                                  { id =, failure = }; at the end of `list`
 *                                  where that is given
 *   multi:fds() -> list of { fd =, events = "r", "w" or "rw" }
 *   multi:next_timeout() -> seconds | nil
 *   multi:cancel(id) -> "no" | "maybe" | nil where there is none
 *   multi:count() -> requests that step has not returned yet
 *   multi:close()
 *
 * Requests, responses and failures are those of handle:perform. step(0)
 * never waits; next_timeout says in how many seconds the next step is due
 * where no file descriptor is ready before. */
#include <limits.h>

#include "lcc_curl_values.h"
#include "lcc_parts.h"

#define MULTI "certcentral.curl.multi"
#define RESULTS "certcentral.curl.results"

typedef struct lcc_multi {
  dcc_multi *multi; /* NULL: closed */
} lcc_multi;

/* What a step has taken: its own until all of it is in a table. */
typedef struct lcc_results {
  dcc_multi_result *list;
} lcc_results;

static lcc_multi *check_multi(lua_State *L)
{
  return luaL_checkudata(L, 1, MULTI);
}

/* Asked last: a metamethod may close it. */
static dcc_multi *check_open(lua_State *L, const lcc_multi *m,
                             const char *what)
{
  if (m->multi == NULL)
    luaL_error(L, "%s on a closed multi", what);
  return m->multi;
}

static int multi_close(lua_State *L)
{
  lcc_multi *m = check_multi(L);
  dcc_multi *multi = m->multi;
  m->multi = NULL;
  dcc_multi_free(multi);
  return 0;
}

static int multi_tostring(lua_State *L)
{
  const lcc_multi *m = check_multi(L);
  if (m->multi == NULL)
    lua_pushliteral(L, MULTI " (closed)");
  else
    lua_pushfstring(L, MULTI " (%d in progress)",
                    (int)dcc_multi_count(m->multi));
  return 1;
}

static int multi_add(lua_State *L)
{
  const lcc_multi *m = check_multi(L);
  dcc_curl_header headers[DCC_CURL_HEADERS_MAX];
  dcc_curl_request request;
  dcc_curl_failure failure;
  int64_t id;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lcc_curl_read_request(L, headers, &request);
  id = dcc_multi_add(check_open(L, m, "add"), &request, &failure);
  if (id > 0) {
    lua_pushinteger(L, (lua_Integer)id);
    return 1;
  }
  lua_pushnil(L);
  lcc_curl_push_failure(L, &failure);
  return 2;
}

/* Seconds as milliseconds, rounded up: a wait above 0 is none of 0. */
static long check_seconds(lua_State *L, int index)
{
  lua_Number s = luaL_checknumber(L, index);
  luaL_argcheck(L, s >= 0, index, "seconds from 0 expected");
  if (s * 1000 >= (lua_Number)INT_MAX)
    return INT_MAX;
  return (long)(s * 1000) + ((lua_Number)(long)(s * 1000) < s * 1000);
}

static void push_result(lua_State *L, const dcc_multi_result *result)
{
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)result->id);
  lua_setfield(L, -2, "id");
  if (result->answered) {
    lcc_curl_push_response(L, &result->response);
    lua_setfield(L, -2, "response");
  } else {
    lcc_curl_push_failure(L, &result->failure);
    lua_setfield(L, -2, "failure");
  }
}

static int results_gc(lua_State *L)
{
  lcc_results *results = luaL_checkudata(L, 1, RESULTS);
  dcc_multi_result_free(results->list);
  results->list = NULL;
  return 0;
}

/* The list of results at 1, at the end of the table at 2, or as a table where
 * there is none; may raise. */
static int push_results(lua_State *L)
{
  const lcc_results *results = lua_touserdata(L, 1);
  const dcc_multi_result *result;
  int n = 0;
  if (lua_isnil(L, 2))
    lua_createtable(L, 0, 0);
  else
    n = (int)lua_rawlen(L, 2);
  for (result = results->list; result != NULL; result = result->next) {
    push_result(L, result);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* Pushes push_results and a userdata that owns no results yet. */
static lcc_results *push_owner(lua_State *L)
{
  lua_pushcfunction(L, push_results);
  return lcc_push_owner(L, sizeof(lcc_results), RESULTS, results_gc);
}

/* Where memory runs out or a finalizer raises on the way, nothing is lost:
 * the next step returns it, unless the multi was closed meanwhile. What runs
 * meanwhile may step and close the same multi. */
static int multi_step(lua_State *L)
{
  lcc_multi *m = check_multi(L);
  long timeout_ms = check_seconds(L, 2);
  lcc_results *results;
  dcc_multi *multi;
  lua_settop(L, 3);
  if (!lua_isnil(L, 3))
    luaL_checktype(L, 3, LUA_TTABLE);
  results = push_owner(L);
  lua_pushvalue(L, 4);
  lua_pushvalue(L, 5);
  lua_pushvalue(L, 3);
  multi = check_open(L, m, "step");
  dcc_multi_step(multi, timeout_ms);
  results->list = dcc_multi_take(multi);
  if (lua_pcall(L, 2, 1, 0) != 0) {
    if (m->multi != NULL) {
      dcc_multi_give_back(m->multi, results->list);
      results->list = NULL;
    }
    return lua_error(L);
  }
  dcc_multi_result_free(results->list);
  results->list = NULL;
  return 1;
}

/* Pushes a userdata with all of them; what makes it may change their
 * number. */
static const dcc_multi_fd *push_fds(lua_State *L, const lcc_multi *m,
                                    size_t *count)
{
  dcc_multi_fd *fds;
  size_t room;
  lua_pushnil(L);
  do {
    room = dcc_multi_fds(check_open(L, m, "fds"), NULL, 0);
    lua_pop(L, 1);
    fds = LCC_NEWUSERDATA(L, (room + 1) * sizeof *fds);
    *count = dcc_multi_fds(check_open(L, m, "fds"), fds, room);
  } while (*count > room);
  return fds;
}

static int multi_fds(lua_State *L)
{
  size_t i, n;
  const dcc_multi_fd *fds = push_fds(L, check_multi(L), &n);
  lua_createtable(L, (int)n, 0);
  for (i = 0; i < n; i++) {
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, fds[i].fd);
    lua_setfield(L, -2, "fd");
    lua_pushstring(L, fds[i].read && fds[i].write ? "rw"
                      : fds[i].write ? "w" : "r");
    lua_setfield(L, -2, "events");
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static int multi_next_timeout(lua_State *L)
{
  long ms = dcc_multi_timeout(check_open(L, check_multi(L), "next_timeout"));
  if (ms < 0)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)ms / 1000);
  return 1;
}

static int multi_cancel(lua_State *L)
{
  const lcc_multi *m = check_multi(L);
  int64_t id = 0;
  bool maybe = false;
  luaL_checktype(L, 2, LUA_TNUMBER);
  if (!lcc_tointeger(L, 2, &id)
      || !dcc_multi_cancel(check_open(L, m, "cancel"), id, &maybe))
    lua_pushnil(L);
  else
    lua_pushstring(L, maybe ? "maybe" : "no");
  return 1;
}

static int multi_count(lua_State *L)
{
  const lcc_multi *m = check_multi(L);
  lua_pushinteger(L, (lua_Integer)dcc_multi_count(
    check_open(L, m, "count")));
  return 1;
}

int lcc_curl_multi(lua_State *L)
{
  lcc_multi *m;
  dcc_curl_options options;
  dcc_curl_failure failure;
  long connections;
  lcc_curl_check_options(L);
  m = LCC_NEWUSERDATA(L, sizeof *m);
  *m = (lcc_multi){ .multi = NULL };
  luaL_getmetatable(L, MULTI);
  lua_setmetatable(L, -2);
  connections = lcc_curl_read_options(L, 1, &options);
  m->multi = dcc_multi_new(&options, connections, &failure);
  lua_settop(L, 2);
  if (m->multi != NULL)
    return 1;
  lua_pushnil(L);
  lua_pushstring(L, failure.message);
  return 2;
}

static const luaL_Reg methods[] = {
  { "add", multi_add },       { "step", multi_step },
  { "fds", multi_fds },       { "next_timeout", multi_next_timeout },
  { "cancel", multi_cancel }, { "count", multi_count },
  { "close", multi_close },   { NULL, NULL }
};

static const luaL_Reg metamethods[] = { { "__gc", multi_close },
                                        { "__close", multi_close },
                                        { "__tostring", multi_tostring },
                                        { NULL, NULL } };

void lcc_curl_multi_open(lua_State *L)
{
  luaL_newmetatable(L, MULTI);
  LCC_SETFUNCS(L, metamethods);
  lua_createtable(L, 0, 6);
  LCC_SETFUNCS(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, MULTI);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

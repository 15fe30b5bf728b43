/* lua_finalizers.c: Lua programs whose finalizers run at the worst moment
 *
 *   lua_finalizers FILE
 *
 * Runs a Lua file that calls the library while there is garbage with a
 * finalizer. Every function of Lua's that may ask for memory, as the modules
 * call it, is one of this program's: at the n-th of them and at some after
 * it all garbage is collected first, as Lua itself may. What a finalizer
 * lets go of is freed by the second. The file has these functions more:
 *   at_point(n, f)  calls f in protected mode; whether its n-th such point
 *                   was reached, then what pcall gives
 *   expect(good, text) counts an expectation
 *   url             of a server in this process, by plain HTTP: its answer to
 *                   an order named "n-123" has the id 123 and HEADERS lines
 *   stored(123)     how often the server has got that order */
#define _GNU_SOURCE /* RTLD_NEXT, memmem */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "lua_test.h"
#include "test_server.h"

/* ---- points -------------------------------------------------------------- */

enum { COLLECTIONS = 4 };

static bool armed;
static long left; /* points until all is collected */

static void point(lua_State *L)
{
  if (!armed || --left > 0)
    return;
  armed = left > -COLLECTIONS;
  (void)lua_gc(L, LUA_GCCOLLECT, 0);
}

/* Defines a function of Lua's that passes a point first. */
#define POINT(type, name, parameters, arguments) \
  EXPORTED type name parameters \
  { \
    static type (*real) parameters; \
    if (real == NULL) \
      *(void **)&real = dlsym(RTLD_NEXT, #name); \
    point(L); \
    return real arguments; \
  }
#define EXPORTED __attribute__((visibility("default")))

#if LUA_VERSION_NUM >= 503
typedef int got;
#else
typedef void got;
#endif

POINT(void, lua_createtable, (lua_State * L, int n, int m), (L, n, m))
POINT(void, lua_setfield, (lua_State * L, int i, const char *k), (L, i, k))
POINT(got, lua_getfield, (lua_State * L, int i, const char *k), (L, i, k))
POINT(void, lua_concat, (lua_State * L, int n), (L, n))
POINT(void, lua_pushcclosure, (lua_State * L, lua_CFunction f, int n),
      (L, f, n))
POINT(int, luaL_newmetatable, (lua_State * L, const char *name), (L, name))
#if LUA_VERSION_NUM >= 504
POINT(void *, lua_newuserdatauv, (lua_State * L, size_t n, int values),
      (L, n, values))
#else
POINT(void *, lua_newuserdata, (lua_State * L, size_t n), (L, n))
#endif
#if LUA_VERSION_NUM >= 502
POINT(const char *, lua_pushlstring, (lua_State * L, const char *s, size_t n),
      (L, s, n))
POINT(const char *, lua_pushstring, (lua_State * L, const char *s), (L, s))
#else
POINT(void, lua_pushlstring, (lua_State * L, const char *s, size_t n),
      (L, s, n))
POINT(void, lua_pushstring, (lua_State * L, const char *s), (L, s))
#endif

EXPORTED const char *lua_pushfstring(lua_State *L, const char *format, ...)
{
  const char *text;
  va_list list;
  point(L);
  va_start(list, format);
  text = lua_pushvfstring(L, format, list);
  va_end(list);
  return text;
}

/* ---- the server ---------------------------------------------------------- */

enum { ROOM = 16384, HEADERS = 60, ORDERS_MAX = 1 << 16 };

static struct {
  char bytes[ROOM];
  size_t n;
} inputs[CONNECTIONS + 1];
static atomic_int orders[ORDERS_MAX];
static char url[64];

static long number_after(const char *text, size_t n, const char *what)
{
  const char *at = memmem(text, n, what, strlen(what));
  return at == NULL ? 0 : strtol(at + strlen(what), NULL, 10);
}

static void answer(int fd, long id)
{
  char text[ROOM];
  size_t n = 0;
  n += (size_t)snprintf(text, sizeof text, "HTTP/1.1 %s\r\n",
                        id > 0 ? "201 Created" : "404 Not Found");
  for (int i = 0; i < HEADERS; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "X-H-%d: %ld\r\n",
                          i % (HEADERS - 1), id);
  n += (size_t)snprintf(text + n, sizeof text - n,
                        "Content-Length: 15\r\n\r\n{\"id\":%8ld}\n", id);
  if (send(fd, text, n, MSG_NOSIGNAL) < 0)
    return;
}

/* Answers what has come whole. */
static void serve(int i, bool is_new)
{
  char *input = inputs[i].bytes, *body;
  size_t all;
  ssize_t n;
  inputs[i].n = is_new ? 0 : inputs[i].n;
  n = is_new ? 0 : receive(i, input + inputs[i].n, ROOM - 1 - inputs[i].n);
  if (n <= 0)
    return;
  inputs[i].n += (size_t)n;
  input[inputs[i].n] = '\0';
  body = memmem(input, inputs[i].n, "\r\n\r\n", 4);
  if (body == NULL)
    return;
  all = (size_t)(body + 4 - input) +
        (size_t)number_after(input, (size_t)(body - input),
                             "Content-Length: ");
  if (inputs[i].n < all)
    return;
  inputs[i].n = 0;
  long id = number_after(body, all - (size_t)(body - input), "\"n-");
  if (id > 0 && id < ORDERS_MAX)
    orders[id]++;
  answer(ends[i].fd, id);
}

/* ---- for the Lua file ---------------------------------------------------- */

static int at_point(lua_State *L)
{
  int status;
  bool reached;
  left = (long)lua_tointeger(L, 1);
  lua_settop(L, 2);
  lua_checkstack(L, 20);
  armed = true;
  status = lua_pcall(L, 0, LUA_MULTRET, 0);
  reached = left <= 0;
  armed = false;
  lua_pushboolean(L, reached);
  lua_insert(L, 2);
  lua_pushboolean(L, status == 0);
  lua_insert(L, 3);
  return lua_gettop(L) - 1;
}

static int stored(lua_State *L)
{
  long id = (long)luaL_checkinteger(L, 1);
  lua_pushinteger(L, id > 0 && id < ORDERS_MAX ? orders[id] : 0);
  return 1;
}

int main(int argc, char **argv)
{
  lua_State *L = luaL_newstate();
  if (argc < 2 || L == NULL) {
    fputs("usage: lua_finalizers FILE\n", stderr);
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", start_server());
  luaL_openlibs(L);
  lua_register(L, "at_point", at_point);
  lua_register(L, "expect", expect_in_lua);
  lua_register(L, "stored", stored);
  lua_pushstring(L, url);
  lua_setglobal(L, "url");
  if (luaL_loadfile(L, argv[1]) != 0 || lua_pcall(L, 0, 0, 0) != 0)
    expect(false, "%s", lua_tostring(L, -1));
  lua_close(L);
  return end_of_test();
}

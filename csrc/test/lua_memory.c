/* lua_memory.c: Lua programs whose memory runs out
 *
 *   lua_memory FILE [NAME...]
 *
 * FILE is a Lua file that returns a list of calls {name =, call =}; each is
 * called with the allocations failing after the first n, for growing n until
 * it succeeds: those of the Lua state, then (where no sanitizer owns malloc)
 * those of this project's modules and of libcurl and OpenSSL. Each time it
 * must raise or return nil and an error, and the same call must work again
 * afterwards. Once more with a fresh state each time, so that loading the
 * modules is met, too. In the end all memory of the states must be given
 * back. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include <link.h>

#include "lua_test.h"

/* ---- memory ------------------------------------------------------------ */

enum kind { OF_LUA, OF_C, NOTHING };

static enum kind failing = NOTHING;
static long left;         /* allocations until they begin to fail */
static long failures;     /* how many did */
static size_t live_bytes; /* of Lua states */

static bool fails(enum kind kind)
{
  bool bad = failing == kind && left-- <= 0;
  failures += bad;
  return bad;
}

/* Where the code lies whose malloc() is to fail. Not so for lua-cjson, which
 * ends the process then. */
enum { RANGES_MAX = 64 };
static struct range {
  uintptr_t from, to;
} ranges[RANGES_MAX];
static size_t range_count;

static int add_ranges(struct dl_phdr_info *object, size_t size, void *data)
{
  static const char *const names[] = {"certcentral/", "libcurl", "libcrypto",
                                      "libssl"};
  bool ours = false;
  (void)size;
  (void)data;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ours = ours || strstr(object->dlpi_name, names[i]) != NULL;
  for (int i = 0; ours && i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type == PT_LOAD && part->p_flags & PF_X &&
        range_count < RANGES_MAX) {
      ranges[range_count].from = object->dlpi_addr + part->p_vaddr;
      ranges[range_count].to = ranges[range_count].from + part->p_memsz;
      range_count++;
    }
  }
  return 0;
}

#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)
#define OWN_MALLOC true
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
#define EXPORTED __attribute__((visibility("default")))

static bool fails_for(const void *caller)
{
  uintptr_t at = (uintptr_t)caller;
  for (size_t i = 0; failing == OF_C && i < range_count; i++)
    if (at >= ranges[i].from && at < ranges[i].to)
      return fails(OF_C);
  return false;
}

#define FAILS fails_for(__builtin_return_address(0))

EXPORTED void *malloc(size_t n)
{
  return FAILS ? NULL : __libc_malloc(n);
}

EXPORTED void *calloc(size_t n, size_t size)
{
  return FAILS ? NULL : __libc_calloc(n, size);
}

EXPORTED void *realloc(void *p, size_t n)
{
  return FAILS ? NULL : __libc_realloc(p, n);
}
#else
#define OWN_MALLOC false
#define __libc_realloc realloc

/* A module stays, so that the leak detector can name it. */
__attribute__((visibility("default"))) int dlclose(void *module)
{
  (void)module;
  return 0;
}
#endif

/* As Lua 5.1 wants it: what shrinks never fails. */
static void *allocate(void *data, void *block, size_t had, size_t wanted)
{
  void *moved;
  (void)data;
  had = block == NULL ? 0 : had;
  if (wanted == 0) {
    live_bytes -= had;
    free(block);
    return NULL;
  }
  if (wanted > had && fails(OF_LUA))
    return NULL;
  moved = __libc_realloc(block, wanted);
  if (moved != NULL)
    live_bytes += wanted - had;
  return moved;
}

/* ---- for the Lua file --------------------------------------------------- */

/* attempt(kind, n, f) -> true where an allocation failed, true or false as
 * pcall, and its results */
static int attempt(lua_State *L)
{
  int status;
  bool reached;
  enum kind kind = lua_toboolean(L, 1) ? OF_C : OF_LUA;
  left = (long)lua_tointeger(L, 2);
  failures = 0;
  lua_settop(L, 3);
  lua_checkstack(L, 20);
  range_count = 0;
  dl_iterate_phdr(add_ranges, NULL);
  failing = kind;
  status = lua_pcall(L, 0, LUA_MULTRET, 0);
  failing = NOTHING;
  reached = failures > 0;
  lua_pushboolean(L, reached);
  lua_insert(L, 3);
  lua_pushboolean(L, status == 0);
  lua_insert(L, 4);
  return lua_gettop(L) - 2;
}

/* ---- runs --------------------------------------------------------------- */

static lua_State *new_state(void)
{
  lua_State *L = lua_newstate(allocate, NULL);
  if (L == NULL) {
    fputs("lua_memory: no state with an allocator of its own\n", stderr);
    exit(1);
  }
  luaL_openlibs(L);
  lua_register(L, "attempt", attempt);
  lua_register(L, "expect", expect_in_lua);
  lua_pushboolean(L, OWN_MALLOC);
  lua_setglobal(L, "owns_malloc");
  return L;
}

/* Calls the function `name` of what FILE returned. Returns its result. */
static bool call(lua_State *L, const char *file, const char *name, long i,
                 long n)
{
  bool result = false;
  if (luaL_loadfile(L, file) != 0 || lua_pcall(L, 0, 1, 0) != 0) {
    expect(false, "%s", lua_tostring(L, -1));
    return false;
  }
  lua_getfield(L, -1, name);
  lua_pushinteger(L, i);
  lua_pushinteger(L, n);
  if (lua_pcall(L, 2, 1, 0) != 0) {
    expect(false, "%s %ld, %ld: %s", name, i, n, lua_tostring(L, -1));
  } else {
    result = lua_toboolean(L, -1);
  }
  lua_settop(L, 0);
  return result;
}

static void close_state(lua_State *L, long n)
{
  /* LuaJIT itself leaks some when memory runs out */
  bool whole = LUA_VERSION_NUM < 502;
  lua_close(L);
  whole = whole || live_bytes == 0;
  expect(whole, "%zu bytes of a state are left (%ld)", live_bytes, n);
  live_bytes = 0;
}

/* Call `i` again and again in one state; false where there is no such
 * call. */
static bool run_warm(const char *file, long i)
{
  lua_State *L = new_state();
  bool more = call(L, file, "warm", i, 0);
  close_state(L, i);
  return more;
}

/* Call `i` in a fresh state for each n; false where there is no such call. */
static bool run_cold(const char *file, long i)
{
  long n = 0;
  bool more = true;
  while (more) {
    lua_State *L = new_state();
    more = call(L, file, "cold", i, n);
    close_state(L, n);
    n += 1 + n / 24;
  }
  return n > 1;
}

int main(int argc, char **argv)
{
  long i;
  if (argc < 2) {
    fputs("usage: lua_memory FILE\n", stderr);
    return 1;
  }
  for (i = 1; run_warm(argv[1], i); i++)
    ;
  for (i = 1; run_cold(argv[1], i); i++)
    ;
  return end_of_test();
}

/* lua_secrets.c: a Lua host that looks for secrets in its own memory
 *
 *   lua_secrets FILE [ARGUMENT...]
 *
 * runs a Lua file with three functions more:
 *   canary(i)       a secret text that stands nowhere else: it is kept with
 *                   all its bits turned. 1 is a key, 2 a card number, 3 a
 *                   name, 4 a line within a private key
 *   watch_file(name) from now on looks for the middle of that file's longest
 *                   line too (a line of a PEM block)
 *   found()         how often each of them is in memory that can be written,
 *                   but for the stack, as "1 0 0 0 0"
 * What Lua gives back is wiped: what is found is held by somebody. */
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NEEDLES = 5, LONGEST = 64, TAIL = 12, CHUNK = 1 << 16 };

/* Whatever maps more than this is a sanitizer's shadow, terabytes of it. */
static const uintptr_t HEAP_MAX = UINT32_MAX;

typedef struct needle {
  unsigned char turned[LONGEST];
  size_t n;
} needle;

/* Each with its bits turned; what is looked for is the tail, for allocators
 * write over the first bytes of what is given back to them. */
static needle needles[NEEDLES];

static void turn(needle *to, const char *plain, size_t n)
{
  for (size_t i = 0; i < n; i++)
    to->turned[i] = (unsigned char)~(unsigned char)plain[i];
  to->n = n;
}

/* The plain texts stand in read-only memory, which is not looked at, cut in
 * two: no compiler joins them. */
static void make_needles(void)
{
  static const char *const halves[][2] = {
    {"canary-0123456789", "abcdefKEYTAIL42"}, {"45395787", "63621486"},
    {"Canary Holder ", "Of-A-Card-99"},
    {"MIGHAgEAMBMGByqGSM49", "CANARYPRIVATEKEYLINE"},
  };
  for (size_t i = 0; i < NEEDLES - 1; i++) {
    needle half;
    size_t n = strlen(halves[i][0]);
    turn(&needles[i], halves[i][0], n);
    turn(&half, halves[i][1], strlen(halves[i][1]));
    memcpy(needles[i].turned + n, half.turned, half.n);
    needles[i].n = n + half.n;
  }
}

static bool is_at(const unsigned char *at, const needle *what)
{
  const unsigned char *tail = what->turned + what->n - TAIL;
  for (size_t i = 0; i < TAIL; i++)
    if (at[i] + tail[i] != 0xFF)
      return false;
  return true;
}

static void count_in(const unsigned char *bytes, size_t n, long counts[])
{
  for (size_t at = 0; at + TAIL <= n; at++)
    for (size_t i = 0; i < NEEDLES; i++)
      if (needles[i].n >= TAIL && is_at(bytes + at, &needles[i]))
        counts[i]++;
}

/* Memory of a process, from here to there; the buffer is wiped behind it. */
static void count_between(int memory, uintptr_t from, uintptr_t to,
                          long counts[])
{
  static unsigned char chunk[CHUNK];
  while (from < to) {
    size_t want = to - from < CHUNK ? to - from : CHUNK;
    ssize_t got = pread(memory, chunk, want, (off_t)from);
    bool ours = from < (uintptr_t)chunk + CHUNK && from + want >
                                                     (uintptr_t)chunk;
    if (got <= 0)
      break;
    if (!ours)
      count_in(chunk, (size_t)got, counts);
    from += (size_t)got == to - from || got <= TAIL
              ? (uintptr_t)got : (uintptr_t)got - TAIL + 1;
  }
  memset(chunk, 0, sizeof chunk);
}

static int found(lua_State *L)
{
  static char line[512];
  long counts[NEEDLES] = {0};
  int memory = open("/proc/self/mem", O_RDONLY);
  FILE *maps = fopen("/proc/self/maps", "r");
  char text[128];
  int length = 0;
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    char *end;
    uintptr_t from = strtoul(line, &end, 16);
    uintptr_t to = strtoul(end + 1, &end, 16);
    if (strncmp(end, " rw", 3) == 0 && strstr(line, "[stack]") == NULL &&
        to - from < HEAP_MAX)
      count_between(memory, from, to, counts);
  }
  if (maps == NULL || memory < 0)
    return luaL_error(L, "this system does not show a process's memory");
  fclose(maps);
  close(memory);
  for (int i = 0; i < NEEDLES; i++)
    length += snprintf(text + length, sizeof text - (size_t)length, "%s%ld",
                       i > 0 ? " " : "", counts[i]);
  lua_pushstring(L, text);
  return 1;
}

static int canary(lua_State *L)
{
  const needle *what = &needles[luaL_checkinteger(L, 1) - 1];
  char plain[LONGEST];
  for (size_t i = 0; i < what->n; i++)
    plain[i] = (char)~what->turned[i];
  lua_pushlstring(L, plain, what->n);
  memset(plain, 0, sizeof plain);
  __asm__ volatile("" : : "r"(plain) : "memory");
  return 1;
}

static int watch_file(lua_State *L)
{
  static char text[8192];
  int file = open(luaL_checkstring(L, 1), O_RDONLY);
  ssize_t n = file < 0 ? -1 : read(file, text, sizeof text - 1);
  char *line = n > 0 ? strchr(text, '\n') : NULL;
  if (line == NULL || line + LONGEST > text + n)
    return luaL_error(L, "no line of a key in that file");
  turn(&needles[NEEDLES - 1], line + 11, 40);
  memset(text, 0, sizeof text);
  close(file);
  return 0;
}

/* Wipes what is given back, and moves what grows. */
static void *allocate(void *data, void *block, size_t had, size_t wanted)
{
  void *moved = wanted > 0 ? malloc(wanted) : NULL;
  (void)data;
  if (block == NULL || (wanted > 0 && moved == NULL))
    return moved;
  if (moved != NULL)
    memcpy(moved, block, had < wanted ? had : wanted);
  memset(block, 0, had);
  __asm__ volatile("" : : "r"(block) : "memory");
  free(block);
  return moved;
}

int main(int argc, char **argv)
{
  lua_State *L = lua_newstate(allocate, NULL);
  if (argc < 2 || L == NULL) {
    fputs("usage: lua_secrets FILE [ARGUMENT...]\n", stderr);
    return 1;
  }
  make_needles();
  luaL_openlibs(L);
  lua_register(L, "canary", canary);
  lua_register(L, "watch_file", watch_file);
  lua_register(L, "found", found);
  lua_newtable(L);
  for (int i = 2; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - 1);
  }
  lua_setglobal(L, "arg");
  if (luaL_loadfile(L, argv[1]) != 0 || lua_pcall(L, 0, 0, 0) != 0) {
    printf("error: %s\n", lua_tostring(L, -1));
    return 1;
  }
  lua_close(L);
  return 0;
}

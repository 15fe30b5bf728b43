/* lua_threads.c: several Lua states at once, one in each thread
 *
 *   lua_threads THREADS FILE [ARGUMENT...]
 *
 * runs a Lua file in as many threads, each with a state of its own; `thread`
 * is its number from 1, `arg` holds the arguments. Ends with 1 where one of
 * them raised. For the thread sanitizer. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 16 };

typedef struct job {
  pthread_t thread;
  int number;
  char **words; /* the file, its arguments, NULL */
  int failed;
} job;

static void *run(void *given)
{
  job *j = given;
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    j->failed = 1;
    return NULL;
  }
  luaL_openlibs(L);
  lua_pushinteger(L, j->number);
  lua_setglobal(L, "thread");
  lua_newtable(L);
  for (int i = 1; j->words[i] != NULL; i++) {
    lua_pushstring(L, j->words[i]);
    lua_rawseti(L, -2, i);
  }
  lua_setglobal(L, "arg");
  if (luaL_loadfile(L, j->words[0]) != 0 || lua_pcall(L, 0, 0, 0) != 0) {
    fprintf(stderr, "thread %d: %s\n", j->number, lua_tostring(L, -1));
    j->failed = 1;
  }
  lua_close(L);
  return NULL;
}

int main(int argc, char **argv)
{
  static job jobs[THREADS_MAX];
  int count = argc > 2 ? atoi(argv[1]) : 0, failed = 0;
  if (count < 1 || count > THREADS_MAX) {
    fputs("usage: lua_threads THREADS FILE [ARGUMENT...]\n", stderr);
    return 1;
  }
  for (int i = 0; i < count; i++) {
    jobs[i].number = i + 1;
    jobs[i].words = argv + 2;
    if (pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) != 0)
      return 1;
  }
  for (int i = 0; i < count; i++) {
    pthread_join(jobs[i].thread, NULL);
    failed |= jobs[i].failed;
  }
  printf("%d passed, %d failed\n", count - failed, failed);
  return failed;
}

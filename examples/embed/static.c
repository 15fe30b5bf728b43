/* A host that carries Lua and certcentral inside: the script is a string, and
 * nothing is read from the disk, wherever it runs.
 *
 *   make embed
 *   gcc static.c -Ibuild/embed $(pkg-config --cflags lua5.4) \
 *     build/embed/libcertcentral-lua5.4.a -l:liblua5.4-cjson.a \
 *     -l:liblua5.4.a -lcurl -lcrypto -lm -ldl -lpthread -o static
 *   ./static [THREADS]
 *
 * places an order, with $CERTCENTRAL_API_KEY, in each of so many threads: a
 * Lua state belongs to one thread. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "certcentral.h"

enum { THREADS_MAX = 16 };

static const char script[] =
  "package.path, package.cpath = '', ''\n" /* nothing is looked for */
  "local certcentral = require 'certcentral'\n"
  "local csr = assert(certcentral.csr.generate {\n"
  "  common_name = 'www.example.com', key = 'ec-p256' })\n"
  "local client = assert(certcentral.new { store = false })\n"
  "local result, err = client:place_order {\n"
  "  certificate = { common_name = 'www.example.com', csr = csr,\n"
  "                  signature_hash = 'sha256' },\n"
  "  organization = { id = 123456 }, order_validity = { years = 1 } }\n"
  "client:close()\n"
  "if not result then error(tostring(err), 0) end\n"
  "return ('order %d'):format(result.id)\n";

typedef struct job {
  pthread_t thread;
  int failed;
} job;

/* What may raise runs in here. */
static int place(lua_State *L)
{
  luaL_openlibs(L);
  certcentral_preload(L);
  if (luaL_loadstring(L, script) != 0)
    return lua_error(L);
  lua_call(L, 0, 1);
  return 1;
}

static void *run(void *given)
{
  job *j = given;
  lua_State *L = luaL_newstate();
  const char *text;
  j->failed = 1;
  if (L == NULL)
    return NULL;
  lua_pushcfunction(L, place);
  j->failed = lua_pcall(L, 0, 1, 0) != 0;
  text = lua_tostring(L, -1);
  puts(text != NULL ? text : "an error that is no text");
  lua_close(L);
  return NULL;
}

int main(int argc, char **argv)
{
  job jobs[THREADS_MAX];
  int count = argc > 1 ? atoi(argv[1]) : 1, failed = 0;
  if (count < 1 || count > THREADS_MAX) {
    fprintf(stderr, "usage: %s [THREADS], at most %d\n", argv[0],
            THREADS_MAX);
    return 2;
  }
  for (int i = 0; i < count; i++)
    if (pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) != 0)
      return 1;
  for (int i = 0; i < count; i++) {
    pthread_join(jobs[i].thread, NULL);
    failed |= jobs[i].failed;
  }
  return failed;
}

/* curl_library.c: libcurl itself: initialised once for the process, with
 * memory that is wiped before it is given back. libcurl
 * leaves each request that it has sent, with the key and perhaps card data,
 * in memory that it frees; a core file would show it. Only where the size of
 * a block can be asked for (glibc, and those who take its place whole); else
 * libcurl is left as it is. The blocks are malloc's own, so that it does not
 * matter who frees them. */
#define _GNU_SOURCE /* dladdr */
#include "curl_internal.h"

#include <pthread.h>

#if defined(__GLIBC__)
#include <dlfcn.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

static void wipe_and_free(void *p)
{
  if (p != NULL)
    dcc_wipe(p, malloc_usable_size(p));
  free(p);
}

/* realloc() may leave the old block as it was: so it is not asked. */
static void *wipe_and_move(void *p, size_t n)
{
  size_t had = p == NULL ? 0 : malloc_usable_size(p);
  void *moved;
  if (p != NULL && n <= had && n >= had / 2)
    return p;
  moved = malloc(n > 0 ? n : 1);
  if (moved == NULL)
    return NULL;
  if (had > 0)
    memcpy(moved, p, had < n ? had : n);
  wipe_and_free(p);
  return moved;
}

static atomic_bool asked; /* libcurl has come here for memory */

static void *get(size_t n)
{
  return malloc(n);
}

static void *get_zeros(size_t n, size_t size)
{
  return calloc(n, size);
}

static char *get_copy(const char *s)
{
  size_t n = strlen(s) + 1;
  char *copy = malloc(n);
  asked = true;
  return copy == NULL ? NULL : memcpy(copy, s, n);
}

/* Where the function comes from. */
static const void *object_of(void (*function)(void))
{
  Dl_info info;
  void *address;
  memcpy(&address, &function, sizeof address);
  return dladdr(address, &info) != 0 ? info.dli_fbase : NULL;
}

#define OBJECT_OF(function) object_of((void (*)(void))(function))

/* A malloc that a host or a preloaded library puts in the place of glibc's
 * need not bring malloc_usable_size, which would read what is not there. */
static bool is_one_allocator(void)
{
  const void *object = OBJECT_OF(malloc);
  return object != NULL && OBJECT_OF(free) == object
         && OBJECT_OF(calloc) == object && OBJECT_OF(realloc) == object
         && OBJECT_OF(malloc_usable_size) == object;
}

/* libcurl keeps the functions of whoever initialised it first. */
static bool is_asked(void)
{
  struct curl_slist *list = curl_slist_append(NULL, "");
  curl_slist_free_all(list);
  return asked;
}

static CURLcode initialise(bool *wipes)
{
  CURLcode code;
  *wipes = false;
  if (!is_one_allocator())
    return curl_global_init(CURL_GLOBAL_DEFAULT);
  code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, wipe_and_free,
                              wipe_and_move, get_copy, get_zeros);
  asked = false;
  *wipes = code == CURLE_OK && is_asked();
  return code;
}

#else

static CURLcode initialise(bool *wipes)
{
  *wipes = false;
  return curl_global_init(CURL_GLOBAL_DEFAULT);
}

#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode outcome = CURLE_FAILED_INIT;
static bool wipes;

/* Never undone: other users of libcurl may live in this process. */
static void begin(void)
{
  outcome = initialise(&wipes);
}

CURLcode dcc_curl_init(void)
{
  pthread_once(&once, begin);
  return outcome;
}

bool dcc_curl_wipes(void)
{
  (void)dcc_curl_init();
  return wipes;
}

const char *dcc_curl_version(void)
{
  return curl_version_info(CURLVERSION_NOW)->version;
}

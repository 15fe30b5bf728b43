/* curl_memory.c: libcurl's memory, wiped before it is given back. libcurl
 * leaves each request that it has sent, with the key and perhaps card data,
 * in memory that it frees; a core file would show it. Only where the size of
 * a block can be asked for (glibc); else libcurl is left as it is. The
 * blocks are malloc's own, so that it does not matter who frees them. */
#include "curl_internal.h"

#if defined(__GLIBC__)
#include <malloc.h>
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
  return copy == NULL ? NULL : memcpy(copy, s, n);
}

CURLcode dcc_curl_init(void)
{
  return curl_global_init_mem(CURL_GLOBAL_DEFAULT, get, wipe_and_free,
                              wipe_and_move, get_copy, get_zeros);
}

#else

CURLcode dcc_curl_init(void)
{
  return curl_global_init(CURL_GLOBAL_DEFAULT);
}

#endif

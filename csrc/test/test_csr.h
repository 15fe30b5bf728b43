/* test_csr.h: allocators for the tests of csrc/x509, in libcrypto and in
 * buffer.c, which is included here: link csrc/x509 and libcrypto, not
 * buffer.c. They fail at a wish, and show what stands in memory that is
 * given back. Also the host's error queue, which is to be left alone. */
#ifndef DCC_TEST_CSR_H
#define DCC_TEST_CSR_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- allocators that fail at a wish ---- */

static long allocations;          /* since fail_at() */
static long first_bad, last_bad;  /* which of them fail; 0 is none */
static long unwiped;              /* of buffer.c: blocks freed with something
                                     in them */

/* Called with what stands in each block that is freed, where it is set. */
static void (*on_free)(const char *bytes, size_t n);

static inline void fail_at(long first, long last)
{
  allocations = 0;
  first_bad = first;
  last_bad = last;
}

/* The size is kept in front of the block. */
typedef union head {
  size_t size;
  max_align_t aligned;
} head;

static void *allocate(size_t n)
{
  head *p;
  allocations++;
  if (allocations >= first_bad && allocations <= last_bad)
    return NULL;
  p = calloc(1, sizeof *p + n); /* what is left in it was written */
  if (p == NULL)
    return NULL;
  p->size = n;
  return p + 1;
}

static void give_back(void *block)
{
  head *p = block;
  if (p == NULL)
    return;
  if (on_free != NULL)
    on_free(block, p[-1].size);
  free(p - 1);
}

static void *crypto_malloc(size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  return allocate(n);
}

/* Always to another place, as realloc() may. */
static void *crypto_realloc(void *block, size_t n, const char *file, int line)
{
  void *moved = crypto_malloc(n, file, line);
  if (moved != NULL && block != NULL) {
    size_t size = ((head *)block)[-1].size;
    memcpy(moved, block, size < n ? size : n);
    give_back(block);
  }
  return moved;
}

static void crypto_free(void *block, const char *file, int line)
{
  (void)file;
  (void)line;
  give_back(block);
}

static inline int take_over_libcrypto(void)
{
  return CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc,
                                  crypto_free);
}

static void buffer_free(void *block)
{
  const char *bytes = block;
  size_t n = block != NULL ? ((head *)block)[-1].size : 0;
  for (size_t i = 0; i < n; i++)
    if (bytes[i] != 0) {
      unwiped++;
      break;
    }
  give_back(block);
}

#define malloc allocate
#define free buffer_free
#include "../core/buffer.c"
#undef malloc
#undef free

/* ---- expectations ---- */

static long checks, failures;

static inline void expect(int good, const char *what, const char *where,
                          long at)
{
  checks++;
  if (!good) {
    failures++;
    fprintf(stderr, "%s: %s (%ld)\n", where, what, at);
  }
}

static inline int end_of_test(void)
{
  printf("%ld passed, %ld failed\n", checks - failures, failures);
  return failures > 0;
}

/* The host's entries, before and after: two, a mark on the first. */
static inline void fill_queue(void)
{
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 1);
  ERR_set_mark();
  ERR_raise(ERR_LIB_USER, 2);
}

static inline int queue_is_left_alone(void)
{
  int last = ERR_GET_REASON(ERR_peek_last_error()) == 2;
  int mark = ERR_pop_to_mark();
  int first = ERR_GET_REASON(ERR_get_error()) == 1;
  return last && mark && first && ERR_peek_error() == 0;
}

#endif

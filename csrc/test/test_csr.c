/* test_csr.c: what Lua cannot see of dcc_csr_check(): memory that runs out
 * at every allocation, copies of the text that are wiped, and OpenSSL's
 * error queue, which belongs to the host.
 *
 * usage: test_csr FILE... (requests, good and bad). Exit status 1 on a
 * failure. buffer.c is included, with malloc() and free() of our own:
 * link csr.c and libcrypto, not buffer.c. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- allocators that fail at a wish ---- */

static long allocations;          /* since fail_at() */
static long first_bad, last_bad;  /* which of them fail; 0 is none */
static long unwiped;              /* blocks freed with something in them */

static void fail_at(long first, long last)
{
  allocations = 0;
  first_bad = first;
  last_bad = last;
}

static int fails(void)
{
  allocations++;
  return allocations >= first_bad && allocations <= last_bad;
}

static void *crypto_malloc(size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  return fails() ? NULL : malloc(n);
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line)
{
  (void)file;
  (void)line;
  return fails() ? NULL : realloc(p, n);
}

static void crypto_free(void *p, const char *file, int line)
{
  (void)file;
  (void)line;
  free(p);
}

/* The size is kept in front of the block. */
static void *buffer_malloc(size_t n)
{
  size_t *p = fails() ? NULL : malloc(sizeof *p + n);
  if (p == NULL)
    return NULL;
  *p = n;
  return p + 1;
}

static void buffer_free(void *block)
{
  size_t *p = block;
  const char *bytes = block;
  if (p == NULL)
    return;
  for (size_t i = 0; i < p[-1]; i++)
    if (bytes[i] != 0) {
      unwiped++;
      break;
    }
  free(p - 1);
}

#define malloc buffer_malloc
#define free buffer_free
#include "../core/buffer.c"
#undef malloc
#undef free

#include "../csr/dcc_csr.h"

/* ---- the tests ---- */

static long checks, failures;

static void expect(int good, const char *what, const char *file, long at)
{
  checks++;
  if (!good) {
    failures++;
    fprintf(stderr, "%s: %s (allocation %ld)\n", file, what, at);
  }
}

/* The host's entries, before and after: two, a mark on the first. */
static void fill_queue(void)
{
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 1);
  ERR_set_mark();
  ERR_raise(ERR_LIB_USER, 2);
}

static int queue_is_left_alone(void)
{
  int last = ERR_GET_REASON(ERR_peek_last_error()) == 2;
  int mark = ERR_pop_to_mark();
  int first = ERR_GET_REASON(ERR_get_error()) == 1;
  return last && mark && first && ERR_peek_error() == 0;
}

/* Checks a text, and that neither queue nor memory show it afterwards. */
static bool check(const char *file, const char *pem, size_t length, long at,
                  dcc_csr_error *error)
{
  bool good;
  fill_queue();
  memset(error, 0, sizeof *error);
  good = dcc_csr_check(pem, length, error);
  if (at == 0) /* when memory runs out libcrypto's decoders empty it */
    expect(queue_is_left_alone(), "the error queue was changed", file, at);
  expect(unwiped == 0, "a copy was not wiped", file, at);
  expect(good == (error->message[0] == '\0'), "result and message differ",
         file, at);
  unwiped = 0;
  return good;
}

/* Fails the n-th allocation, or it and all after it, for each n. */
static void run_out(const char *file, const char *pem, size_t length,
                    bool was_good, bool all_after)
{
  dcc_csr_error error;
  long n = 0;
  do {
    bool good;
    n++;
    fail_at(n, all_after ? 1000000000 : n);
    good = check(file, pem, length, n, &error);
    expect(was_good || !good, "taken when memory ran out", file, n);
  } while (allocations >= n);
  fail_at(0, 0);
  expect(n > 1 || !was_good, "nothing was allocated", file, n);
}

static void test(const char *file)
{
  static char pem[DCC_CSR_LIMIT];
  dcc_csr_error error;
  FILE *stream = fopen(file, "rb");
  size_t length;
  bool good;
  if (stream == NULL) {
    perror(file);
    exit(1);
  }
  length = fread(pem, 1, sizeof pem, stream);
  fclose(stream);
  good = check(file, pem, length, 0, &error); /* fills libcrypto's caches */
  run_out(file, pem, length, good, true);
  run_out(file, pem, length, good, false);
  ERR_clear_error();
  expect(dcc_csr_check(pem, length, &error) == good, "not as before", file,
         0);
  expect(ERR_peek_error() == 0, "the error queue was filled", file, 0);
}

int main(int argc, char **argv)
{
  if (argc < 2 ||
      !CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free)) {
    fprintf(stderr, "usage: test_csr FILE...\n");
    return 1;
  }
  for (int i = 1; i < argc; i++)
    test(argv[i]);
  printf("%ld passed, %ld failed\n", checks - failures, failures);
  return failures > 0;
}

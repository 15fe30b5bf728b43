/* test_csr.c: what Lua cannot see of dcc_csr_check(): memory that runs out
 * at every allocation, copies of the text that are wiped, and OpenSSL's
 * error queue, which belongs to the host.
 *
 * usage: test_csr FILE... (requests, good and bad). Exit status 1 on a
 * failure. */
#include "test_csr.h"

#include "../x509/dcc_csr.h"

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
  if (argc < 2 || !take_over_libcrypto()) {
    fprintf(stderr, "usage: test_csr FILE...\n");
    return 1;
  }
  for (int i = 1; i < argc; i++)
    test(argv[i]);
  return end_of_test();
}

/* test_csr_generate.c: what Lua cannot see of dcc_csr_make(): the key's bytes
 * in memory that is given back, memory that runs out, the host's error
 * queue; and of dcc_key_file_write(): disks that are full. */
#include "test_csr.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../file/dcc_file.h"
#include "../x509/dcc_csr.h"

static const dcc_text names[] = {DCC_TEXT("www.example.com"),
                                 DCC_TEXT("93.184.216.34")};

static dcc_csr_spec spec_for(const char *key)
{
  dcc_csr_spec spec = {.key = key,
                       .common_name = DCC_TEXT("example.com"),
                       .organization = DCC_TEXT("Example"),
                       .country = DCC_TEXT("us"),
                       .names = names,
                       .name_count = 2};
  return spec;
}

/* ---- what stands in memory that is given back ---- */

static char *log_bytes;
static size_t log_length, log_size;

static void log_block(const char *bytes, size_t n)
{
  if (log_size - log_length < n) {
    log_size = (log_size + n) * 2;
    log_bytes = realloc(log_bytes, log_size);
    if (log_bytes == NULL)
      abort();
  }
  memcpy(log_bytes + log_length, bytes, n);
  log_length += n;
}

static bool is_logged(const unsigned char *bytes, size_t n)
{
  const char *at = log_bytes, *end = log_bytes + log_length;
  while ((size_t)(end - at) >= n &&
         (at = memchr(at, bytes[0], (size_t)(end - at) - n + 1)) != NULL) {
    if (memcmp(at, bytes, n) == 0)
      return true;
    at++;
  }
  return false;
}

/* The first 16 bytes of a number as it is written, and its last as this
 * machine has it. Numbers of other kinds are not there. */
static void expect_number_gone(const EVP_PKEY *key, const char *name,
                               const char *where)
{
  unsigned char bytes[512], little[16];
  BIGNUM *number = NULL;
  int n;
  if (!EVP_PKEY_get_bn_param(key, name, &number))
    return;
  n = BN_bn2bin(number, bytes);
  for (int i = 0; i < 16; i++)
    little[i] = bytes[n - 1 - i];
  expect(!is_logged(bytes, 16), name, where, 1);
  expect(!is_logged(little, 16), name, where, 2);
  BN_clear_free(number);
}

static EVP_PKEY *read_key(const dcc_buffer *pem)
{
  BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->length);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
  BIO_free(bio);
  return key;
}

/* Base64 of a key is no less than the key. */
static void expect_text_gone(const unsigned char *text, size_t n,
                             const char *where)
{
  expect(!is_logged(text, n), "text of the key was left", where, 0);
}

static void test_wiping(const char *kind)
{
  static const char *const secrets[] = {
      OSSL_PKEY_PARAM_PRIV_KEY,      OSSL_PKEY_PARAM_RSA_D,
      OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,
      OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
      OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  const dcc_csr_spec spec = spec_for(kind);
  dcc_csr_result result;
  dcc_csr_error error;
  EVP_PKEY *key;
  unsigned char line[40];
  log_length = 0;
  on_free = log_block;
  expect(dcc_csr_make(&spec, &result, &error), "was not made", kind, 0);
  on_free = NULL;
  key = read_key(&result.key);
  memcpy(line, result.key.data + 130, sizeof line); /* of its second line */
  on_free = log_block;
  dcc_csr_result_free(&result);
  dcc_csr_result_free(&result);
  on_free = NULL;
  expect(key != NULL, "the key cannot be read", kind, 0);
  expect(log_length > 10000, "nothing was freed", kind, 0);
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
    expect_number_gone(key, secrets[i], kind);
  expect_text_gone(line, sizeof line, kind);
  EVP_PKEY_free(key);
  expect(unwiped == 0, "a buffer was not wiped", kind, unwiped);
}

/* The search does find what is left. */
static void test_search(void)
{
  const unsigned char bytes[] = "sixteen bytes...";
  log_length = 0;
  log_block("....", 4);
  log_block((const char *)bytes, 16);
  expect(is_logged(bytes, 16), "not found", "search", 0);
  log_length--;
  expect(!is_logged(bytes, 16), "found", "search", 0);
}

/* ---- memory that runs out, the error queue ---- */

static bool make(const dcc_csr_spec *spec, long at)
{
  dcc_csr_result result;
  dcc_csr_error error = {""};
  bool good;
  fill_queue();
  good = dcc_csr_make(spec, &result, &error);
  if (at == 0)
    expect(queue_is_left_alone(), "the error queue was changed", spec->key,
           at);
  expect(good == (error.message[0] == '\0'), "result and message differ",
         spec->key, at);
  expect(good == (result.csr.length > 0 && result.key.length > 0),
         "result and texts differ", spec->key, at);
  dcc_csr_result_free(&result);
  expect(unwiped == 0, "a buffer was not wiped", spec->key, at);
  unwiped = 0;
  return good;
}

static void test_memory(bool all_after, long step)
{
  const dcc_csr_spec spec = spec_for("ec-p256");
  long n = 0;
  (void)make(&spec, 0); /* libcrypto crashes where it cannot even begin */
  do {
    n += step;
    fail_at(n, all_after ? 1000000000 : n);
    (void)make(&spec, n);
  } while (allocations >= n);
  fail_at(0, 0);
  expect(n > 100, "nothing was allocated", spec.key, n);
  expect(make(&spec, 0), "not as before", spec.key, 0);
}

/* ---- what cannot be made ---- */

static void test_refusals(void)
{
  static dcc_text many[3000];
  dcc_csr_spec spec = spec_for("ec-p999");
  expect(!make(&spec, 0), "an unknown kind was made", "refusals", 0);
  spec = spec_for("ec-p256");
  spec.country = (dcc_text)DCC_TEXT("USA");
  expect(!make(&spec, 0), "a long country was taken", "refusals", 0);
  spec = spec_for("ec-p256");
  spec.organization = (dcc_text)DCC_TEXT("\xFF");
  expect(!make(&spec, 0), "what is not UTF-8 was taken", "refusals", 0);
  spec = spec_for("ec-p256");
  for (size_t i = 0; i < 3000; i++) {
    char *name = malloc(64);
    if (name == NULL)
      abort();
    many[i].at = name;
    many[i].n = (size_t)sprintf(name, "a-rather-long-label.another.%zu.com",
                                i);
  }
  spec.names = many;
  spec.name_count = 2000;
  expect(make(&spec, 0), "many names were refused", "refusals", 0);
  spec.name_count = 3000;
  expect(!make(&spec, 0), "too large a request was made", "refusals", 0);
  for (size_t i = 0; i < 3000; i++)
    free((char *)(uintptr_t)many[i].at);
}

/* ---- the file ---- */

static char directory[] = "/tmp/dcc-key-XXXXXX";

static int entries(void)
{
  DIR *d = opendir(directory);
  int count = 0;
  while (d != NULL && readdir(d) != NULL)
    count++;
  if (d != NULL)
    closedir(d);
  return count - 2;
}

static const char *in_directory(const char *name)
{
  static char path[64];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return path;
}

static bool holds(const char *path, const char *text)
{
  char bytes[64];
  FILE *f = fopen(path, "rb");
  size_t n = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0;
  if (f != NULL)
    fclose(f);
  return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

/* A disk that is full, as far as this process can see. */
static int write_when_full(const char *path, size_t n, rlim_t room)
{
  struct rlimit old, limit;
  char bytes[100] = "";
  int number;
  getrlimit(RLIMIT_FSIZE, &old);
  limit = old;
  limit.rlim_cur = room;
  setrlimit(RLIMIT_FSIZE, &limit);
  number = dcc_key_file_write(path, bytes, n);
  setrlimit(RLIMIT_FSIZE, &old);
  return number;
}

static void test_file(void)
{
  struct stat status;
  const char *path;
  mode_t mask;
  if (mkdtemp(directory) == NULL)
    abort();
  path = in_directory("key");
  mask = umask(0777);
  expect(dcc_key_file_write(path, "one", 3) == 0, "not written", path, errno);
  umask(mask);
  expect(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600,
         "the mode is not 0600", path, 0);
  expect(status.st_nlink == 1, "there is another link", path, 0);
  expect(holds(path, "one"), "another text", path, 0);
  expect(dcc_key_file_write(path, "two", 3) == EEXIST, "written over", path,
         0);
  expect(holds(path, "one"), "the file was changed", path, 0);
  expect(entries() == 1, "something was left", path, 0);
  path = in_directory("link");
  expect(symlink("nowhere", path) == 0, "no link", path, 0);
  expect(dcc_key_file_write(path, "two", 3) == EEXIST, "a link was followed",
         path, 0);
  expect(entries() == 2, "something was left", path, 0);
  (void)unlink(path);
  path = in_directory("none/key");
  expect(dcc_key_file_write(path, "x", 1) == ENOENT, "no ENOENT", path, 0);
  path = in_directory("key/key");
  expect(dcc_key_file_write(path, "x", 1) == ENOTDIR, "no ENOTDIR", path, 0);
  path = in_directory("full");
  expect(write_when_full(path, 100, 0) == EFBIG, "no EFBIG", path, 0);
  expect(write_when_full(path, 100, 60) == EFBIG, "no EFBIG", path, 60);
  expect(entries() == 1, "something was left of a full disk", path, 0);
  expect(write_when_full(path, 100, 100) == 0, "not written", path, 100);
  (void)unlink(path);
  (void)unlink(in_directory("key"));
  expect(chdir(directory) == 0 && dcc_key_file_write("here", "x", 1) == 0 &&
         unlink("here") == 0, "not written to this directory", path, 0);
  expect(rmdir(directory) == 0, "the directory is not empty", path, 0);
}

int main(void)
{
  /* under valgrind, which would also tell of what libcrypto's own blocks
   * hold that it never wrote */
  bool slow = getenv("CERTCENTRAL_TEST_SLOW") != NULL;
  if (!take_over_libcrypto())
    return 1;
  signal(SIGXFSZ, SIG_IGN);
  test_search();
  for (size_t i = 0; i < 3 && !slow; i++)
    test_wiping(dcc_csr_key_kind(i));
  test_memory(true, slow ? 11 : 1);
  test_memory(false, slow ? 11 : 1);
  test_refusals();
  test_file();
  free(log_bytes);
  return end_of_test();
}

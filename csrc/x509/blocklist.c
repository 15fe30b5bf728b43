/* blocklist.c: a file of keys that are known to others, Debian's weak keys
 * for one. It is read from one end to the other each time: that needs no
 * state, takes files in any order, and costs some milliseconds for the
 * largest that Debian has (100000 lines). */
#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/ascii.h"
#include "x509_internal.h"

enum {
  SHA1_DIGITS = 40,
  SHA1_END_DIGITS = 20, /* the last of them, as Debian's lists have it */
  SHA256_DIGITS = 64,
  LINE_SIZE = 256,      /* of which a comment may be longer */
  REASON_SIZE = 128
};

/* How a list may name one key; "" where it cannot. */
typedef struct prints {
  char modulus[SHA1_DIGITS + 1]; /* of what `openssl req -modulus` prints */
  char key[SHA256_DIGITS + 1];   /* of the SubjectPublicKeyInfo */
} prints;

/* ---- the key ------------------------------------------------------------ */

static bool hash_text(const char *text, char *hex)
{
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned n;
  if (EVP_Digest(text, strlen(text), hash, &n, EVP_sha1(), NULL) != 1)
    return false;
  for (unsigned i = 0; i < n; i++)
    sprintf(hex + 2 * i, "%02x", (unsigned)hash[i]);
  return true;
}

/* For another key than RSA nothing is written. */
static bool hash_modulus(const EVP_PKEY *key, char *hex)
{
  BIGNUM *n = NULL;
  char *digits = NULL, *line = NULL;
  size_t size;
  bool good = false;
  hex[0] = '\0';
  if (key == NULL || !EVP_PKEY_is_a(key, "RSA"))
    return true;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n))
    digits = BN_bn2hex(n);
  if (digits != NULL) {
    size = strlen(digits) + sizeof "Modulus=\n";
    line = OPENSSL_malloc(size);
  }
  if (line != NULL) {
    snprintf(line, size, "Modulus=%s\n", digits);
    good = hash_text(line, hex);
  }
  OPENSSL_free(line);
  OPENSSL_free(digits);
  BN_free(n);
  return good;
}

/* ---- the list ----------------------------------------------------------- */

static bool is_hex(char c)
{
  char lower = dcc_ascii_lower(c);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f');
}

/* The number of hex digits that a line begins with; they become lower
 * case. */
static size_t lower_digits(char *line)
{
  size_t n = 0;
  for (; is_hex(line[n]); n++)
    line[n] = dcc_ascii_lower(line[n]);
  return n;
}

/* Whether a line of n digits names the key. */
static bool names(const char *line, size_t n, const prints *key)
{
  if (n == SHA256_DIGITS)
    return memcmp(line, key->key, n) == 0;
  return key->modulus[0] != '\0' &&
         memcmp(line, key->modulus + SHA1_DIGITS - n, n) == 0;
}

static bool is_entry(const char *line, size_t n)
{
  return (n == SHA1_END_DIGITS || n == SHA1_DIGITS || n == SHA256_DIGITS) &&
         line[n + strspn(line + n, " \t\r\n")] == '\0';
}

static dcc_csr_listed search(FILE *file, const prints *key,
                             dcc_csr_error *error)
{
  char line[LINE_SIZE];
  bool comment = false; /* this is the rest of one */
  for (size_t number = 1; fgets(line, sizeof line, file) != NULL;) {
    bool whole = strchr(line, '\n') != NULL;
    size_t n = lower_digits(line);
    comment = comment || line[0] == '#';
    if (!comment && n > 0 && is_entry(line, n)) {
      if (names(line, n, key))
        return DCC_CSR_LISTED;
    } else if (!comment && line[strspn(line, " \t\r\n")] != '\0') {
      refuse(error, "line %zu must be %d, %d or %d hex digits or a comment",
             number, SHA1_END_DIGITS, SHA1_DIGITS, SHA256_DIGITS);
      return DCC_CSR_LIST_UNREADABLE;
    }
    comment = comment && !whole;
    number += whole;
  }
  return DCC_CSR_NOT_LISTED;
}

static dcc_csr_listed unreadable(dcc_csr_error *error)
{
  char reason[REASON_SIZE];
  if (strerror_r(errno, reason, sizeof reason) != 0)
    strcpy(reason, "it cannot be read");
  refuse(error, "%s", reason);
  return DCC_CSR_LIST_UNREADABLE;
}

static dcc_csr_listed search_file(const char *path, const prints *key,
                                  dcc_csr_error *error)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  FILE *file = fd >= 0 ? fdopen(fd, "rb") : NULL;
  dcc_csr_listed listed;
  if (file == NULL) {
    listed = unreadable(error);
    if (fd >= 0)
      close(fd);
    return listed;
  }
  errno = 0;
  listed = search(file, key, error);
  if (listed == DCC_CSR_NOT_LISTED && ferror(file))
    listed = unreadable(error);
  fclose(file);
  return listed;
}

dcc_csr_listed dcc_csr_find(dcc_csr *csr, const char *path,
                            dcc_csr_error *error)
{
  dcc_csr_facts facts;
  prints key;
  bool good;
  ERR_set_mark();
  good = dcc_csr_facts_of(csr, &facts) &&
         hash_modulus(X509_REQ_get0_pubkey(csr), key.modulus);
  ERR_pop_to_mark();
  if (!good) {
    refuse(error, "out of memory");
    return DCC_CSR_LIST_UNREADABLE;
  }
  memcpy(key.key, facts.sha256, sizeof key.key);
  return search_file(path, &key, error);
}

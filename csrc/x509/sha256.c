/* sha256.c: the SHA-256 of a text, by libcrypto, in hex */
#include "dcc_sha256.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static bool write_hex(const unsigned char *hash, unsigned size, char *to)
{
  static const char digits[] = "0123456789abcdef";
  for (unsigned i = 0; i < size; i++) {
    *to++ = digits[hash[i] >> 4];
    *to++ = digits[hash[i] & 15];
  }
  *to = '\0';
  return size > 0;
}

bool dcc_sha256(const void *data, size_t n, char hex[DCC_SHA256_DIGITS + 1])
{
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ERR_set_mark();
  if (EVP_Digest(n > 0 ? data : "", n, hash, &size, EVP_sha256(), NULL) != 1)
    size = 0;
  ERR_pop_to_mark();
  return write_hex(hash, size, hex);
}

bool dcc_hmac_sha256(const void *key, size_t key_length, const void *data,
                     size_t n, char hex[DCC_SHA256_DIGITS + 1])
{
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ERR_set_mark();
  if (key_length > INT_MAX ||
      HMAC(EVP_sha256(), key, (int)key_length, data, n, hash, &size) == NULL)
    size = 0;
  ERR_pop_to_mark();
  return write_hex(hash, size, hex);
}

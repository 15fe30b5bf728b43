/* sha256.c: the SHA-256 of a text, by libcrypto, in hex */
#include "dcc_sha256.h"

#include <openssl/err.h>
#include <openssl/evp.h>

bool dcc_sha256(const void *data, size_t n, char hex[DCC_SHA256_DIGITS + 1])
{
  static const char digits[] = "0123456789abcdef";
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  char *to = hex;
  ERR_set_mark();
  if (EVP_Digest(n > 0 ? data : "", n, hash, &size, EVP_sha256(), NULL) != 1)
    size = 0;
  ERR_pop_to_mark();
  for (unsigned i = 0; i < size; i++) {
    *to++ = digits[hash[i] >> 4];
    *to++ = digits[hash[i] & 15];
  }
  *to = '\0';
  return size > 0;
}

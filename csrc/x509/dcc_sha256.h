/* dcc_sha256.h: the SHA-256 of a text, plain and with a key. Includes nothing
 * of OpenSSL. */
#ifndef DCC_SHA256_H
#define DCC_SHA256_H

#include <stdbool.h>
#include <stddef.h>

enum { DCC_SHA256_DIGITS = 64 };

/* Writes the SHA-256 of n bytes at `data` (which may be NULL when n is 0) to
 * `hex`: 64 lower-case hex digits and a NUL. Returns false, with `hex`
 * empty, when out of memory or if libcrypto refuses. OpenSSL's error queue
 * stays as it was. */
bool dcc_sha256(const void *data, size_t n, char hex[DCC_SHA256_DIGITS + 1]);

/* Writes the HMAC of n bytes at `data` under a key, with SHA-256, in the same
 * way. */
bool dcc_hmac_sha256(const void *key, size_t key_length, const void *data,
                     size_t n, char hex[DCC_SHA256_DIGITS + 1]);

#endif

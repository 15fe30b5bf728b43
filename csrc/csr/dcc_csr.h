/* dcc_csr.h: certificate signing requests (PKCS#10), read and judged with
 * libcrypto. Includes nothing of OpenSSL, so that its users need not either.
 *
 * Every function leaves OpenSSL's error queue, which is the thread's and
 * shared with the host, as it found it, with two exceptions: the queue is
 * a ring of 15, so that a host that keeps it nearly full may lose its oldest
 * entries, and libcrypto's decoders empty it when memory runs out.
 *
 * libcrypto does not always tell when it was memory that ran out: then a
 * good request is refused with a message that is not true of it. A bad one
 * is never taken. */
#ifndef DCC_CSR_H
#define DCC_CSR_H

#include <stdbool.h>
#include <stddef.h>

/* The longest text that is looked at, in bytes. A request for 250 names of
 * 253 bytes, more than can be ordered, needs about 90000. */
enum { DCC_CSR_LIMIT = 131072 };

/* Why a request was refused: one line for a person, in lower case, without
 * any byte of the input. */
typedef struct dcc_csr_error {
  char message[160];
} dcc_csr_error;

/* A request that was read: libcrypto's X509_REQ by its own type, for those
 * files that do see libcrypto. */
typedef struct X509_req_st dcc_csr;

/* Reads `length` bytes at `pem` (no NUL needed behind them): one PEM block
 * "CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST" with nothing around it
 * but white space; its lines may have any length, or be one. Returns the
 * request, owned by the caller (dcc_csr_free), or NULL and fills `error`:
 * the text is something else, is broken, or memory ran out. What is copied
 * of the text is wiped. The key and the signature are not judged. */
dcc_csr *dcc_csr_read(const char *pem, size_t length, dcc_csr_error *error);

/* True where a public CA may sign this request's key: RSA of 2048 to 16384
 * bits in steps of 8, or EC on P-256, P-384 or P-521 by name. Of RSA keys
 * also the numbers are judged: an odd exponent of at least 3, an odd modulus
 * without ROCA's fingerprint and without primes so close to each other that
 * Fermat's method finds them within 100 rounds. Otherwise false, and fills
 * `error`. */
bool dcc_csr_check_key(dcc_csr *csr, dcc_csr_error *error);

/* True where the request is signed by its own key, with whatever hash.
 * Otherwise false, and fills `error`. To be called after
 * dcc_csr_check_key(), which bounds the time that this takes. */
bool dcc_csr_check_signature(dcc_csr *csr, dcc_csr_error *error);

/* Frees a request; NULL is fine. */
void dcc_csr_free(dcc_csr *csr);

/* All of the above: true where `pem` is one request with a key that a public
 * CA may sign, and a good signature. Otherwise false, and fills `error`. */
bool dcc_csr_check(const char *pem, size_t length, dcc_csr_error *error);

#endif

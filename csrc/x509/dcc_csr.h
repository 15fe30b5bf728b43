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

#include "../core/buffer.h"
#include "../core/text.h"

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
 * the text is something else, is broken, or out of memory. What is copied
 * of the text is wiped. The key and the signature are not judged. */
dcc_csr *dcc_csr_read(const char *pem, size_t length, dcc_csr_error *error);

/* True where the request is of the only version there is, 0 (RFC 2986 4.1).
 * Otherwise false, and fills `error`. */
bool dcc_csr_check_version(dcc_csr *csr, dcc_csr_error *error);

/* True where a public CA may sign this request's key: RSA of 2048 to 16384
 * bits in steps of 8, or EC on P-256, P-384 or P-521 by name. Of RSA keys
 * also the numbers are judged: an odd exponent of at least 3, an odd modulus
 * without ROCA's fingerprint, without a factor below 752, that is no power,
 * and without primes so close to each other that Fermat's method finds them
 * within 100 rounds. Otherwise false, and fills `error`. */
bool dcc_csr_check_key(dcc_csr *csr, dcc_csr_error *error);

/* True where the request is signed by its own key, with whatever hash.
 * Otherwise false, and fills `error`. libcrypto bounds the time of it, for a
 * key of any kind: it verifies no RSA modulus above 16384 bits, no exponent
 * above 64 bits where the modulus has more than 3072, no DSA prime above
 * 10000 bits (OPENSSL_RSA_MAX_MODULUS_BITS and its like in rsa.h, dsa.h). */
bool dcc_csr_check_signature(dcc_csr *csr, dcc_csr_error *error);

/* What a line of dcc_csr_add_names() and dcc_csr_add_warnings() begins
 * with. */
typedef enum dcc_csr_name_kind {
  DCC_CSR_COMMON_NAME = 'c',
  DCC_CSR_HOST_NAME = 'd',
  DCC_CSR_IP_ADDRESS = 'i',
  DCC_CSR_OTHER_NAME = 'o', /* with its kind: "email:...", "URI:..." */
  DCC_CSR_WARNING = 'w' /* a warning's code, a space, and its message */
} dcc_csr_name_kind;

/* Appends the names that the request asks for, a line each: a letter that
 * tells the kind, the name, LF. First its subject's common names, but for
 * blank ones, then the subject alternative names in their order; IP addresses
 * as inet_ntop() writes them. Bytes that a line or a terminal would stumble
 * over stand as "\x0A". dcc_options takes the text as csr_names. Returns false
 * when out of memory. */
bool dcc_csr_add_names(dcc_csr *csr, dcc_buffer *to);

/* Appends what a request that may be signed should be otherwise, a line each,
 * for dcc_options as the names. Returns false when out of memory. */
bool dcc_csr_add_warnings(dcc_csr *csr, dcc_buffer *to);

/* Appends the subject, in its order: "C=US, O=Example, CN=www.example.com";
 * UTF-8, control characters escaped. Returns false when out of memory. */
bool dcc_csr_add_subject(dcc_csr *csr, dcc_buffer *to);

/* What a request says of its key and its signature. */
typedef struct dcc_csr_facts {
  char key[64];       /* "rsa", "ec", or libcrypto's name of the type in
                         lower case: "ed25519" */
  char curve[64];     /* "P-256", ..., libcrypto's name of another curve; ""
                         where the key has none by name */
  int bits;           /* of the key; 0 where it cannot be read */
  char signature[64]; /* libcrypto's name of the algorithm:
                         "sha256WithRSAEncryption" */
  char sha256[65];    /* of the public key (SubjectPublicKeyInfo, DER), in
                         lower-case hex */
} dcc_csr_facts;

/* Fills in the facts; judges nothing. Returns false when out of memory. */
bool dcc_csr_facts_of(dcc_csr *csr, dcc_csr_facts *facts);

typedef enum dcc_csr_listed {
  DCC_CSR_NOT_LISTED,
  DCC_CSR_LISTED,
  DCC_CSR_LIST_UNREADABLE
} dcc_csr_listed;

/* Looks for the request's key in a file: each line names a key, the others
 * are empty or comments that begin with '#'. A line is
 *   20 hex digits   the end of the SHA-1 of an RSA modulus, as the files
 *                   blacklist.RSA-* of Debian's openssl-blacklist have it:
 *                   openssl req -noout -modulus -in FILE | sha1sum
 *   40 hex digits   that SHA-1 in full
 *   64 hex digits   the SHA-256 of a public key of any type, as
 *                   dcc_csr_facts has it
 * A file that cannot be read to its end, or has a line of another form, is
 * DCC_CSR_LIST_UNREADABLE, unless the key was found before; then, and when
 * memory ran out, `error` says why. */
dcc_csr_listed dcc_csr_find(dcc_csr *csr, const char *path,
                            dcc_csr_error *error);

/* Frees a request; NULL is fine. */
void dcc_csr_free(dcc_csr *csr);

/* All of the above: true where `pem` is one request with a key that a public
 * CA may sign, and a good signature. Otherwise false, and fills `error`. */
bool dcc_csr_check(const char *pem, size_t length, dcc_csr_error *error);

/* ---- new ones ---------------------------------------------------------- */

/* The kinds of keys that can be made: "ec-p256", ...; NULL behind the
 * last. */
const char *dcc_csr_key_kind(size_t i);

/* What to make. The texts are UTF-8, not longer than X.520 allows (64
 * characters, 128 for state, locality and e-mail, two letters for the
 * country); names are host names or IP addresses. */
typedef struct dcc_csr_spec {
  const char *key; /* a kind of key */
  dcc_text common_name, organization, organization_unit, country, state,
      locality, email;
  const dcc_text *names; /* the alternative names; the common name need not
                            be among them */
  size_t name_count;
  dcc_text passphrase; /* what the key is encrypted with */
} dcc_csr_spec;

/* A request and its key, each a PEM block and no NUL behind it. The key is
 * PKCS#8: plain, or encrypted with AES-256-CBC under 600000 rounds of PBKDF2
 * with SHA-256. */
typedef struct dcc_csr_result {
  dcc_buffer csr, key;
} dcc_csr_result;

/* Makes a key and a request that it signs (SHA-384 on P-384, else SHA-256).
 * Returns false, with `result` empty, and fills `error`: libcrypto refuses a
 * text or has no random numbers, the request would be larger than
 * DCC_CSR_LIMIT, memory ran out. The caller frees the result. No byte of
 * the key stays in C memory after that. */
bool dcc_csr_make(const dcc_csr_spec *spec, dcc_csr_result *result,
                  dcc_csr_error *error);

/* Wipes and frees; may be called twice. */
void dcc_csr_result_free(dcc_csr_result *result);

#endif

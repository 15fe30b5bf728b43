/* dcc_x509.h: certificates as a CA delivers them: read, put in order, held
 * against names and keys. Includes nothing of OpenSSL; what dcc_csr.h says of
 * its error queue holds here, too. */
#ifndef DCC_X509_H
#define DCC_X509_H

#include <stdint.h>

#include "dcc_csr.h"

/* The most certificates of one answer that are looked at. */
enum { DCC_CHAIN_MAX = 16 };

/* A certificate: libcrypto's X509 by its own type. */
typedef struct x509_st dcc_cert;

/* Some certificates; all zero is none. It owns them. dcc_chain_order() puts
 * the leaf first, `served` certificates in all up to the last one below the
 * root: what a server has to send. Behind these stands the root where `rooted`
 * is true, and then whatever else was there. */
typedef struct dcc_chain {
  dcc_cert *certs[DCC_CHAIN_MAX];
  size_t count;
  size_t served;
  bool rooted;
} dcc_chain;

/* Reads the certificates in n bytes: PEM blocks with any text around them, or
 * DER, each a certificate or a PKCS#7 bundle of them. The same certificate
 * twice counts once. Returns false, with an empty chain, and fills `error`:
 * there is none, one is broken, there are more than DCC_CHAIN_MAX, memory ran
 * out. */
bool dcc_chain_read(const char *bytes, size_t n, dcc_chain *chain,
                    dcc_csr_error *error);

/* What an order tells of its certificate, for a bundle that has others: the
 * CSR (as for dcc_cert_fits_csr) and names, a line each. at == NULL: not
 * known. */
typedef struct dcc_ordered {
  dcc_text csr, names;
} dcc_ordered;

/* Puts a chain in order: each certificate in front of the one that certifies
 * it, as told by names, key ids and signatures, whatever order they came in.
 * Where a CA has several certificates (a cross-sign), the longest way is
 * taken, so that those who trust any of its roots find one; but before all a
 * way that RFC 5280 6.1 finds valid at `now` (seconds since 1970), by dates,
 * path lengths and all else, where there is one. The outcome does not depend
 * on the order before. Of several certificates that are no CA's the leaf is
 * the one that was ordered. Returns false, and fills `error`, where it cannot
 * be told which one is the leaf. */
bool dcc_chain_order(dcc_chain *chain, int64_t now, dcc_ordered ordered,
                     dcc_csr_error *error);

/* Frees the certificates; the chain is empty afterwards. */
void dcc_chain_free(dcc_chain *chain);

/* What a certificate says of itself. */
typedef struct dcc_cert_facts {
  char serial[64];     /* upper-case hex, an even number of digits */
  char thumbprint[41]; /* SHA-1 of the certificate, upper-case hex */
  char key_sha256[65]; /* of the public key, as in dcc_csr_facts */
  int64_t not_before;  /* seconds since 1970 */
  int64_t not_after;
} dcc_cert_facts;

/* Fills in the facts. Returns false when out of memory or a member cannot be
 * read. */
bool dcc_cert_facts_of(dcc_cert *cert, dcc_cert_facts *facts);

/* Append the certificate as a PEM block; its subject or issuer in the form of
 * dcc_csr_add_subject(); its names in the form of dcc_csr_add_names(). Return
 * false when out of memory. */
bool dcc_cert_add_pem(dcc_cert *cert, dcc_buffer *to);
bool dcc_cert_add_subject(dcc_cert *cert, dcc_buffer *to);
bool dcc_cert_add_issuer(dcc_cert *cert, dcc_buffer *to);
bool dcc_cert_add_names(dcc_cert *cert, dcc_buffer *to);

/* True where the certificate carries this host name or IP address (n bytes)
 * itself: a wildcard that covers it does not count. */
bool dcc_cert_has_name(dcc_cert *cert, const char *name, size_t n);

typedef enum dcc_fit {
  DCC_FITS,
  DCC_OTHER_KEY, /* it has another public key */
  DCC_NO_KEY     /* there is none to compare with */
} dcc_fit;

/* Whether the certificate is for the request's public key. `csr` is the PEM,
 * or its base64 alone; DCC_NO_KEY where it cannot be read. */
dcc_fit dcc_cert_fits_csr(dcc_cert *cert, const char *csr, size_t n);

/* Whether the certificate is for the first private key in this PEM text. The
 * passphrase is used where the key is encrypted. Fills `error` unless it
 * fits; no byte of the key stands in it. Nothing is copied but by libcrypto,
 * whose decoders do not wipe all of theirs. */
dcc_fit dcc_cert_fits_key(dcc_cert *cert, dcc_text key,
                          dcc_text passphrase, dcc_csr_error *error);

#endif

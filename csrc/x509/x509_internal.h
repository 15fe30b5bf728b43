/* x509_internal.h: what the files of csrc/x509 share; it sees libcrypto. */
#ifndef DCC_X509_INTERNAL_H
#define DCC_X509_INTERNAL_H

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/evp.h>

#include "dcc_csr.h"

#define refuse dcc_csr_refuse

/* error.c: fills the message as printf does; returns false, for
 * `return refuse(...)`. */
__attribute__((format(printf, 2, 3)))
bool dcc_csr_refuse(dcc_csr_error *error, const char *format, ...);

/* Writes the short name of an object, or its number where it has none;
 * returns `name`. */
enum { DCC_OBJECT_NAME_SIZE = 64 };
const char *dcc_csr_name_of(const ASN1_OBJECT *object,
                            char name[DCC_OBJECT_NAME_SIZE]);

/* pkcs8.c: append DER as a PEM block, and a key (on this curve; NID_undef:
 * RSA) as PKCS#8 in PEM, encrypted where there is a passphrase. Return false
 * when out of memory or libcrypto fails. No copy of the key stays behind. */
bool dcc_csr_add_pem(dcc_buffer *to, const char *label,
                     const unsigned char *der, size_t n);
bool dcc_csr_add_key(dcc_buffer *to, const EVP_PKEY *key, int curve,
                     dcc_text passphrase);

/* weak.c: false, and a message, where the RSA key of this modulus and this
 * exponent is one that anybody can break or that a CA may not sign. */
bool dcc_rsa_is_sound(const BIGNUM *n, const BIGNUM *e, dcc_csr_error *error);

/* Whether a sound key's exponent is in the range that it should be in. */
bool dcc_rsa_exponent_is_usual(const BIGNUM *e);

#endif

/* pkcs8.c: a private key as PKCS#8 in PEM, plain or encrypted. The key is
 * written by hand: what libcrypto has for it leaves copies in freed memory. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

#include "x509_internal.h"

enum {
  DER_SIZE = 4096, /* a key of 4096 bits needs 2375 */
  POINT_SIZE = 2 * 66 + 1,
  LINE_BYTES = 48, /* of a line of PEM: 64 letters */
  SALT_SIZE = 16,
  ITERATIONS = 600000 /* of PBKDF2 with SHA-256: OWASP's advice since 2023 */
};

/* ---- PEM ---------------------------------------------------------------- */

bool dcc_csr_add_pem(dcc_buffer *to, const char *label,
                     const unsigned char *der, size_t n)
{
  unsigned char line[LINE_BYTES / 3 * 4 + 1];
  dcc_buffer_adds(to, "-----BEGIN ");
  dcc_buffer_adds(to, label);
  dcc_buffer_adds(to, "-----\n");
  for (size_t i = 0; i < n; i += LINE_BYTES) {
    size_t left = n - i < LINE_BYTES ? n - i : LINE_BYTES;
    int letters = EVP_EncodeBlock(line, der + i, (int)left);
    dcc_buffer_add(to, (const char *)line, (size_t)letters);
    dcc_buffer_addc(to, '\n');
  }
  dcc_wipe(line, sizeof line);
  dcc_buffer_adds(to, "-----END ");
  dcc_buffer_adds(to, label);
  dcc_buffer_adds(to, "-----\n");
  return !to->failed;
}

/* ---- DER, from its end to its beginning --------------------------------- */

/* What was written stands from `at` to the end of `bytes`. */
typedef struct der {
  unsigned char bytes[DER_SIZE];
  size_t at;
  bool failed; /* no room, no memory, or a number that is not there */
} der;

static void put(der *d, const void *bytes, size_t n)
{
  if (d->failed || n > d->at) {
    d->failed = true;
    return;
  }
  d->at -= n;
  if (n > 0)
    memcpy(d->bytes + d->at, bytes, n);
}

static void put_byte(der *d, unsigned byte)
{
  unsigned char b = (unsigned char)byte;
  put(d, &b, 1);
}

/* Makes what was written since the place `end` the contents of a value. */
static void wrap(der *d, unsigned tag, size_t end)
{
  size_t n = d->failed ? 0 : end - d->at;
  unsigned bytes = 0;
  if (n >= 0x80) {
    for (size_t rest = n; rest > 0; rest >>= 8, bytes++)
      put_byte(d, rest & 0xFF);
    /* they were written from the least to the most significant, and stand
     * the other way round, as DER has them */
    put_byte(d, 0x80 | bytes);
  } else {
    put_byte(d, (unsigned)n);
  }
  put_byte(d, tag);
}

enum { INTEGER = 0x02, BITS = 0x03, OCTETS = 0x04, SEQUENCE = 0x30,
       FIRST = 0xA0, SECOND = 0xA1 };

/* The number that libcrypto has under this name. */
static void put_number(der *d, const EVP_PKEY *key, const char *name)
{
  BIGNUM *number = NULL;
  size_t end = d->at, n;
  if (!EVP_PKEY_get_bn_param(key, name, &number)) {
    d->failed = true;
    return;
  }
  n = (size_t)BN_num_bytes(number);
  if (d->failed || n > d->at) {
    d->failed = true;
  } else {
    d->at -= n;
    BN_bn2bin(number, d->bytes + d->at);
    if (n == 0 || d->bytes[d->at] & 0x80)
      put_byte(d, 0); /* it is not negative */
    wrap(d, INTEGER, end);
  }
  BN_clear_free(number);
}

static void put_small(der *d, unsigned number)
{
  size_t end = d->at;
  put_byte(d, number);
  wrap(d, INTEGER, end);
}

static void put_object(der *d, int nid)
{
  const ASN1_OBJECT *object = OBJ_nid2obj(nid);
  size_t end = d->at;
  put(d, OBJ_get0_data(object), OBJ_length(object));
  wrap(d, V_ASN1_OBJECT, end);
}

/* ---- keys --------------------------------------------------------------- */

/* RSAPrivateKey (RFC 8017, A.1.2). */
static void put_rsa(der *d, const EVP_PKEY *key)
{
  static const char *const backwards[] = {
      OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
      OSSL_PKEY_PARAM_RSA_EXPONENT1,    OSSL_PKEY_PARAM_RSA_FACTOR2,
      OSSL_PKEY_PARAM_RSA_FACTOR1,      OSSL_PKEY_PARAM_RSA_D,
      OSSL_PKEY_PARAM_RSA_E,            OSSL_PKEY_PARAM_RSA_N};
  size_t end = d->at;
  for (size_t i = 0; i < sizeof backwards / sizeof *backwards; i++)
    put_number(d, key, backwards[i]);
  put_small(d, 0);
  wrap(d, SEQUENCE, end);
}

/* ECPrivateKey (RFC 5915); the curve stands around it. */
static void put_ec(der *d, const EVP_PKEY *key)
{
  unsigned char point[POINT_SIZE];
  size_t end = d->at, n = 0, length = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
  BIGNUM *number = NULL;
  if (!EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                       sizeof point, &n) ||
      !EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number)) {
    d->failed = true;
    return;
  }
  put(d, point, n);
  put_byte(d, 0); /* no bits unused */
  wrap(d, BITS, end);
  wrap(d, SECOND, end);
  end = d->at;
  if (!d->failed && length <= d->at &&
      BN_bn2binpad(number, d->bytes + d->at - length, (int)length) >= 0)
    d->at -= length;
  else
    d->failed = true;
  BN_clear_free(number);
  wrap(d, OCTETS, end);
  put_small(d, 1);
}

/* PrivateKeyInfo (RFC 5958). */
static void put_key(der *d, const EVP_PKEY *key, int curve)
{
  size_t end = d->at;
  if (curve == NID_undef) {
    put_rsa(d, key);
  } else {
    put_ec(d, key);
    wrap(d, SEQUENCE, end);
  }
  wrap(d, OCTETS, end);
  end = d->at;
  if (curve == NID_undef) {
    put(d, "\x05\x00", 2); /* NULL */
    put_object(d, NID_rsaEncryption);
  } else {
    put_object(d, curve);
    put_object(d, NID_X9_62_id_ecPublicKey);
  }
  wrap(d, SEQUENCE, end);
  put_small(d, 0);
  wrap(d, SEQUENCE, sizeof d->bytes);
}

/* ---- encryption --------------------------------------------------------- */

/* The key encrypted with AES-256 under what PBKDF2 makes of the
 * passphrase. */
static X509_SIG *encrypt(const der *d, dcc_text passphrase)
{
  unsigned char salt[SALT_SIZE];
  const unsigned char *at = d->bytes + d->at;
  PKCS8_PRIV_KEY_INFO *info =
      d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)(sizeof d->bytes - d->at));
  X509_SIG *sealed = NULL;
  if (info != NULL && RAND_bytes(salt, sizeof salt) == 1)
    sealed = PKCS8_encrypt(NID_hmacWithSHA256, EVP_aes_256_cbc(),
                           passphrase.at, (int)passphrase.n, salt,
                           sizeof salt, ITERATIONS, info);
  PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
  return sealed;
}

static bool add_encrypted(dcc_buffer *to, const der *d,
                          dcc_text passphrase)
{
  X509_SIG *sealed = encrypt(d, passphrase);
  unsigned char *bytes = NULL;
  int n = sealed != NULL ? i2d_X509_SIG(sealed, &bytes) : -1;
  bool good = n > 0 && dcc_csr_add_pem(to, "ENCRYPTED PRIVATE KEY", bytes,
                                       (size_t)n);
  OPENSSL_free(bytes);
  X509_SIG_free(sealed);
  return good;
}

bool dcc_csr_add_key(dcc_buffer *to, const EVP_PKEY *key, int curve,
                     dcc_text passphrase)
{
  der d = {.at = sizeof d.bytes};
  bool good;
  put_key(&d, key, curve);
  if (d.failed)
    good = false;
  else if (passphrase.at != NULL)
    good = add_encrypted(to, &d, passphrase);
  else
    good = dcc_csr_add_pem(to, "PRIVATE KEY", d.bytes + d.at,
                           sizeof d.bytes - d.at);
  dcc_wipe(&d, sizeof d);
  return good;
}

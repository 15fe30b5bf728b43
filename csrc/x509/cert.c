/* cert.c: one certificate: what it says, which names it carries, which key it
 * is for */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/ascii.h"
#include "x509_internal.h"
#include "dcc_sha256.h"
#include "dcc_x509.h"

/* ---- facts -------------------------------------------------------------- */

static bool read_serial(const X509 *cert, dcc_cert_facts *facts)
{
  BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
  char *hex = number != NULL ? BN_bn2hex(number) : NULL;
  bool good = hex != NULL && strlen(hex) < sizeof facts->serial;
  if (good)
    strcpy(facts->serial, hex);
  OPENSSL_free(hex);
  BN_free(number);
  return good;
}

static bool read_thumbprint(const X509 *cert, dcc_cert_facts *facts)
{
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (!X509_digest(cert, EVP_sha1(), digest, &n) ||
      2 * n >= sizeof facts->thumbprint)
    return false;
  for (unsigned i = 0; i < n; i++)
    sprintf(facts->thumbprint + 2 * i, "%02X", (unsigned)digest[i]);
  return true;
}

static bool read_key(const X509 *cert, dcc_cert_facts *facts)
{
  unsigned char *der = NULL;
  int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
  bool good = n > 0 && dcc_sha256(der, (size_t)n, facts->key_sha256);
  OPENSSL_free(der);
  return good;
}

/* Seconds since 1970. */
static bool read_time(const ASN1_TIME *time, int64_t *seconds)
{
  ASN1_TIME *start = ASN1_TIME_set(NULL, 0);
  int days = 0, rest = 0;
  bool good = start != NULL && ASN1_TIME_diff(&days, &rest, start, time);
  *seconds = (int64_t)days * 86400 + rest;
  ASN1_TIME_free(start);
  return good;
}

bool dcc_cert_facts_of(dcc_cert *cert, dcc_cert_facts *facts)
{
  bool good;
  memset(facts, 0, sizeof *facts);
  ERR_set_mark();
  good = read_serial(cert, facts) && read_thumbprint(cert, facts) &&
         read_key(cert, facts) &&
         read_time(X509_get0_notBefore(cert), &facts->not_before) &&
         read_time(X509_get0_notAfter(cert), &facts->not_after);
  ERR_pop_to_mark();
  return good;
}

bool dcc_cert_add_pem(dcc_cert *cert, dcc_buffer *to)
{
  unsigned char *der = NULL;
  int n;
  bool good;
  ERR_set_mark();
  n = i2d_X509(cert, &der);
  good = n > 0 && dcc_csr_add_pem(to, PEM_STRING_X509, der, (size_t)n);
  OPENSSL_free(der);
  ERR_pop_to_mark();
  return good;
}

/* ---- names -------------------------------------------------------------- */

/* A name that is looked for; an address also as bytes. */
typedef struct wanted {
  const char *name;
  size_t n;
  unsigned char address[16];
  size_t address_size; /* 0: it is none */
} wanted;

static wanted wanted_name(const char *name, size_t n)
{
  wanted w = {.name = name, .n = n};
  char text[INET6_ADDRSTRLEN];
  if (n < sizeof text) {
    memcpy(text, name, n);
    text[n] = '\0';
    if (inet_pton(AF_INET, text, w.address) == 1)
      w.address_size = 4;
    else if (inet_pton(AF_INET6, text, w.address) == 1)
      w.address_size = 16;
  }
  return w;
}

static bool is_text(const wanted *w, const ASN1_STRING *s)
{
  return (size_t)ASN1_STRING_length(s) == w->n &&
         dcc_ascii_same((const char *)ASN1_STRING_get0_data(s), w->name,
                        w->n);
}

static bool is_wanted(const wanted *w, const GENERAL_NAME *name)
{
  if (name->type == GEN_DNS)
    return is_text(w, name->d.dNSName);
  return name->type == GEN_IPADD && w->address_size > 0 &&
         (size_t)ASN1_STRING_length(name->d.iPAddress) == w->address_size &&
         memcmp(ASN1_STRING_get0_data(name->d.iPAddress), w->address,
                w->address_size) == 0;
}

static bool is_common_name(const wanted *w, const X509 *cert)
{
  const X509_NAME *subject = X509_get_subject_name(cert);
  int at = -1;
  while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
    if (is_text(w, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject,
                                                                at))))
      return true;
  return false;
}

bool dcc_cert_has_name(dcc_cert *cert, const char *name, size_t n)
{
  const wanted w = wanted_name(name, n);
  GENERAL_NAMES *names;
  bool found;
  ERR_set_mark();
  found = is_common_name(&w, cert);
  names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
    found = is_wanted(&w, sk_GENERAL_NAME_value(names, i));
  GENERAL_NAMES_free(names);
  ERR_pop_to_mark();
  return found;
}

/* ---- keys --------------------------------------------------------------- */

/* Reads a request that may have come without the lines around it. */
static dcc_csr *read_request(const char *csr, size_t n)
{
  static const char label[] = "CERTIFICATE REQUEST-----\n";
  dcc_csr_error error = {""};
  dcc_buffer text = {0};
  dcc_csr *request = dcc_csr_read(csr, n, &error);
  if (request != NULL || n > DCC_CSR_LIMIT || memchr(csr, '-', n) != NULL)
    return request;
  dcc_buffer_adds(&text, "-----BEGIN ");
  dcc_buffer_adds(&text, label);
  dcc_buffer_add(&text, csr, n);
  dcc_buffer_adds(&text, "\n-----END ");
  dcc_buffer_adds(&text, label);
  if (!text.failed)
    request = dcc_csr_read(text.data, text.length, &error);
  dcc_buffer_free(&text);
  return request;
}

dcc_fit dcc_cert_fits_csr(dcc_cert *cert, const char *csr, size_t n)
{
  dcc_csr *request = read_request(csr, n);
  EVP_PKEY *one, *other;
  dcc_fit fit = DCC_NO_KEY;
  ERR_set_mark();
  one = X509_get0_pubkey(cert);
  other = request != NULL ? X509_REQ_get0_pubkey(request) : NULL;
  if (one != NULL && other != NULL)
    fit = EVP_PKEY_eq(one, other) == 1 ? DCC_FITS : DCC_OTHER_KEY;
  dcc_csr_free(request);
  ERR_pop_to_mark();
  return fit;
}

/* Gives the passphrase to libcrypto, which without this would ask whoever
 * sits at the terminal. */
static int give_passphrase(char *to, int size, int writing, void *user)
{
  const dcc_text *passphrase = user;
  (void)writing;
  if (passphrase->at == NULL || passphrase->n > (size_t)size)
    return -1;
  memcpy(to, passphrase->at, passphrase->n);
  return (int)passphrase->n;
}

static EVP_PKEY *read_private_key(dcc_text key, dcc_text passphrase)
{
  BIO *text = BIO_new_mem_buf(key.at, (int)key.n);
  EVP_PKEY *read = NULL;
  if (text != NULL)
    read = PEM_read_bio_PrivateKey(text, NULL, give_passphrase, &passphrase);
  BIO_free(text);
  return read;
}

static bool is_encrypted(dcc_text key)
{
  static const char word[] = "ENCRYPTED";
  for (size_t i = 0; i + sizeof word - 1 <= key.n; i++)
    if (memcmp(key.at + i, word, sizeof word - 1) == 0)
      return true;
  return false;
}

static dcc_fit no_key(dcc_text key, dcc_text passphrase,
                      dcc_csr_error *error)
{
  if (!is_encrypted(key))
    refuse(error, "it is not a readable private key in PEM");
  else if (passphrase.at == NULL)
    refuse(error, "it is encrypted: its passphrase is needed");
  else
    refuse(error, "it cannot be decrypted with this passphrase");
  return DCC_NO_KEY;
}

dcc_fit dcc_cert_fits_key(dcc_cert *cert, dcc_text key,
                          dcc_text passphrase, dcc_csr_error *error)
{
  EVP_PKEY *read = NULL;
  dcc_fit fit = DCC_FITS;
  ERR_set_mark();
  if (key.n <= DCC_CSR_LIMIT)
    read = read_private_key(key, passphrase);
  if (read == NULL)
    fit = no_key(key, passphrase, error);
  else if (X509_check_private_key(cert, read) != 1) {
    fit = DCC_OTHER_KEY;
    refuse(error, "it is not the certificate's key");
  }
  EVP_PKEY_free(read);
  ERR_pop_to_mark();
  return fit;
}

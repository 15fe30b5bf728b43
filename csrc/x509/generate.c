/* generate.c: a new key and a request that it signs */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "../core/ascii.h"
#include "x509_internal.h"

/* The keys on offer. */
static const struct kind {
  const char *name;
  const char *curve; /* of an EC key, or NULL */
  int nid;           /* of the curve */
  int bits;          /* of an RSA key */
} kinds[] = {
    {"ec-p256", "P-256", NID_X9_62_prime256v1, 0},
    {"ec-p384", "P-384", NID_secp384r1, 0},
    {"rsa-2048", NULL, NID_undef, 2048},
    {"rsa-3072", NULL, NID_undef, 3072},
    {"rsa-4096", NULL, NID_undef, 4096},
};

const char *dcc_csr_key_kind(size_t i)
{
  return i < sizeof kinds / sizeof *kinds ? kinds[i].name : NULL;
}

static const struct kind *find_kind(const char *name)
{
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, name) == 0)
      return &kinds[i];
  return NULL;
}

static EVP_PKEY *make_key(const struct kind *kind)
{
  if (kind->curve != NULL)
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind->curve);
  return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)kind->bits);
}

/* ---- the subject -------------------------------------------------------- */

static bool add_entry(X509_NAME *subject, int nid, dcc_text text)
{
  return text.at == NULL ||
         X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8,
                                    (const unsigned char *)text.at,
                                    (int)text.n, -1, 0) == 1;
}

/* Lower case is common in orders, but in certificates it is capitals. */
static bool add_country(X509_NAME *subject, dcc_text text)
{
  char capitals[2];
  if (text.at == NULL || text.n != sizeof capitals)
    return text.at == NULL;
  for (size_t i = 0; i < sizeof capitals; i++)
    capitals[i] = dcc_ascii_upper(text.at[i]);
  return add_entry(subject, NID_countryName,
                   (dcc_text){capitals, sizeof capitals});
}

static bool add_subject(X509_REQ *csr, const dcc_csr_spec *spec)
{
  X509_NAME *subject = X509_REQ_get_subject_name(csr);
  return add_country(subject, spec->country) &&
         add_entry(subject, NID_stateOrProvinceName, spec->state) &&
         add_entry(subject, NID_localityName, spec->locality) &&
         add_entry(subject, NID_organizationName, spec->organization) &&
         add_entry(subject, NID_organizationalUnitName,
                   spec->organization_unit) &&
         add_entry(subject, NID_commonName, spec->common_name) &&
         add_entry(subject, NID_pkcs9_emailAddress, spec->email);
}

/* ---- the alternative names ---------------------------------------------- */

static bool same(dcc_text a, dcc_text b)
{
  return a.n == b.n && dcc_ascii_same(a.at, b.at, a.n);
}

static bool add_string(GENERAL_NAMES *names, int kind, int type,
                       const void *bytes, size_t n)
{
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_STRING *value = ASN1_STRING_type_new(type);
  if (name != NULL && value != NULL &&
      ASN1_STRING_set(value, bytes, (int)n) &&
      sk_GENERAL_NAME_push(names, name) > 0) {
    GENERAL_NAME_set0_value(name, kind, value);
    return true;
  }
  ASN1_STRING_free(value);
  GENERAL_NAME_free(name);
  return false;
}

static bool add_name(GENERAL_NAMES *names, dcc_text text)
{
  char address[INET6_ADDRSTRLEN];
  unsigned char bytes[16];
  if (text.n < sizeof address) {
    memcpy(address, text.at, text.n);
    address[text.n] = '\0';
    if (inet_pton(AF_INET, address, bytes) == 1)
      return add_string(names, GEN_IPADD, V_ASN1_OCTET_STRING, bytes, 4);
    if (inet_pton(AF_INET6, address, bytes) == 1)
      return add_string(names, GEN_IPADD, V_ASN1_OCTET_STRING, bytes, 16);
  }
  return add_string(names, GEN_DNS, V_ASN1_IA5STRING, text.at, text.n);
}

/* The common name first, each name once. */
static bool fill_names(GENERAL_NAMES *names, const dcc_csr_spec *spec)
{
  if (spec->common_name.at != NULL && !add_name(names, spec->common_name))
    return false;
  for (size_t i = 0; i < spec->name_count; i++) {
    bool again = spec->common_name.at != NULL &&
                 same(spec->names[i], spec->common_name);
    for (size_t j = 0; j < i && !again; j++)
      again = same(spec->names[i], spec->names[j]);
    if (!again && !add_name(names, spec->names[i]))
      return false;
  }
  return true;
}

static bool add_names(X509_REQ *csr, const dcc_csr_spec *spec)
{
  GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
  STACK_OF(X509_EXTENSION) *extensions = NULL;
  bool good = names != NULL && fill_names(names, spec) &&
              X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0,
                              X509V3_ADD_DEFAULT) == 1 &&
              X509_REQ_add_extensions(csr, extensions) == 1;
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  GENERAL_NAMES_free(names);
  return good;
}

/* ---- all of it ---------------------------------------------------------- */

static X509_REQ *make_request(const dcc_csr_spec *spec, EVP_PKEY *key,
                              const struct kind *kind)
{
  const EVP_MD *hash = kind->nid == NID_secp384r1 ? EVP_sha384()
                                                  : EVP_sha256();
  X509_REQ *csr = X509_REQ_new();
  if (csr != NULL && X509_REQ_set_version(csr, 0) && add_subject(csr, spec) &&
      X509_REQ_set_pubkey(csr, key) && add_names(csr, spec) &&
      X509_REQ_sign(csr, key, hash) > 0)
    return csr;
  X509_REQ_free(csr);
  return NULL;
}

static bool add_request(dcc_buffer *to, const dcc_csr_spec *spec,
                        EVP_PKEY *key, const struct kind *kind)
{
  X509_REQ *csr = make_request(spec, key, kind);
  unsigned char *der = NULL;
  int n = csr != NULL ? i2d_X509_REQ(csr, &der) : -1;
  bool good = n > 0 && dcc_csr_add_pem(to, "CERTIFICATE REQUEST", der,
                                       (size_t)n);
  OPENSSL_free(der);
  X509_REQ_free(csr);
  return good;
}

/* libcrypto's own word for what went wrong first. */
static bool failure(dcc_csr_error *error, const char *what)
{
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  return refuse(error, "%s cannot be made: %s", what,
                reason != NULL ? reason : "out of memory");
}

static bool make(const dcc_csr_spec *spec, dcc_csr_result *result,
                 dcc_csr_error *error)
{
  const struct kind *kind = find_kind(spec->key);
  EVP_PKEY *key = kind != NULL ? make_key(kind) : NULL;
  bool good;
  if (kind == NULL)
    return refuse(error, "there is no key of this kind");
  if (key == NULL)
    return failure(error, "the key");
  good = add_request(&result->csr, spec, key, kind) ||
         failure(error, "the request");
  if (good && result->csr.length > DCC_CSR_LIMIT)
    good = refuse(error, "the request would have %zu bytes, more than %d",
                  result->csr.length, DCC_CSR_LIMIT);
  good = good && (dcc_csr_add_key(&result->key, key, kind->nid,
                                  spec->passphrase) ||
                  failure(error, "the key's text"));
  EVP_PKEY_free(key); /* wipes */
  return good;
}

bool dcc_csr_make(const dcc_csr_spec *spec, dcc_csr_result *result,
                  dcc_csr_error *error)
{
  bool good;
  *result = (dcc_csr_result){0};
  ERR_set_mark();
  good = make(spec, result, error);
  ERR_pop_to_mark();
  if (!good)
    dcc_csr_result_free(result);
  return good;
}

void dcc_csr_result_free(dcc_csr_result *result)
{
  dcc_buffer_free(&result->csr);
  dcc_buffer_free(&result->key);
}

/* facts.c: what a request says: its names, its key, its signature; and the
 * names of a certificate, which are written alike */
#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "../core/ascii.h"
#include "x509_internal.h"
#include "dcc_sha256.h"
#include "dcc_x509.h"

/* ---- names -------------------------------------------------------------- */

/* Adds a line. What is not printable ASCII, and '\', is escaped, but for
 * UTF-8 where the bytes are known to be that. */
static void add_line(dcc_buffer *to, dcc_csr_name_kind kind, const char *label,
                     const unsigned char *s, size_t n, bool utf8)
{
  dcc_buffer_addc(to, (char)kind);
  dcc_buffer_adds(to, label);
  for (size_t i = 0; i < n; i++) {
    char escaped[5];
    if (s[i] >= 0x20 && s[i] != '\\' && s[i] != 0x7F &&
        (s[i] < 0x80 || utf8)) {
      dcc_buffer_addc(to, (char)s[i]);
      continue;
    }
    snprintf(escaped, sizeof escaped, "\\x%02X", (unsigned)s[i]);
    dcc_buffer_adds(to, escaped);
  }
  dcc_buffer_addc(to, '\n');
}

static void add_string(dcc_buffer *to, dcc_csr_name_kind kind,
                       const char *label, const ASN1_STRING *s)
{
  add_line(to, kind, label, ASN1_STRING_get0_data(s),
           (size_t)ASN1_STRING_length(s), false);
}

static bool is_blank(const unsigned char *s, size_t n)
{
  size_t i = 0;
  while (i < n && (s[i] == ' ' || s[i] == '\t'))
    i++;
  return i == n;
}

/* An empty common name is none: forms that nobody filled in write one. */
static void add_common_name(dcc_buffer *to, const ASN1_STRING *s)
{
  unsigned char *text = NULL;
  int n = ASN1_STRING_to_UTF8(&text, s);
  if (n < 0)
    add_string(to, DCC_CSR_COMMON_NAME, "", s);
  else if (!is_blank(text, (size_t)n))
    add_line(to, DCC_CSR_COMMON_NAME, "", text, (size_t)n, true);
  OPENSSL_free(text);
}

static void add_common_names(const X509_NAME *subject, dcc_buffer *to)
{
  int at = -1;
  while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
    add_common_name(to,
                    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject,
                                                                 at)));
}

static void add_address(dcc_buffer *to, const ASN1_STRING *s)
{
  char text[INET6_ADDRSTRLEN];
  int n = ASN1_STRING_length(s);
  if ((n == 4 || n == 16) &&
      inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), text,
                sizeof text) != NULL)
    add_line(to, DCC_CSR_IP_ADDRESS, "", (const unsigned char *)text,
             strlen(text), false);
  else
    add_string(to, DCC_CSR_OTHER_NAME, "IP:", s);
}

static void add_alternative(dcc_buffer *to, const GENERAL_NAME *name)
{
  switch (name->type) {
  case GEN_DNS:
    add_string(to, DCC_CSR_HOST_NAME, "", name->d.dNSName);
    break;
  case GEN_IPADD: add_address(to, name->d.iPAddress); break;
  case GEN_EMAIL:
    add_string(to, DCC_CSR_OTHER_NAME, "email:", name->d.rfc822Name);
    break;
  case GEN_URI:
    add_string(to, DCC_CSR_OTHER_NAME, "URI:",
               name->d.uniformResourceIdentifier);
    break;
  default:
    add_line(to, DCC_CSR_OTHER_NAME, "a name of another kind", NULL, 0,
             false);
  }
}

static void add_alternatives(const STACK_OF(X509_EXTENSION) *extensions,
                             dcc_buffer *to)
{
  int state = -1;
  GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name,
                                        &state, NULL);
  if (names == NULL && state != -1) /* it is there */
    add_line(to, DCC_CSR_OTHER_NAME, "names that cannot be read", NULL, 0,
             false);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
    add_alternative(to, sk_GENERAL_NAME_value(names, i));
  GENERAL_NAMES_free(names);
}

bool dcc_csr_add_names(dcc_csr *csr, dcc_buffer *to)
{
  STACK_OF(X509_EXTENSION) *extensions;
  ERR_set_mark();
  extensions = X509_REQ_get_extensions(csr);
  add_common_names(X509_REQ_get_subject_name(csr), to);
  add_alternatives(extensions, to);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  ERR_pop_to_mark();
  return !to->failed;
}

bool dcc_cert_add_names(dcc_cert *cert, dcc_buffer *to)
{
  ERR_set_mark();
  add_common_names(X509_get_subject_name(cert), to);
  add_alternatives(X509_get0_extensions(cert), to);
  ERR_pop_to_mark();
  return !to->failed;
}

/* ---- warnings ----------------------------------------------------------- */

static void add_warning(dcc_buffer *to, const char *code, const char *message)
{
  dcc_buffer_addc(to, DCC_CSR_WARNING);
  dcc_buffer_adds(to, code);
  dcc_buffer_addc(to, ' ');
  dcc_buffer_adds(to, message);
  dcc_buffer_addc(to, '\n');
}

/* How many lists of extensions the request has: the values of the attributes
 * for them, PKCS#9's and Microsoft's. PKCS#9 allows one value (RFC 2985
 * 5.4.2), and libcrypto reads the first. */
static int count_extension_lists(const dcc_csr *csr)
{
  int count = 0;
  for (int i = 0; i < X509_REQ_get_attr_count(csr); i++) {
    X509_ATTRIBUTE *attribute = X509_REQ_get_attr(csr, i);
    int type = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute));
    if (type == NID_ext_req || type == NID_ms_ext_req)
      count += X509_ATTRIBUTE_count(attribute);
  }
  return count;
}

static bool has_unusual_exponent(const dcc_csr *csr)
{
  EVP_PKEY *key = X509_REQ_get0_pubkey((dcc_csr *)csr);
  BIGNUM *e = NULL;
  bool unusual = key != NULL && EVP_PKEY_is_a(key, "RSA") &&
                 EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) &&
                 !dcc_rsa_exponent_is_usual(e);
  BN_free(e);
  return unusual;
}

bool dcc_csr_add_warnings(dcc_csr *csr, dcc_buffer *to)
{
  ERR_set_mark();
  if (has_unusual_exponent(csr))
    add_warning(to, "limit", "has an RSA key whose exponent should be from "
                "2^16 + 1 to 2^256 - 1 (Baseline Requirements 6.1.6)");
  if (count_extension_lists(csr) > 1)
    add_warning(to, "csr_mismatch", "has more than one list of extensions "
                "(extensionRequest): only the names in the first were "
                "compared with the order");
  ERR_pop_to_mark();
  return !to->failed;
}

/* ---- the rest ----------------------------------------------------------- */

static bool add_name(const X509_NAME *name, dcc_buffer *to)
{
  /* "CN=www.example.com, O=Example"; control characters escaped */
  unsigned long flags = (XN_FLAG_ONELINE & ~(unsigned long)XN_FLAG_SPC_EQ &
                         ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
  BIO *text;
  char *bytes;
  long n;
  bool good;
  ERR_set_mark();
  text = BIO_new(BIO_s_mem());
  good = text != NULL &&
         X509_NAME_print_ex(text, name, 0, flags) >= 0;
  if (good) {
    n = BIO_get_mem_data(text, &bytes);
    dcc_buffer_add(to, bytes, n > 0 ? (size_t)n : 0);
  }
  BIO_free(text);
  ERR_pop_to_mark();
  return good && !to->failed;
}

bool dcc_csr_add_subject(dcc_csr *csr, dcc_buffer *to)
{
  return add_name(X509_REQ_get_subject_name(csr), to);
}

bool dcc_cert_add_subject(dcc_cert *cert, dcc_buffer *to)
{
  return add_name(X509_get_subject_name(cert), to);
}

bool dcc_cert_add_issuer(dcc_cert *cert, dcc_buffer *to)
{
  return add_name(X509_get_issuer_name(cert), to);
}

/* The curve by the name that NIST gave it, or libcrypto did. */
static void name_curve(const X509_ALGOR *algorithm, char *to)
{
  const void *curve;
  int type;
  X509_ALGOR_get0(NULL, &type, &curve, algorithm);
  if (type != V_ASN1_OBJECT)
    return;
  const char *name = EC_curve_nid2nist(OBJ_obj2nid(curve));
  if (name != NULL)
    snprintf(to, DCC_OBJECT_NAME_SIZE, "%s", name);
  else
    dcc_csr_name_of(curve, to);
}

static void name_key(dcc_csr *csr, dcc_csr_facts *facts)
{
  ASN1_OBJECT *type;
  X509_ALGOR *algorithm;
  X509_PUBKEY_get0_param(&type, NULL, NULL, &algorithm,
                         X509_REQ_get_X509_PUBKEY(csr));
  switch (OBJ_obj2nid(type)) {
  case NID_rsaEncryption: strcpy(facts->key, "rsa"); break;
  case NID_X9_62_id_ecPublicKey:
    strcpy(facts->key, "ec");
    name_curve(algorithm, facts->curve);
    break;
  default:
    dcc_csr_name_of(type, facts->key);
    for (char *c = facts->key; *c != '\0'; c++)
      *c = dcc_ascii_lower(*c);
  }
}

static bool hash_key(dcc_csr *csr, dcc_csr_facts *facts)
{
  unsigned char *der = NULL;
  int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(csr), &der);
  bool good = n > 0 && dcc_sha256(der, (size_t)n, facts->sha256);
  OPENSSL_free(der);
  return good;
}

bool dcc_csr_facts_of(dcc_csr *csr, dcc_csr_facts *facts)
{
  const X509_ALGOR *algorithm;
  const ASN1_OBJECT *object;
  const EVP_PKEY *key;
  bool good;
  memset(facts, 0, sizeof *facts);
  ERR_set_mark();
  name_key(csr, facts);
  key = X509_REQ_get0_pubkey(csr);
  facts->bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
  X509_REQ_get0_signature(csr, NULL, &algorithm);
  X509_ALGOR_get0(&object, NULL, NULL, algorithm);
  if (OBJ_obj2nid(object) != NID_undef)
    snprintf(facts->signature, sizeof facts->signature, "%s",
             OBJ_nid2ln(OBJ_obj2nid(object)));
  else
    dcc_csr_name_of(object, facts->signature);
  good = hash_key(csr, facts);
  ERR_pop_to_mark();
  return good;
}

/* csr.c: from text to a judged request, in three steps: the PEM around it
 * (by hand: libcrypto's reader skips text, joins blocks and wants lines),
 * the PKCS#10 inside (libcrypto), and whether a public CA may sign it. */
#include "x509_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "../core/buffer.h"
#include "../core/formats.h"

#define WANTED "must be a PEM certificate request (PKCS#10)"
#define GOT WANTED ", got "
#define DASHES "-----"
#define BEGIN DASHES "BEGIN "
#define END DASHES "END "

enum {
  RSA_BITS_MIN = 2048,
  RSA_BITS_MAX = 16384  /* no more than libcrypto is willing to verify */
};

/* The parts of the text's first PEM block. */
typedef struct block {
  dcc_text label;
  dcc_text body;   /* between BEGIN and END line */
  dcc_text before; /* in front of the block */
  dcc_text behind; /* after it */
} block;

#define TEXT(literal) ((dcc_text)DCC_TEXT(literal))

/* ---- the PEM around it ---- */

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static dcc_text trim(dcc_text s)
{
  for (; s.n > 0 && is_space(s.at[0]); s.n--)
    s.at++;
  while (s.n > 0 && is_space(s.at[s.n - 1]))
    s.n--;
  return s;
}

/* What of s comes after the first n bytes; nothing where it is no longer. */
static dcc_text rest(dcc_text s, size_t n)
{
  if (n > s.n)
    n = s.n;
  return (dcc_text){s.at + n, s.n - n};
}

/* Where `what` first stands in s, to the end of s. */
static dcc_text find(dcc_text s, dcc_text what)
{
  for (; s.n >= what.n; s = rest(s, 1)) {
    const char *hit = memchr(s.at, what.at[0], s.n - what.n + 1);
    if (hit == NULL)
      break;
    s = rest(s, (size_t)(hit - s.at));
    if (memcmp(s.at, what.at, what.n) == 0)
      return s;
  }
  return (dcc_text){NULL, 0};
}

static bool has(dcc_text s, dcc_text what)
{
  return find(s, what).at != NULL;
}

static bool starts(dcc_text s, dcc_text with)
{
  return s.n >= with.n && memcmp(s.at, with.at, with.n) == 0;
}

/* The six bits of a letter of base64, or -1. */
static int base64_value(char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* What a block of another label is, for a message. */
static const char *kind_of(dcc_text label)
{
  static const struct {
    const char *label;
    const char *kind;
  } kinds[] = {
      {"CERTIFICATE", "a certificate"},
      {"X509 CERTIFICATE", "a certificate"},
      {"TRUSTED CERTIFICATE", "a certificate"},
      {"PUBLIC KEY", "a public key"},
      {"RSA PUBLIC KEY", "a public key"},
      {"EC PARAMETERS", "the parameters of a key"},
      {"DSA PARAMETERS", "the parameters of a key"},
      {"PKCS7", "a PKCS#7 bundle"},
      {"CMS", "a PKCS#7 bundle"},
      {"X509 CRL", "a revocation list"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (dcc_text_is(label, kinds[i].label))
      return kinds[i].kind;
  return "a PEM block of another kind";
}

static bool is_request(dcc_text label)
{
  return dcc_text_is(label, "CERTIFICATE REQUEST") ||
         dcc_text_is(label, "NEW CERTIFICATE REQUEST");
}

/* The label of the block that `text` begins with; empty where its BEGIN
 * line has no end. */
static dcc_text label_of(dcc_text text)
{
  dcc_text label = rest(text, TEXT(BEGIN).n);
  dcc_text end = find(label, TEXT(DASHES));
  label.n = end.at != NULL ? label.n - end.n : 0;
  return label;
}

/* False where the text holds more than one block, or one of another kind. */
static bool check_kinds(dcc_text text, dcc_csr_error *error)
{
  size_t requests = 0;
  const char *other = NULL;
  for (text = find(text, TEXT(BEGIN)); text.at != NULL;
       text = find(rest(text, TEXT(BEGIN).n), TEXT(BEGIN))) {
    dcc_text label = label_of(text);
    if (is_request(label))
      requests++;
    else if (other == NULL)
      other = kind_of(label);
  }
  if (other != NULL)
    return refuse(error, GOT "%s%s", other,
                  requests > 0 ? " beside it" : "");
  if (requests > 1)
    return refuse(error, GOT "%zu requests", requests);
  return true;
}

static bool check_size(dcc_text text, dcc_csr_error *error)
{
  if (text.n == 0)
    return refuse(error, GOT "an empty string");
  if (text.n > DCC_CSR_LIMIT)
    return refuse(error, WANTED " of at most %d bytes, got %zu",
                  DCC_CSR_LIMIT, text.n);
  return true;
}

/* False, with a word on what it is, where a trimmed text cannot be a request
 * or holds what must not be sent. */
static bool check_text(dcc_text text, dcc_csr_error *error)
{
  dcc_refusal why;
  if (text.n == 0)
    return refuse(error, GOT "white space");
  if (has(text, TEXT("PRIVATE KEY"))) /* even where its dashes are mangled */
    return refuse(error, GOT "a private key%s",
                  has(text, TEXT("CERTIFICATE REQUEST")) ? " beside it" : "");
  if (dcc_csr_has_slip(text.at, text.n, &why))
    return refuse(error, "must %s: %s", why.must, why.hint);
  if (text.n > 1 && text.at[0] == '\x30' && (text.at[1] & 0x80) != 0)
    return refuse(error, GOT "DER");
  if (memchr(text.at, '\0', text.n) != NULL)
    return refuse(error, GOT "a NUL byte in it");
  return check_kinds(text, error);
}

/* Finds the parts of the block in a text that check_text() let pass. */
static bool split(dcc_text text, block *b, dcc_csr_error *error)
{
  dcc_text begin = find(text, TEXT(BEGIN)), end;
  if (begin.at == NULL)
    return refuse(error, GOT "text without a BEGIN line");
  b->before = (dcc_text){text.at, text.n - begin.n};
  b->label = label_of(begin);
  b->body = rest(begin, TEXT(BEGIN).n + b->label.n + TEXT(DASHES).n);
  end = find(b->body, TEXT(END));
  if (end.at == NULL)
    return refuse(error, GOT "one without its END line");
  b->body.n -= end.n;
  end = rest(end, TEXT(END).n);
  if (!starts(end, b->label) ||
      !starts(rest(end, b->label.n), TEXT(DASHES)))
    return refuse(error, GOT "an END line that does not match its BEGIN line");
  b->behind = rest(end, b->label.n + TEXT(DASHES).n);
  return true;
}

/* Text around a block is legal in PEM, but the text is sent to the CA as it
 * is, and what else stands in it was hardly meant to be. */
static bool check_around(const block *b, dcc_csr_error *error)
{
  if (trim(b->before).n > 0)
    return refuse(error, WANTED " and nothing else, "
                                "got text before it");
  if (trim(b->behind).n > 0)
    return refuse(error, WANTED " and nothing else, "
                                "got text after it");
  return true;
}

/* Appends what `body` stands for to `der`. */
static bool decode(dcc_text body, dcc_buffer *der, dcc_csr_error *error)
{
  size_t letters = 0, pads = 0;
  unsigned bits = 0;
  if (dcc_buffer_reserve(der, body.n / 4 * 3 + 3) == NULL)
    return refuse(error, "out of memory");
  for (size_t i = 0; i < body.n; i++) {
    int value = base64_value(body.at[i]);
    if (is_space(body.at[i]))
      continue;
    if (body.at[i] == '=') {
      pads++;
      continue;
    }
    if (value < 0 || pads > 0)
      return refuse(error, GOT "a character that is not base64 at byte %zu "
                               "after its BEGIN line", i + 1);
    bits = bits << 6 | (unsigned)value;
    letters++;
    if (letters % 4 != 1) /* of four letters all but the first end a byte */
      dcc_buffer_addc(der, (char)(bits >> (6 - 2 * ((letters - 1) % 4))));
  }
  if ((letters + pads) % 4 != 0 || pads > 2)
    return refuse(error, GOT "base64 that is cut off: %zu characters, "
                             "not a multiple of 4",
                  letters + pads);
  return true;
}

/* ---- the PKCS#10 inside ---- */

static dcc_csr *parse(const dcc_buffer *der, dcc_csr_error *error)
{
  const unsigned char *at = (const unsigned char *)der->data;
  const unsigned char *end = at + der->length;
  X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der->length);
  if (csr == NULL) {
    refuse(error, GOT "one whose contents cannot be read");
  } else if (at != end) {
    refuse(error, GOT "%zu extra bytes inside it", (size_t)(end - at));
    X509_REQ_free(csr);
    csr = NULL;
  }
  return csr;
}

dcc_csr *dcc_csr_read(const char *pem, size_t length, dcc_csr_error *error)
{
  dcc_text text = {pem, length};
  dcc_buffer der = {0};
  dcc_csr *csr = NULL;
  block b = {0};
  if (!check_size(text, error))
    return NULL;
  text = trim(text);
  if (!check_text(text, error) || !split(text, &b, error) ||
      !check_around(&b, error))
    return NULL;
  ERR_set_mark();
  if (decode(b.body, &der, error))
    csr = parse(&der, error);
  ERR_pop_to_mark();
  dcc_buffer_free(&der);
  return csr;
}

void dcc_csr_free(dcc_csr *csr)
{
  X509_REQ_free(csr);
}

/* ---- whether a public CA may sign it ---- */

bool dcc_csr_check_version(dcc_csr *csr, dcc_csr_error *error)
{
  long version = X509_REQ_get_version(csr);
  return version == 0 ||
         refuse(error, "the version must be 0, got %ld", version);
}

/* The request's key; NULL, with a message, where it makes no sense (a point
 * that is not on its curve, say). Owned by the request. */
static EVP_PKEY *key_of(dcc_csr *csr, dcc_csr_error *error)
{
  EVP_PKEY *key = X509_REQ_get0_pubkey(csr);
  if (key == NULL)
    refuse(error, "the key of the request cannot be read");
  return key;
}

/* Its modulus and exponent. */
static bool check_numbers(const EVP_PKEY *key, dcc_csr_error *error)
{
  BIGNUM *n = NULL, *e = NULL;
  bool good =
      (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) &&
       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e)) ||
      refuse(error, "out of memory");
  good = good && dcc_rsa_is_sound(n, e, error);
  BN_free(n);
  BN_free(e);
  return good;
}

static bool check_rsa(dcc_csr *csr, dcc_csr_error *error)
{
  const EVP_PKEY *key = key_of(csr, error);
  int bits;
  if (key == NULL)
    return false;
  bits = EVP_PKEY_get_bits(key);
  if (bits < RSA_BITS_MIN)
    return refuse(error, "an RSA key must have at least %d bits, got %d",
                  RSA_BITS_MIN, bits);
  if (bits > RSA_BITS_MAX)
    return refuse(error, "an RSA key must have at most %d bits, got %d",
                  RSA_BITS_MAX, bits);
  if (bits % 8 != 0)
    return refuse(error, "an RSA key must have a multiple of 8 bits, got %d",
                  bits);
  return check_numbers(key, error);
}

/* libcrypto reads the point at infinity as a key, and finds that signatures
 * fit it which anybody can make. */
static bool check_point(dcc_csr *csr, dcc_csr_error *error)
{
  EVP_PKEY *key = key_of(csr, error);
  EVP_PKEY_CTX *check;
  bool good;
  if (key == NULL)
    return false;
  check = EVP_PKEY_CTX_new(key, NULL);
  good = check != NULL && EVP_PKEY_public_check_quick(check) > 0;
  EVP_PKEY_CTX_free(check);
  return good || refuse(error, "an EC key must be a point on its curve, "
                               "got the point at infinity");
}

/* The curve must be named: parameters written out may look like P-256 and
 * have a generator of somebody's choice. */
static bool check_ec(dcc_csr *csr, const X509_ALGOR *algorithm,
                     dcc_csr_error *error)
{
  static const char wanted[] = "an EC key must be on P-256, P-384 or P-521";
  const void *curve;
  char name[DCC_OBJECT_NAME_SIZE];
  int type;
  X509_ALGOR_get0(NULL, &type, &curve, algorithm);
  if (type != V_ASN1_OBJECT)
    return refuse(error, "%s by name, got a curve without one", wanted);
  switch (OBJ_obj2nid(curve)) {
  case NID_X9_62_prime256v1:
  case NID_secp384r1:
  case NID_secp521r1:
    return check_point(csr, error);
  default:
    return refuse(error, "%s, got %s", wanted, dcc_csr_name_of(curve, name));
  }
}

/* CA/Browser Forum Baseline Requirements 6.1.5 and 6.1.6 name the keys that
 * a public CA may sign, and browsers hold CAs to them: RSA and three curves.
 * Ed25519 is not among them, DSA no longer. RSA-PSS keys (the key's own
 * algorithm, not the signature's) are out because 7.1.3.1.1 wants RSA keys
 * marked rsaEncryption. So the list is of what is allowed. */
static bool check_key(dcc_csr *csr, dcc_csr_error *error)
{
  ASN1_OBJECT *type;
  X509_ALGOR *algorithm;
  char name[DCC_OBJECT_NAME_SIZE];
  X509_PUBKEY_get0_param(&type, NULL, NULL, &algorithm,
                         X509_REQ_get_X509_PUBKEY(csr));
  switch (OBJ_obj2nid(type)) {
  case NID_rsaEncryption:
    return check_rsa(csr, error);
  case NID_X9_62_id_ecPublicKey:
    return check_ec(csr, algorithm, error);
  default:
    return refuse(error, "the key must be RSA or EC, got a key of type %s",
                  dcc_csr_name_of(type, name));
  }
}

bool dcc_csr_check_key(dcc_csr *csr, dcc_csr_error *error)
{
  bool good;
  ERR_set_mark();
  good = check_key(csr, error);
  ERR_pop_to_mark();
  return good;
}

/* Whether libcrypto can verify signatures of this algorithm here: MD4, say,
 * is there only where the host loaded the legacy provider. */
static bool is_known(const ASN1_OBJECT *algorithm)
{
  int hash;
  EVP_MD *md;
  if (!OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), &hash, NULL))
    return false;
  if (hash == NID_undef) /* it stands in the parameters, as in RSA-PSS */
    return true;
  md = EVP_MD_fetch(NULL, OBJ_nid2sn(hash), NULL);
  EVP_MD_free(md);
  return md != NULL;
}

static bool check_signature(dcc_csr *csr, dcc_csr_error *error)
{
  const X509_ALGOR *algorithm;
  const ASN1_OBJECT *object;
  char name[DCC_OBJECT_NAME_SIZE];
  EVP_PKEY *key = key_of(csr, error);
  if (key == NULL)
    return false;
  if (X509_REQ_verify(csr, key) > 0)
    return true;
  X509_REQ_get0_signature(csr, NULL, &algorithm);
  X509_ALGOR_get0(&object, NULL, NULL, algorithm);
  if (!is_known(object))
    return refuse(error, "the signature must be of a kind that can be "
                         "verified here, got %s",
                  dcc_csr_name_of(object, name));
  return refuse(error, "the signature does not match the key");
}

bool dcc_csr_check_signature(dcc_csr *csr, dcc_csr_error *error)
{
  bool good;
  ERR_set_mark();
  good = check_signature(csr, error);
  ERR_pop_to_mark();
  return good;
}

bool dcc_csr_check(const char *pem, size_t length, dcc_csr_error *error)
{
  dcc_csr *csr = dcc_csr_read(pem, length, error);
  bool good = csr != NULL && dcc_csr_check_version(csr, error) &&
              dcc_csr_check_key(csr, error) &&
              dcc_csr_check_signature(csr, error);
  dcc_csr_free(csr);
  return good;
}

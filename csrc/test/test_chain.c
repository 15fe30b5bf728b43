/* test_chain.c: what Lua cannot see of dcc_x509.h: every order of every chain,
 * keys, memory that runs out, the host's error queue. */
#include "test_csr.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

#include "../x509/dcc_x509.h"

#define NOTHING_KNOWN (dcc_ordered){{NULL, 0}, {NULL, 0}}

enum { CAS = 5, CERTS = 9, DAY = 86400 };

static EVP_PKEY *keys[CAS]; /* of the leaf, the CA below A, A, B, and
                               another CA with the name of that below A */
static const char *const subjects[CAS] = {"www.example.com", "Issuing CA",
                                          "Root A", "Root B", "Issuing CA"};

/* ---- certificates to test with ---- */

static void extend(X509 *cert, X509V3_CTX *about, int nid, const char *value)
{
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, about, nid, value);
  if (extension == NULL || !X509_add_ext(cert, extension, -1))
    abort();
  X509_EXTENSION_free(extension);
}

static void name_it(X509_NAME *name, const char *text)
{
  if (!X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                  (const unsigned char *)text, -1, -1, 0))
    abort();
}

/* `subject`'s key, certified by `issuer`, for so many days from now. */
static X509 *certify(int subject, int issuer, long days, long serial)
{
  X509 *cert = X509_new();
  X509V3_CTX about;
  if (cert == NULL)
    abort();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
  X509_gmtime_adj(X509_getm_notBefore(cert), -100 * DAY);
  X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY);
  name_it(X509_get_subject_name(cert), subjects[subject]);
  name_it(X509_get_issuer_name(cert), subjects[issuer]);
  X509_set_pubkey(cert, keys[subject]);
  X509V3_set_ctx(&about, cert, cert, NULL, NULL, 0);
  extend(cert, &about, NID_basic_constraints,
         subject == 0 ? "CA:FALSE" : "critical,CA:TRUE");
  extend(cert, &about, NID_subject_key_identifier, "hash");
  if (subject == 0)
    extend(cert, &about, NID_subject_alt_name,
           "DNS:www.example.com,DNS:*.Example.org,IP:93.184.216.34,"
           "IP:2606:2800::1");
  if (!X509_sign(cert, keys[issuer], EVP_sha256()))
    abort();
  return cert;
}

/* The certificates by a letter: leaf, the CA below A, A's own, B's own, A by
 * B, B by A, an expired A by B, another leaf. */
static X509 *certs[CERTS];
static const char letters[] = "liabABXof";

static void make_certs(void)
{
  for (int i = 0; i < CAS; i++)
    if ((keys[i] = EVP_EC_gen("P-256")) == NULL)
      abort();
  certs[0] = certify(0, 1, 90, 0x0A01);
  certs[1] = certify(1, 2, 900, 2);
  certs[2] = certify(2, 2, 2000, 3);
  certs[3] = certify(3, 3, 3000, 4);
  certs[4] = certify(2, 3, 1000, 5);
  certs[5] = certify(3, 2, 1000, 6);
  certs[6] = certify(2, 3, -1, 7);
  certs[7] = certify(0, 4, 90, 8);
  certs[8] = certify(4, 2, 1500, 9);
}

static X509 *cert_of(char letter)
{
  return certs[strchr(letters, letter) - letters];
}

static char letter_of(const X509 *cert)
{
  for (int i = 0; i < CERTS; i++)
    if (X509_cmp(certs[i], cert) == 0)
      return letters[i];
  return '?';
}

static size_t write_pem(const char *which, char *to, size_t size)
{
  BIO *text = BIO_new(BIO_s_mem());
  char *at;
  size_t n;
  for (; *which != '\0'; which++)
    if (!PEM_write_bio_X509(text, cert_of(*which)))
      abort();
  n = (size_t)BIO_get_mem_data(text, &at);
  if (n >= size)
    abort();
  memcpy(to, at, n);
  to[n] = '\0';
  BIO_free(text);
  return n;
}

/* ---- every order ---- */

static int64_t now;

/* Writes what comes of it: the letters, '|' behind what is served, '.' behind
 * the root; or '!'. */
static void outcome(const char *which, char *to)
{
  char pem[20000];
  dcc_chain chain;
  dcc_csr_error error;
  size_t n = write_pem(which, pem, sizeof pem);
  bool good = dcc_chain_read(pem, n, &chain, &error) &&
              dcc_chain_order(&chain, now, NOTHING_KNOWN, &error);
  for (size_t i = 0; good && i < chain.count; i++) {
    *to++ = letter_of(chain.certs[i]);
    if (i + 1 == chain.served)
      *to++ = '|';
    if (i == chain.served && chain.rooted)
      *to++ = '.';
  }
  if (!good)
    *to++ = '!';
  *to = '\0';
  dcc_chain_free(&chain);
}

static void try_all(char *which, size_t from, const char *expected)
{
  char got[CERTS + 8];
  if (which[from] == '\0') {
    outcome(which, got);
    expect(strcmp(got, expected) == 0, got, which, 0);
    return;
  }
  for (size_t i = from; which[i] != '\0'; i++) {
    char c = which[from];
    which[from] = which[i];
    which[i] = c;
    try_all(which, from + 1, expected);
    which[i] = which[from];
    which[from] = c;
  }
}

static void test_orders(bool slow)
{
  static const struct {
    const char *which, *expected;
  } cases[] = {
      {"l", "l|"},           {"a", "a|"},
      {"li", "li|"},         {"lia", "li|a."},
      {"llia", "li|a."},     {"la", "l|a"},
      {"liA", "liA|"},       {"liAb", "liA|b."},
      {"liAa", "liA|a."},    {"liAab", "liA|b.a"},
      {"liAabB", "liA|b.aB"}, {"liaB", "li|a.B"},
      {"liXa", "li|a.X"},    {"liXb", "liX|b."},
      {"liXab", "li|a.bX"},  {"liAXab", "liA|b.aX"},
      {"lib", "li|b"},       {"lo", "!"},
      {"iaA", "iA|a."},      {"ab", "!"},
      {"lifa", "li|a.f"},    {"lf", "l|f"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char which[CERTS + 1];
    strcpy(which, cases[i].which);
    if (!slow || strlen(which) < 6)
      try_all(which, 0, cases[i].expected);
  }
}

/* ---- names and facts ---- */

static void test_names(void)
{
  static const struct {
    const char *name;
    bool there;
  } cases[] = {
      {"www.example.com", true},  {"WWW.Example.COM", true},
      {"*.example.org", true},    {"a.example.org", false},
      {"ww.example.com", false},  {"", false},
      {"93.184.216.34", true},    {"93.184.216.35", false},
      {"2606:2800:0:0::1", true}, {"2606:2800::2", false},
  };
  dcc_cert_facts facts;
  dcc_buffer text = {0};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    expect(dcc_cert_has_name(certs[0], cases[i].name,
                             strlen(cases[i].name)) == cases[i].there,
           "told wrongly", cases[i].name, 0);
  expect(dcc_cert_facts_of(certs[0], &facts) &&
             strcmp(facts.serial, "0A01") == 0 &&
             strlen(facts.thumbprint) == 40 &&
             facts.not_after - facts.not_before == 190 * DAY &&
             facts.not_after > now && facts.not_before < now,
         "facts are wrong", "facts", 0);
  expect(dcc_cert_add_names(certs[0], &text) &&
             dcc_cert_add_issuer(certs[0], &text) &&
             dcc_cert_add_subject(certs[0], &text), "no text", "text", 0);
  dcc_buffer_addc(&text, '\0');
  expect(strcmp(text.data, "cwww.example.com\ndwww.example.com\n"
                           "d*.Example.org\ni93.184.216.34\n"
                           "i2606:2800::1\nCN=Issuing CA"
                           "CN=www.example.com") == 0,
         "the text is wrong", text.data, 0);
  dcc_buffer_free(&text);
}

/* ---- texts that are no chain ---- */

static void test_texts(void)
{
  char pem[20000];
  dcc_chain chain;
  dcc_csr_error error;
  size_t n = write_pem("l", pem, sizeof pem);
  static const char *const bad[] = {
      "", "hello", "0", "-----BEGIN CERTIFICATE-----\n",
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
      "-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n", "\x30\x82\x01",
      "-----BEGIN X-----\nMIIB\n-----END X-----\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    error.message[0] = '\0';
    expect(!dcc_chain_read(bad[i], strlen(bad[i]), &chain, &error) &&
               error.message[0] != '\0' && chain.count == 0,
           "taken", bad[i], (long)i);
  }
  for (size_t cut = 1; cut < n - 1; cut += 7) {
    expect(!dcc_chain_read(pem, cut, &chain, &error), "cut and taken", "cut",
           (long)cut);
    dcc_chain_free(&chain);
  }
  expect(!dcc_chain_read(pem, DCC_CSR_LIMIT + 1, &chain, &error),
         "too long and taken", "long", 0);
}

static void test_der(void)
{
  unsigned char *der = NULL;
  dcc_chain chain;
  dcc_csr_error error;
  PKCS7 *bundle = PKCS7_new();
  int n = i2d_X509(certs[0], &der);
  expect(dcc_chain_read((char *)der, (size_t)n, &chain, &error) &&
             chain.count == 1, "DER was not read", "der", 0);
  dcc_chain_free(&chain);
  OPENSSL_free(der);
  der = NULL;
  PKCS7_set_type(bundle, NID_pkcs7_signed);
  PKCS7_content_new(bundle, NID_pkcs7_data);
  for (int i = 0; i < 3; i++)
    PKCS7_add_certificate(bundle, certs[i]);
  n = i2d_PKCS7(bundle, &der);
  expect(dcc_chain_read((char *)der, (size_t)n, &chain, &error) &&
             chain.count == 3, "PKCS#7 was not read", "p7b", 0);
  dcc_chain_free(&chain);
  OPENSSL_free(der);
  PKCS7_free(bundle);
}

/* ---- keys ---- */

static size_t write_key(EVP_PKEY *key, const char *passphrase, char *to,
                        size_t size)
{
  BIO *text = BIO_new(BIO_s_secmem());
  char *at;
  size_t n;
  if (!PEM_write_bio_PKCS8PrivateKey(text, key,
                                     passphrase != NULL ? EVP_aes_256_cbc()
                                                        : NULL,
                                     passphrase, passphrase != NULL ? 6 : 0,
                                     NULL, NULL))
    abort();
  n = (size_t)BIO_get_mem_data(text, &at);
  if (n >= size)
    abort();
  memcpy(to, at, n);
  BIO_free(text);
  return n;
}

static dcc_fit fit(EVP_PKEY *key, const char *passphrase, const char *given)
{
  char pem[2000];
  dcc_csr_error error = {""};
  dcc_text text = {pem, 0}, word = {given, given ? strlen(given) : 0};
  dcc_fit got;
  text.n = write_key(key, passphrase, pem, sizeof pem);
  fill_queue();
  got = dcc_cert_fits_key(certs[0], text, word, &error);
  expect(queue_is_left_alone(), "the queue was changed", "key", 0);
  expect((got == DCC_FITS) == (error.message[0] == '\0'),
         "outcome and message differ", "key", 0);
  dcc_wipe(pem, sizeof pem);
  return got;
}

static void test_keys(void)
{
  dcc_csr_error error;
  dcc_text none = {"none", 4}, no = {NULL, 0};
  expect(fit(keys[0], NULL, NULL) == DCC_FITS, "no fit", "plain", 0);
  expect(fit(keys[1], NULL, NULL) == DCC_OTHER_KEY, "a fit", "another", 0);
  expect(fit(keys[0], "secret", "secret") == DCC_FITS, "no fit", "right", 0);
  expect(fit(keys[0], "secret", "wrong!") == DCC_NO_KEY, "read", "wrong", 0);
  expect(fit(keys[0], "secret", NULL) == DCC_NO_KEY, "read", "without", 0);
  expect(dcc_cert_fits_key(certs[0], none, no, &error) == DCC_NO_KEY, "read",
         "none", 0);
}

/* ---- memory that runs out, the error queue ---- */

static bool whole(const char *pem, size_t n, long at)
{
  dcc_chain chain;
  dcc_csr_error error = {""};
  dcc_cert_facts facts;
  dcc_buffer text = {0};
  bool good;
  fill_queue();
  good = dcc_chain_read(pem, n, &chain, &error) &&
         dcc_chain_order(&chain, now, NOTHING_KNOWN, &error);
  expect(good == (error.message[0] == '\0'), "result and message differ",
         "memory", at);
  if (good)
    good = dcc_cert_facts_of(chain.certs[0], &facts) &&
           dcc_cert_add_pem(chain.certs[0], &text) &&
           dcc_cert_has_name(chain.certs[0], "www.example.com", 15);
  if (at == 0)
    expect(queue_is_left_alone(), "the queue was changed", "memory", at);
  dcc_buffer_free(&text);
  dcc_chain_free(&chain);
  return good;
}

static void test_memory(bool all_after, long step)
{
  char pem[20000];
  size_t length = write_pem("ail", pem, sizeof pem);
  long n = 0;
  expect(whole(pem, length, 0), "not good", "memory", 0);
  do {
    n += step;
    fail_at(n, all_after ? 1000000000 : n);
    (void)whole(pem, length, n);
  } while (allocations >= n);
  fail_at(0, 0);
  expect(n > 100, "nothing was allocated", "memory", n);
  expect(whole(pem, length, 0), "not as before", "memory", 0);
}

int main(void)
{
  bool slow = getenv("CERTCENTRAL_TEST_SLOW") != NULL;
  if (!take_over_libcrypto())
    return 1;
  now = (int64_t)time(NULL);
  make_certs();
  test_orders(slow);
  test_names();
  test_texts();
  test_der();
  test_keys();
  test_memory(true, slow ? 101 : 5);
  test_memory(false, slow ? 101 : 5);
  for (int i = 0; i < CERTS; i++)
    X509_free(certs[i]);
  for (int i = 0; i < CAS; i++)
    EVP_PKEY_free(keys[i]);
  return end_of_test();
}

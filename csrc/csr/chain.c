/* chain.c: the certificates of one answer, read and put in order */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "csr_internal.h"
#include "dcc_x509.h"

/* ---- reading ------------------------------------------------------------ */

static bool has_cert(const dcc_chain *chain, const X509 *cert)
{
  for (size_t i = 0; i < chain->count; i++)
    if (X509_cmp(chain->certs[i], cert) == 0)
      return true;
  return false;
}

/* Adds a certificate, which it owns even where it fails. */
static bool add_take(dcc_chain *chain, X509 *cert, dcc_csr_error *error)
{
  if (cert == NULL)
    return refuse(error, "a certificate cannot be read");
  if (has_cert(chain, cert)) {
    X509_free(cert);
    return true;
  }
  if (chain->count == DCC_CHAIN_MAX) {
    X509_free(cert);
    return refuse(error, "there are more than %d certificates",
                  DCC_CHAIN_MAX);
  }
  chain->certs[chain->count++] = cert;
  return true;
}

static bool add_bundle(dcc_chain *chain, const unsigned char *der, long n,
                       dcc_csr_error *error)
{
  PKCS7 *bundle = d2i_PKCS7(NULL, &der, n);
  bool good = true;
  if (bundle == NULL)
    return refuse(error, "a PKCS#7 bundle cannot be read");
  if (PKCS7_type_is_signed(bundle) && bundle->d.sign != NULL) {
    STACK_OF(X509) *certs = bundle->d.sign->cert;
    for (int i = 0; good && i < sk_X509_num(certs); i++) {
      X509 *cert = sk_X509_value(certs, i);
      good = X509_up_ref(cert) == 1 && add_take(chain, cert, error);
    }
  }
  PKCS7_free(bundle);
  return good;
}

/* Adds what a PEM block holds; one of another kind is passed over. */
static bool add_block(dcc_chain *chain, const char *label,
                      const unsigned char *der, long n, dcc_csr_error *error)
{
  if (strcmp(label, PEM_STRING_X509) == 0 ||
      strcmp(label, PEM_STRING_X509_OLD) == 0)
    return add_take(chain, d2i_X509(NULL, &der, n), error);
  if (strcmp(label, PEM_STRING_PKCS7) == 0 ||
      strcmp(label, PEM_STRING_CMS) == 0)
    return add_bundle(chain, der, n, error);
  return true;
}

static bool read_blocks(BIO *text, dcc_chain *chain, dcc_csr_error *error)
{
  char *label, *header;
  unsigned char *der;
  long n;
  bool good = true;
  while (good && PEM_read_bio(text, &label, &header, &der, &n)) {
    good = add_block(chain, label, der, n, error);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, (size_t)n); /* it may be a key */
  }
  if (good && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return refuse(error, "a PEM block is broken");
  return good;
}

static bool read_der(const char *bytes, size_t n, dcc_chain *chain,
                     dcc_csr_error *error)
{
  const unsigned char *der = (const unsigned char *)bytes, *at = der;
  X509 *cert = d2i_X509(NULL, &at, (long)n);
  if (cert != NULL)
    return add_take(chain, cert, error);
  return add_bundle(chain, der, (long)n, error);
}

static bool read_any(const char *bytes, size_t n, dcc_chain *chain,
                     dcc_csr_error *error)
{
  BIO *text;
  bool good;
  if (n > 1 && bytes[0] == '\x30' && (bytes[1] & 0x80) != 0)
    return read_der(bytes, n, chain, error);
  text = BIO_new_mem_buf(bytes, (int)n);
  if (text == NULL)
    return refuse(error, "memory ran out");
  good = read_blocks(text, chain, error);
  BIO_free(text);
  return good;
}

bool dcc_chain_read(const char *bytes, size_t n, dcc_chain *chain,
                    dcc_csr_error *error)
{
  bool good;
  memset(chain, 0, sizeof *chain);
  if (n > DCC_CSR_LIMIT)
    return refuse(error, "at most %d bytes were expected, got %zu",
                  DCC_CSR_LIMIT, n);
  ERR_set_mark();
  good = read_any(bytes, n, chain, error);
  ERR_pop_to_mark();
  if (good && chain->count == 0)
    good = refuse(error, "there is no certificate");
  if (!good)
    dcc_chain_free(chain);
  return good;
}

void dcc_chain_free(dcc_chain *chain)
{
  for (size_t i = 0; i < chain->count; i++)
    X509_free(chain->certs[i]);
  memset(chain, 0, sizeof *chain);
}

/* ---- ordering ----------------------------------------------------------- */

/* A way up from the leaf, as places in the chain. */
typedef struct way {
  size_t at[DCC_CHAIN_MAX];
  size_t length;
} way;

typedef struct search {
  dcc_chain *chain;
  bool certifies[DCC_CHAIN_MAX][DCC_CHAIN_MAX]; /* [issuer][subject] */
  bool is_root[DCC_CHAIN_MAX];                  /* signed by itself */
  bool expired[DCC_CHAIN_MAX];
  way now, best;
} search;

static bool certifies(X509 *issuer, X509 *subject)
{
  EVP_PKEY *key = X509_get0_pubkey(issuer);
  return key != NULL && X509_check_issued(issuer, subject) == X509_V_OK &&
         X509_verify(subject, key) > 0;
}

/* The same CA: its name and its key, whoever signed it. */
static bool is_same_ca(const X509 *a, const X509 *b)
{
  const EVP_PKEY *one = X509_get0_pubkey(a), *other = X509_get0_pubkey(b);
  return X509_NAME_cmp(X509_get_subject_name(a),
                       X509_get_subject_name(b)) == 0 &&
         one != NULL && other != NULL && EVP_PKEY_eq(one, other) == 1;
}

/* The one that is valid longer comes first. */
static bool comes_before(const X509 *a, const X509 *b)
{
  int order = ASN1_TIME_compare(X509_get0_notAfter(a),
                                X509_get0_notAfter(b));
  return order != 0 ? order > 0 : X509_cmp(a, b) < 0;
}

/* Makes what follows independent of the order that they came in. */
static void sort(dcc_chain *chain)
{
  for (size_t i = 1; i < chain->count; i++) {
    X509 *cert = chain->certs[i];
    size_t to = i;
    for (; to > 0 && comes_before(cert, chain->certs[to - 1]); to--)
      chain->certs[to] = chain->certs[to - 1];
    chain->certs[to] = cert;
  }
}

static void look_at(search *s, dcc_chain *chain, int64_t now)
{
  time_t time = (time_t)now;
  s->chain = chain;
  for (size_t i = 0; i < chain->count; i++) {
    for (size_t j = 0; j < chain->count; j++)
      s->certifies[i][j] = certifies(chain->certs[i], chain->certs[j]);
    s->is_root[i] = s->certifies[i][i];
    s->expired[i] =
        X509_cmp_time(X509_get0_notAfter(chain->certs[i]), &time) < 0;
  }
}

static bool certifies_another(const search *s, size_t i)
{
  for (size_t j = 0; j < s->chain->count; j++)
    if (j != i && s->certifies[i][j])
      return true;
  return false;
}

/* The one that is no CA; where all say they are, the one below them. */
static bool find_leaf(const search *s, size_t *leaf, dcc_csr_error *error)
{
  size_t found = 0, bottom = 0, count = s->chain->count;
  size_t last = 0;
  for (size_t i = 0; i < count; i++)
    if (X509_check_ca(s->chain->certs[i]) == 0) {
      *leaf = i;
      found++;
    }
  if (found == 1)
    return true;
  if (found > 1)
    return refuse(error, "%zu of the certificates are no CA's", found);
  for (size_t i = 0; i < count; i++)
    if (count == 1 || (!s->is_root[i] && !certifies_another(s, i))) {
      last = i;
      bottom++;
    }
  *leaf = last;
  return bottom == 1 || refuse(error, "none of the certificates is a "
                                      "server's");
}

/* ---- the best way up ---- */

static size_t expired_on(const search *s, const way *w)
{
  size_t n = 0;
  for (size_t i = 0; i < w->length; i++)
    n += s->expired[w->at[i]];
  return n;
}

static bool ends_in_root(const search *s, const way *w)
{
  return w->length > 1 && s->is_root[w->at[w->length - 1]];
}

static size_t served(const search *s, const way *w)
{
  return w->length - ends_in_root(s, w);
}

static bool is_better(const search *s, const way *w, const way *than)
{
  size_t a = expired_on(s, w), b = expired_on(s, than);
  if (than->length == 0 || a != b)
    return than->length == 0 || a < b;
  a = served(s, w);
  b = served(s, than);
  return a != b ? a > b : ends_in_root(s, w) && !ends_in_root(s, than);
}

/* Whether the way may go on to a certificate: not where a CA that it has
 * passed certifies that one, so that it would lead around. */
static bool may_go(const search *s, size_t to)
{
  const way *w = &s->now;
  if (!s->certifies[to][w->at[w->length - 1]])
    return false;
  for (size_t i = 0; i < w->length; i++)
    if (w->at[i] == to || s->certifies[w->at[i]][to])
      return false;
  return true;
}

/* Tries all ways on from where s->now has come to. There are few: each step
 * is a CA that was not passed before. */
static void go_up(search *s)
{
  bool top = s->is_root[s->now.at[s->now.length - 1]] && s->now.length > 1;
  bool went = false;
  for (size_t i = 0; !top && i < s->chain->count; i++) {
    if (!may_go(s, i))
      continue;
    went = true;
    s->now.at[s->now.length++] = i;
    go_up(s);
    s->now.length--;
  }
  if (!went && is_better(s, &s->now, &s->best))
    s->best = s->now;
}

/* A way that ends below a cross-sign's root has a root all the same where
 * one of its CAs is one by another certificate. */
static void add_root(search *s)
{
  way *w = &s->best;
  for (size_t i = w->length; i-- > 1;)
    for (size_t j = 0; j < s->chain->count; j++)
      if (s->is_root[j] && w->at[i] != j &&
          is_same_ca(s->chain->certs[w->at[i]], s->chain->certs[j])) {
        w->at[w->length++] = j;
        return;
      }
}

/* Moves the best way to the front. */
static void arrange(const search *s)
{
  dcc_chain old = *s->chain;
  size_t n = 0;
  for (; n < s->best.length; n++) {
    s->chain->certs[n] = old.certs[s->best.at[n]];
    old.certs[s->best.at[n]] = NULL;
  }
  for (size_t i = 0; i < old.count; i++)
    if (old.certs[i] != NULL)
      s->chain->certs[n++] = old.certs[i];
}

bool dcc_chain_order(dcc_chain *chain, int64_t now, dcc_csr_error *error)
{
  search s = {0};
  bool good;
  ERR_set_mark();
  sort(chain);
  look_at(&s, chain, now);
  good = find_leaf(&s, &s.now.at[0], error);
  if (good) {
    s.now.length = 1;
    go_up(&s);
    if (!ends_in_root(&s, &s.best))
      add_root(&s);
    chain->rooted = ends_in_root(&s, &s.best);
    chain->served = served(&s, &s.best);
    arrange(&s);
  }
  ERR_pop_to_mark();
  return good;
}

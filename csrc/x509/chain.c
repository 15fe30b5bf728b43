/* chain.c: the certificates of one answer, read and put in order */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "x509_internal.h"
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

static bool begins(const char *at, const char *end, const char *with)
{
  size_t n = strlen(with);
  return (size_t)(end - at) >= n && memcmp(at, with, n) == 0;
}

static void begin_line(dcc_buffer *to)
{
  if (to->length > 0 && to->data[to->length - 1] != '\n')
    dcc_buffer_addc(to, '\n');
}

/* Appends PEM with each BEGIN and END in a line of its own, as libcrypto wants
 * it: some put one block after another without a line end. */
static void add_lines(dcc_buffer *to, const char *bytes, size_t n)
{
  const char *end = bytes + n;
  bool label = false; /* a BEGIN or END is open */
  for (const char *at = bytes; at < end && !to->failed;) {
    if (begins(at, end, "-----BEGIN ") || begins(at, end, "-----END ")) {
      begin_line(to);
      label = true;
    } else if (label && begins(at, end, "-----")) {
      label = false;
      dcc_buffer_add(to, at, 5);
      at += 5;
      if (at < end && *at != '\r' && *at != '\n')
        begin_line(to);
      continue;
    }
    do /* to the next thing that may be one */
      dcc_buffer_addc(to, *at++);
    while (at < end && (*at != '-' || at[-1] == '-'));
  }
}

static bool read_any(const char *bytes, size_t n, dcc_chain *chain,
                     dcc_csr_error *error)
{
  BIO *text = NULL;
  dcc_buffer lines = {0};
  bool good;
  if (n > 1 && bytes[0] == '\x30' && (bytes[1] & 0x80) != 0)
    return read_der(bytes, n, chain, error);
  add_lines(&lines, bytes, n);
  if (!lines.failed)
    text = BIO_new_mem_buf(n > 0 ? lines.data : "", (int)lines.length);
  good = text != NULL ? read_blocks(text, chain, error)
                      : refuse(error, "out of memory");
  BIO_free(text);
  dcc_buffer_free(&lines);
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

/* More ways than this are not looked at, so that nobody can send a bundle
 * that keeps the host busy. */
enum { WAYS_MAX = 1000 };

/* A way up from the leaf, as places in the chain. */
typedef struct way {
  size_t at[DCC_CHAIN_MAX];
  size_t length;
  unsigned sound; /* soundness() of a way to its end */
} way;

typedef struct search {
  dcc_chain *chain;
  bool certifies[DCC_CHAIN_MAX][DCC_CHAIN_MAX]; /* [issuer][subject] */
  bool is_root[DCC_CHAIN_MAX];                  /* signed by itself */
  bool dated[DCC_CHAIN_MAX];                    /* valid at `time` */
  X509_STORE *roots;                            /* all that are here */
  time_t time;
  size_t tried;
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
  s->time = (time_t)now;
  s->chain = chain;
  for (size_t i = 0; i < chain->count; i++) {
    for (size_t j = 0; j < chain->count; j++)
      s->certifies[i][j] = certifies(chain->certs[i], chain->certs[j]);
    s->is_root[i] = s->certifies[i][i];
    s->dated[i] =
        X509_cmp_time(X509_get0_notBefore(chain->certs[i]), &s->time) < 0 &&
        X509_cmp_time(X509_get0_notAfter(chain->certs[i]), &s->time) > 0;
  }
}

static bool certifies_another(const search *s, size_t i)
{
  for (size_t j = 0; j < s->chain->count; j++)
    if (j != i && s->certifies[i][j])
      return true;
  return false;
}

/* Whether a certificate carries all of these names, a line each. */
static bool has_names(X509 *cert, dcc_text names)
{
  const char *end = names.at + names.n;
  for (const char *at = names.at; at < end;) {
    const char *next = memchr(at, '\n', (size_t)(end - at));
    if (next == NULL)
      next = end;
    if (next > at && !dcc_cert_has_name(cert, at, (size_t)(next - at)))
      return false;
    at = next < end ? next + 1 : end;
  }
  return true;
}

static bool fits_names(X509 *cert, const dcc_ordered *ordered)
{
  return has_names(cert, ordered->names);
}

static bool fits_request(X509 *cert, const dcc_ordered *ordered)
{
  return dcc_cert_fits_csr(cert, ordered->csr.at, ordered->csr.n) == DCC_FITS;
}

/* Keeps those of the places whose certificates fit; all where none does. */
static void narrow(const search *s, way *places, const dcc_ordered *ordered,
                   bool (*fits)(X509 *, const dcc_ordered *))
{
  size_t kept = 0;
  size_t at[DCC_CHAIN_MAX];
  for (size_t i = 0; i < places->length; i++)
    if (fits(s->chain->certs[places->at[i]], ordered))
      at[kept++] = places->at[i];
  if (kept == 0)
    return;
  memcpy(places->at, at, kept * sizeof *at);
  places->length = kept;
}

/* The one that is no CA and certifies none of the others, of several that
 * which was ordered; where all say they are CAs, the one below them. */
static bool find_leaf(const search *s, const dcc_ordered *ordered,
                      size_t *leaf, dcc_csr_error *error)
{
  way found = {.length = 0};
  size_t count = s->chain->count;
  for (size_t i = 0; i < count; i++)
    if (X509_check_ca(s->chain->certs[i]) == 0 && !certifies_another(s, i))
      found.at[found.length++] = i;
  if (found.length > 1 && ordered->csr.at != NULL)
    narrow(s, &found, ordered, fits_request);
  if (found.length > 1 && ordered->names.at != NULL)
    narrow(s, &found, ordered, fits_names);
  if (found.length > 1)
    return refuse(error, "%zu of the certificates are not CA certificates, "
                         "and the order does not say which one is its own",
                  found.length);
  if (found.length == 0)
    for (size_t i = 0; i < count; i++)
      if (count == 1 || (!s->is_root[i] && !certifies_another(s, i)))
        found.at[found.length++] = i;
  *leaf = found.at[0];
  return found.length == 1 || refuse(error, "there is no server certificate "
                                            "among them");
}

/* ---- the best way up ---- */

/* Whether libcrypto finds a way from the leaf up with the certificates of
 * this one, to a root of the store; or, where that is NULL, to the top of this
 * one. This is where path lengths, name constraints and all else of RFC 5280
 * 6.1 are judged. */
static bool verifies(const search *s, const way *w, X509_STORE *roots,
                     bool at_any_time)
{
  X509_STORE *store = roots != NULL ? roots : X509_STORE_new();
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  STACK_OF(X509) *others = sk_X509_new_null();
  X509 *const *certs = s->chain->certs;
  bool good = store != NULL && context != NULL && others != NULL;
  for (size_t i = 1; good && i < w->length; i++)
    good = sk_X509_push(others, certs[w->at[i]]) > 0;
  if (good && roots == NULL)
    good = X509_STORE_add_cert(store, certs[w->at[w->length - 1]]) == 1;
  good = good &&
         X509_STORE_CTX_init(context, store, certs[w->at[0]], others) == 1;
  if (good) {
    X509_STORE_CTX_set_flags(context, roots == NULL
                                        ? X509_V_FLAG_PARTIAL_CHAIN : 0);
    if (at_any_time)
      X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
    else
      X509_STORE_CTX_set_time(context, 0, s->time);
    good = X509_verify_cert(context) == 1;
  }
  X509_STORE_CTX_free(context);
  sk_X509_free(others);
  if (roots == NULL)
    X509_STORE_free(store);
  return good;
}

/* What a way is worth before all else: that those who trust a root of these
 * accept it, that it is good in itself, that only dates make it bad. */
static unsigned soundness(const search *s, const way *w)
{
  if (verifies(s, w, NULL, false))
    return 4u + 4u * verifies(s, w, s->roots, false);
  return 2u * verifies(s, w, s->roots, false) + verifies(s, w, NULL, true);
}

/* How many of its certificates have expired or are not valid yet. */
static size_t out_of_date(const search *s, const way *w)
{
  size_t n = 0;
  for (size_t i = 0; i < w->length; i++)
    n += !s->dated[w->at[i]];
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
  size_t a = w->sound, b = than->sound;
  if (than->length == 0 || a != b)
    return than->length == 0 || a > b;
  a = out_of_date(s, w);
  b = out_of_date(s, than);
  if (a != b)
    return a < b;
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

/* Tries all ways on from where s->now has come to. Each step is a CA that was
 * not passed before. */
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
  if (went || s->tried == WAYS_MAX)
    return;
  s->tried++;
  s->now.sound = soundness(s, &s->now);
  if (is_better(s, &s->now, &s->best))
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

/* All roots of the chain as they are trusted. */
static bool gather_roots(search *s, dcc_csr_error *error)
{
  bool good;
  s->roots = X509_STORE_new();
  good = s->roots != NULL;
  for (size_t i = 0; good && i < s->chain->count; i++)
    if (s->is_root[i])
      good = X509_STORE_add_cert(s->roots, s->chain->certs[i]) == 1;
  return good || refuse(error, "out of memory");
}

bool dcc_chain_order(dcc_chain *chain, int64_t now, dcc_ordered ordered,
                     dcc_csr_error *error)
{
  search s = {0};
  bool good;
  ERR_set_mark();
  sort(chain);
  look_at(&s, chain, now);
  good = find_leaf(&s, &ordered, &s.now.at[0], error) &&
         gather_roots(&s, error);
  if (good) {
    s.now.length = 1;
    go_up(&s);
    if (!ends_in_root(&s, &s.best))
      add_root(&s);
    chain->rooted = ends_in_root(&s, &s.best);
    chain->served = served(&s, &s.best);
    arrange(&s);
  }
  X509_STORE_free(s.roots);
  ERR_pop_to_mark();
  return good;
}

/* weak.c: RSA keys that no CA may sign although they are long enough. The
 * CA/Browser Forum's Baseline Requirements name them: 6.1.6 the exponents,
 * 6.1.1.3 the keys whose factors anybody can find. */
#include "x509_internal.h"

enum {
  EXPONENT_MIN = 3,
  EXPONENT_BITS_MIN = 17, /* 6.1.6: it should be odd, from 2^16 + 1 ... */
  EXPONENT_BITS_MAX = 256, /* ... to 2^256 - 1 */
  ROUNDS = 100 /* of Fermat's method, 6.1.1.3 (5) c */
};

/* ---- ROCA --------------------------------------------------------------- */

/* The library behind ROCA (CVE-2017-15361) made primes k * M + 65537^a mod M,
 * M a product of the first primes, so that its moduli are powers of 65537
 * modulo each of them. Listed are those up to 167 for which that is not true
 * of every number: one in 2^28 of other moduli passes for such a one, too.
 * They are what the test of those who found it looks at. */
static const unsigned roca_primes[] = {11,  13,  17,  19,  37,  53,
                                       61,  71,  73,  79,  97,  103,
                                       107, 109, 127, 151, 157};

/* Whether r is a power of 65537 modulo a prime. */
static bool is_power(BN_ULONG r, unsigned prime)
{
  unsigned power = 1;
  do {
    if (r == power)
      return true;
    power = power * (65537 % prime) % prime;
  } while (power != 1);
  return false;
}

static bool has_roca(const BIGNUM *n)
{
  for (size_t i = 0; i < sizeof roca_primes / sizeof *roca_primes; i++)
    if (!is_power(BN_mod_word(n, roca_primes[i]), roca_primes[i]))
      return false;
  return true;
}

/* ---- primes that are close to each other -------------------------------- */

/* The largest x with x * x <= n, by Newton's method from above. Returns false
 * when out of memory. */
static bool square_root(BIGNUM *x, const BIGNUM *n, BN_CTX *memory)
{
  BIGNUM *next;
  bool good;
  BN_zero(x);
  if (BN_is_zero(n))
    return true;
  BN_CTX_start(memory);
  next = BN_CTX_get(memory);
  good = next != NULL && BN_set_bit(next, (BN_num_bits(n) + 1) / 2);
  while (good && (BN_is_zero(x) || BN_cmp(next, x) < 0))
    good = BN_copy(x, next) && BN_div(next, NULL, n, x, memory) &&
           BN_add(next, next, x) && BN_rshift1(next, next);
  BN_CTX_end(memory);
  return good;
}

/* The smallest x with x * x >= n. */
static bool square_root_up(BIGNUM *x, const BIGNUM *n, BN_CTX *memory)
{
  BIGNUM *square;
  bool good;
  BN_CTX_start(memory);
  square = BN_CTX_get(memory);
  good = square != NULL && square_root(x, n, memory) &&
         BN_sqr(square, x, memory) &&
         (BN_cmp(square, n) == 0 || BN_add_word(x, 1));
  BN_CTX_end(memory);
  return good;
}

/* Numbers that are squares modulo each of these are few: most differences
 * are known for none without a root. The product of each row fits 32 bits,
 * so that a square of what is left of it fits 64. */
enum { ROWS = 2, MODULI = 6 };
static const unsigned moduli[ROWS][MODULI] = {{64, 63, 5, 11, 13, 17},
                                              {19, 23, 29, 31, 37, 41}};

typedef struct sieve {
  uint64_t product[ROWS];
  uint64_t n[ROWS], a[ROWS];         /* what is left of them */
  uint64_t squares[ROWS][MODULI];    /* bit r: r is a square */
} sieve;

static void prepare(sieve *s, const BIGNUM *n, const BIGNUM *a)
{
  for (int row = 0; row < ROWS; row++) {
    s->product[row] = 1;
    for (int i = 0; i < MODULI; i++) {
      unsigned m = moduli[row][i];
      s->product[row] *= m;
      s->squares[row][i] = 0;
      for (unsigned r = 0; r < m; r++)
        s->squares[row][i] |= (uint64_t)1 << r * r % m;
    }
    s->n[row] = BN_mod_word(n, (BN_ULONG)s->product[row]);
    s->a[row] = BN_mod_word(a, (BN_ULONG)s->product[row]);
  }
}

/* Whether (a + i)^2 - n may be a square. */
static bool may_be_square(const sieve *s, unsigned i)
{
  for (int row = 0; row < ROWS; row++) {
    uint64_t m = s->product[row], a = (s->a[row] + i) % m;
    uint64_t left = (a * a % m + m - s->n[row]) % m;
    for (int j = 0; j < MODULI; j++)
      if (!(s->squares[row][j] >> left % moduli[row][j] & 1))
        return false;
  }
  return true;
}

/* Whether (a + i)^2 - n is one. Returns false in *good, too, when memory ran
 * out. */
static bool is_square(const BIGNUM *a, unsigned i, const BIGNUM *n,
                      BN_CTX *memory, bool *good)
{
  BIGNUM *difference, *root;
  bool is = false;
  BN_CTX_start(memory);
  difference = BN_CTX_get(memory);
  root = BN_CTX_get(memory);
  *good = root != NULL && BN_copy(difference, a) &&
          BN_add_word(difference, i) &&
          BN_sqr(difference, difference, memory) &&
          BN_sub(difference, difference, n) &&
          square_root(root, difference, memory) &&
          BN_sqr(root, root, memory);
  if (*good)
    is = BN_cmp(root, difference) == 0;
  BN_CTX_end(memory);
  return is;
}

/* Fermat: n = p * q = a^2 - b^2 with a the middle of the primes, which is
 * found soon where they are close, for then it is hardly larger than the root
 * of n. */
static bool has_close_primes(const BIGNUM *n, BIGNUM *a, BN_CTX *memory,
                             bool *good)
{
  sieve s;
  *good = square_root_up(a, n, memory);
  if (!*good)
    return false;
  prepare(&s, n, a);
  for (unsigned i = 0; i < ROUNDS && *good; i++)
    if (may_be_square(&s, i) && is_square(a, i, n, memory, good))
      return true;
  return false;
}

static bool factors_are_hidden(const BIGNUM *n, dcc_csr_error *error)
{
  BN_CTX *memory = BN_CTX_new();
  BIGNUM *a = NULL;
  bool good = false, close = false;
  if (memory != NULL) {
    BN_CTX_start(memory);
    a = BN_CTX_get(memory);
    if (a != NULL)
      close = has_close_primes(n, a, memory, &good);
    BN_CTX_end(memory);
  }
  BN_CTX_free(memory);
  if (!good)
    return refuse(error, "out of memory");
  return !close ||
         refuse(error, "an RSA key must not have primes close to each other: "
                       "Fermat's method finds them within %d rounds", ROUNDS);
}

/* ---- factors ------------------------------------------------------------ */

enum {
  FACTOR_LIMIT = 752,     /* 6.1.6: no factor below it */
  FACTOR_BITS = 9,        /* what is left is larger than 2 to this */
  POWER_BITS = 64         /* one in 2 to this passes for a power */
};
#define WORD_LIMIT UINT64_C(0xFFFFFFFF)

static bool is_prime(unsigned n)
{
  for (unsigned i = 2; i * i <= n; i++)
    if (n % i == 0)
      return false;
  return n > 1;
}

/* The smallest factor below the limit of what is left of an odd number modulo
 * some primes from `from` to in front of `to`; 0: there is none. */
static unsigned factor_of(BN_ULONG left, unsigned from, unsigned to)
{
  for (unsigned prime = from; prime < to; prime += 2)
    if (is_prime(prime) && left % prime == 0)
      return prime;
  return 0;
}

/* The smallest prime below the limit that divides an odd number, or 0. As
 * many primes as fit 32 bits take one division. */
static unsigned small_factor(const BIGNUM *n)
{
  uint64_t product = 1;
  unsigned from = 3, found = 0;
  for (unsigned prime = 3; found == 0; prime += 2) {
    bool end = prime >= FACTOR_LIMIT;
    if (!end && !is_prime(prime))
      continue;
    if (end || product * prime > WORD_LIMIT) {
      found = factor_of(BN_mod_word(n, (BN_ULONG)product), from, prime);
      product = 1;
      from = prime;
    }
    product *= prime;
    if (end)
      break;
  }
  return found;
}

static uint64_t power_modulo(uint64_t base, unsigned exponent, unsigned m)
{
  uint64_t result = 1;
  for (base %= m; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1)
      result = result * base % m;
    base = base * base % m;
  }
  return result;
}

/* Whether n is an r-th power, r a prime: modulo a prime q = k * r + 1 only one
 * number in r is one, namely where its k-th power is 1. */
static bool is_rth_power(const BIGNUM *n, unsigned r)
{
  unsigned bits = 0;
  for (unsigned q = 2 * r + 1; bits < POWER_BITS; q += 2 * r) {
    if (!is_prime(q))
      continue;
    if (power_modulo(BN_mod_word(n, q), (q - 1) / r, q) > 1)
      return false;
    for (unsigned passed = r; passed > 1; passed /= 2)
      bits++;
  }
  return true;
}

/* Whether n, which has no small factor, is a power. Squares, and so all even
 * powers, Fermat's method finds at once. */
static bool is_odd_power(const BIGNUM *n)
{
  unsigned most = (unsigned)BN_num_bits(n) / FACTOR_BITS;
  for (unsigned r = 3; r <= most; r += 2)
    if (is_prime(r) && is_rth_power(n, r))
      return true;
  return false;
}

static bool check_factors(const BIGNUM *n, dcc_csr_error *error)
{
  unsigned factor = small_factor(n);
  if (factor != 0)
    return refuse(error, "an RSA key must have a modulus without a factor "
                         "below %d, got one divisible by %u", FACTOR_LIMIT,
                  factor);
  return !is_odd_power(n) ||
         refuse(error, "an RSA key must have a modulus of two primes, got a "
                       "power of a number");
}

/* ---- all of it ---------------------------------------------------------- */

static bool check_exponent(const BIGNUM *e, dcc_csr_error *error)
{
  static const char wanted[] = "an RSA key must have an odd exponent of at "
                               "least";
  if (BN_is_one(e))
    return refuse(error, "%s %d, got 1", wanted, EXPONENT_MIN);
  if (!BN_is_odd(e) || BN_is_negative(e))
    return refuse(error, "%s %d, got %s one", wanted, EXPONENT_MIN,
                  BN_is_negative(e) ? "a negative" : "an even");
  return true;
}

bool dcc_rsa_is_sound(const BIGNUM *n, const BIGNUM *e, dcc_csr_error *error)
{
  if (!check_exponent(e, error))
    return false;
  if (BN_is_negative(n) || !BN_is_odd(n))
    return refuse(error, "an RSA key must have an odd modulus, got %s one",
                  BN_is_negative(n) ? "a negative" : "an even");
  if (has_roca(n))
    return refuse(error, "an RSA key must not be of the kind whose factors "
                         "can be computed (ROCA, CVE-2017-15361)");
  return check_factors(n, error) && factors_are_hidden(n, error);
}

bool dcc_rsa_exponent_is_usual(const BIGNUM *e)
{
  return BN_num_bits(e) >= EXPONENT_BITS_MIN &&
         BN_num_bits(e) <= EXPONENT_BITS_MAX;
}

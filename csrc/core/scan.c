#include "scan.h"

#include <stdint.h>
#include <string.h>

static unsigned kind_of(unsigned char c)
{
  if (c >= 0x80)
    return DCC_HIGH;
  if (c == '\n' || c == '\r')
    return DCC_BREAK;
  if (c < 0x20 || c == 0x7F)
    return DCC_CONTROL;
  return c == '"' || c == '\\' ? DCC_QUOTE : 0;
}

unsigned dcc_scan_portable(const char *s, size_t n)
{
  unsigned kinds = 0;
  for (size_t i = 0; i < n; i++)
    kinds |= kind_of((unsigned char)s[i]);
  return kinds;
}

static bool needs_escape(unsigned char c)
{
  return c < 0x20 || c == '"' || c == '\\';
}

size_t dcc_copy_plain_portable(char *to, const char *s, size_t n)
{
  size_t i = 0;
  for (; i < n && !needs_escape((unsigned char)s[i]); i++)
    to[i] = s[i];
  return i;
}

dcc_name_bits dcc_scan_name_portable(const char *s, size_t n)
{
  dcc_name_bits bits = {0, 0, 0};
  for (size_t i = 0; i < n; i++) {
    char c = s[i];
    uint64_t bit = (uint64_t)1 << i;
    if (c == '.')
      bits.dots |= bit;
    else if (c == '-')
      bits.hyphens |= bit;
    else if ((c >= '0' && c <= '9') ||
             ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
      bits.others |= bit;
  }
  return bits;
}

#if defined(__SSE2__) && defined(__GNUC__)
#include <emmintrin.h>

static __m128i load(const char *s)
{
  return _mm_loadu_si128((const __m128i *)(const void *)s);
}

static __m128i is(__m128i v, char c)
{
  return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* Bytes below 0x20: their maximum with 0x1F is 0x1F. */
static __m128i is_low(__m128i v)
{
  return _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(0x1F)),
                        _mm_set1_epi8(0x1F));
}

static uint64_t bits_of(__m128i v)
{
  return (uint64_t)(unsigned)_mm_movemask_epi8(v);
}

/* Bytes from `low` to `high`, both below 0x80. */
static __m128i is_from(__m128i v, char low, char high)
{
  return _mm_andnot_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(low)),
                          _mm_cmplt_epi8(v, _mm_set1_epi8((char)(high + 1))));
}

static inline void name_bits(dcc_name_bits *bits, __m128i v, size_t at)
{
  __m128i letters = is_from(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
  bits->dots |= bits_of(is(v, '.')) << at;
  bits->hyphens |= bits_of(is(v, '-')) << at;
  bits->others |= bits_of(_mm_or_si128(letters, is_from(v, '0', '9'))) << at;
}

dcc_name_bits dcc_scan_name(const char *s, size_t n)
{
  dcc_name_bits bits = {0, 0, 0};
  if (n < 16) {
    char few[16] = {0};
    memcpy(few, s, n);
    name_bits(&bits, load(few), 0);
    return bits;
  }
  for (size_t i = 0; i + 16 <= n; i += 16)
    name_bits(&bits, load(s + i), i);
  name_bits(&bits, load(s + n - 16), n - 16); /* the rest, and some again */
  return bits;
}

static inline uint64_t load8(const char *s)
{
  uint64_t v;
  memcpy(&v, s, 8);
  return v;
}

static inline uint64_t load4(const char *s)
{
  uint32_t v;
  memcpy(&v, s, 4);
  return v;
}

/* 1 to 15 bytes, some of them more than once. */
static inline __m128i load_few(const char *s, size_t n)
{
  uint64_t low, high;
  if (n >= 8) {
    low = load8(s);
    high = load8(s + n - 8);
  } else if (n >= 4) {
    low = high = load4(s) | load4(s + n - 4) << 32;
  } else {
    const char few[8] = {s[0], s[n / 2], s[n - 1], ' ', ' ', ' ', ' ', ' '};
    low = high = load8(few);
  }
  return _mm_set_epi64x((long long)high, (long long)low);
}

/* What was seen so far, a bit per place. */
typedef struct seen {
  __m128i high, breaks, low, quotes;
} seen;

static inline void see(seen *all, __m128i v)
{
  __m128i breaks = _mm_or_si128(is(v, '\n'), is(v, '\r'));
  __m128i low = _mm_or_si128(is_low(v), is(v, 0x7F));
  __m128i quotes = _mm_or_si128(is(v, '"'), is(v, '\\'));
  all->high = _mm_or_si128(all->high, v);
  all->breaks = _mm_or_si128(all->breaks, breaks);
  all->low = _mm_or_si128(all->low, _mm_andnot_si128(breaks, low));
  all->quotes = _mm_or_si128(all->quotes, quotes);
}

static unsigned kinds_of(const seen *all)
{
  unsigned kinds = 0;
  kinds |= _mm_movemask_epi8(all->high) ? DCC_HIGH : 0u;
  kinds |= _mm_movemask_epi8(all->breaks) ? DCC_BREAK : 0u;
  kinds |= _mm_movemask_epi8(all->low) ? DCC_CONTROL : 0u;
  kinds |= _mm_movemask_epi8(all->quotes) ? DCC_QUOTE : 0u;
  return kinds;
}

/* Any byte that has a kind. High ones count as below zero. */
static inline bool is_odd(__m128i v)
{
  __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
  __m128i quotes = _mm_or_si128(is(v, '"'), is(v, '\\'));
  return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, quotes),
                                        is(v, 0x7F))) != 0;
}

/* What kinds there are is asked only from the first odd byte on. */
unsigned dcc_scan(const char *s, size_t n)
{
  __m128i zero = _mm_setzero_si128();
  seen all = {zero, zero, zero, zero};
  size_t i = 0;
  if (n < 16) {
    __m128i few = n > 0 ? load_few(s, n) : _mm_set1_epi8(' ');
    if (!is_odd(few))
      return 0;
    see(&all, few);
    return kinds_of(&all);
  }
  while (i + 16 <= n && !is_odd(load(s + i)))
    i += 16;
  if (i + 16 > n && !is_odd(load(s + n - 16)))
    return 0;
  for (; i + 16 <= n; i += 16)
    see(&all, load(s + i));
  see(&all, load(s + n - 16)); /* the rest, and some again */
  return kinds_of(&all);
}

size_t dcc_copy_plain(char *to, const char *s, size_t n)
{
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m128i v = load(s + i);
    __m128i e = _mm_or_si128(_mm_or_si128(is(v, '"'), is(v, '\\')),
                             is_low(v));
    unsigned mask = (unsigned)_mm_movemask_epi8(e);
    _mm_storeu_si128((__m128i *)(void *)(to + i), v);
    if (mask != 0)
      return i + (size_t)__builtin_ctz(mask);
  }
  return i + dcc_copy_plain_portable(to + i, s + i, n - i);
}

#else

dcc_name_bits dcc_scan_name(const char *s, size_t n)
{
  return dcc_scan_name_portable(s, n);
}

unsigned dcc_scan(const char *s, size_t n)
{
  return dcc_scan_portable(s, n);
}

size_t dcc_copy_plain(char *to, const char *s, size_t n)
{
  return dcc_copy_plain_portable(to, s, n);
}

#endif

/* The length of the character at s (n > 0 bytes are left), or 0. */
static size_t character(const unsigned char *s, size_t n)
{
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2
                : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
  uint32_t code;
  if (length < 2)
    return length;
  if (length > n)
    return 0;
  code = s[0] & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((s[i] & 0xC0) != 0x80)
      return 0;
    code = code << 6 | (s[i] & 0x3Fu);
  }
  if (code < least[length] || code > 0x10FFFF ||
      (code >= 0xD800 && code <= 0xDFFF))
    return 0;
  return length;
}

bool dcc_utf8(const char *s, size_t n, size_t *characters)
{
  size_t count = 0;
  for (size_t i = 0; i < n; count++) {
    size_t length = character((const unsigned char *)s + i, n - i);
    if (length == 0)
      return false;
    i += length;
  }
  *characters = count;
  return true;
}

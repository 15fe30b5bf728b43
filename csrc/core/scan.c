#include "scan.h"

#include <stdint.h>

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

size_t dcc_scan_escape_portable(const char *s, size_t n)
{
  size_t i = 0;
  while (i < n && !needs_escape((unsigned char)s[i]))
    i++;
  return i;
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

unsigned dcc_scan(const char *s, size_t n)
{
  __m128i high = _mm_setzero_si128(), breaks = high, low = high, quotes = high;
  unsigned kinds = 0;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m128i v = load(s + i);
    __m128i b = _mm_or_si128(is(v, '\n'), is(v, '\r'));
    __m128i l = _mm_or_si128(is_low(v), is(v, 0x7F));
    high = _mm_or_si128(high, v);
    breaks = _mm_or_si128(breaks, b);
    low = _mm_or_si128(low, _mm_andnot_si128(b, l));
    quotes = _mm_or_si128(quotes, _mm_or_si128(is(v, '"'), is(v, '\\')));
  }
  kinds |= _mm_movemask_epi8(high) ? DCC_HIGH : 0u;
  kinds |= _mm_movemask_epi8(breaks) ? DCC_BREAK : 0u;
  kinds |= _mm_movemask_epi8(low) ? DCC_CONTROL : 0u;
  kinds |= _mm_movemask_epi8(quotes) ? DCC_QUOTE : 0u;
  return kinds | dcc_scan_portable(s + i, n - i);
}

size_t dcc_scan_escape(const char *s, size_t n)
{
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m128i v = load(s + i);
    __m128i e = _mm_or_si128(_mm_or_si128(is(v, '"'), is(v, '\\')),
                             is_low(v));
    unsigned mask = (unsigned)_mm_movemask_epi8(e);
    if (mask != 0)
      return i + (size_t)__builtin_ctz(mask);
  }
  return i + dcc_scan_escape_portable(s + i, n - i);
}

#else

unsigned dcc_scan(const char *s, size_t n)
{
  return dcc_scan_portable(s, n);
}

size_t dcc_scan_escape(const char *s, size_t n)
{
  return dcc_scan_escape_portable(s, n);
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

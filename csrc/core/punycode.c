#include "punycode.h"

#include <stdint.h>

#include "ascii.h"

/* RFC 3492 5 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700,
       FIRST_BIAS = 72, FIRST_CODE = 0x80, LAST_CODE = 0x10FFFF };

/* RFC 3492 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
  uint32_t k = 0;
  delta /= first ? DAMP : 2;
  for (delta += delta / count; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
    delta /= BASE - T_MIN;
  return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
  return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

/* The digit's value, or BASE for another character. */
static uint32_t value_of(char c)
{
  if (dcc_is_digit(c))
    return (uint32_t)(c - '0') + 26;
  return dcc_is_letter(c) ? (uint32_t)(dcc_ascii_lower(c) - 'a') : BASE;
}

/* Reads one number (RFC 3492 3.3), which ends at a digit below its threshold.
 * Returns false where it is cut off or leaves 32 bits. */
static bool read_delta(const char **s, const char *end, uint32_t bias,
                       uint32_t *delta)
{
  uint64_t sum = 0, weight = 1;
  for (uint32_t k = BASE; *s < end; k += BASE) {
    uint32_t digit = value_of(*(*s)++), t = threshold(k, bias);
    if (digit == BASE)
      return false;
    sum += digit * weight;
    if (sum > UINT32_MAX)
      return false;
    *delta = (uint32_t)sum;
    if (digit < t)
      return true;
    weight *= BASE - t; /* one too large ends it at the next digit */
  }
  return false;
}

/* A number has one way to be written, and the numbers lead from one code
 * point to the next in their order, so that what can be decoded is what
 * encoding it again would write. What is decoded need not be kept. */
bool dcc_is_punycode(const char *s, size_t n)
{
  const char *end = s + n, *at = end;
  uint32_t code = FIRST_CODE, bias = FIRST_BIAS, count, delta, place = 0;
  bool first = true;
  while (at > s && at[-1] != '-')
    at--;
  count = at > s ? (uint32_t)(at - s) - 1 : 0; /* ASCII, before the last '-' */
  if (count == 0)
    at = s; /* a '-' in front is no delimiter, nor a digit */
  if (n > DCC_PUNYCODE_MAX || at == end)
    return false;
  for (; at < end; first = false) {
    if (!read_delta(&at, end, bias, &delta) || delta > UINT32_MAX - place)
      return false;
    count++;
    place += delta;
    bias = adapt(delta, count, first);
    if (place / count > LAST_CODE - code)
      return false;
    code += place / count;
    place = place % count + 1;
    if (code >= 0xD800 && code <= 0xDFFF) /* no character of its own */
      return false;
  }
  return true;
}

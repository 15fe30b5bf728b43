#include "formats.h"

#include <string.h>

#include "ascii.h"
#include "date.h"
#include "scan.h"

static bool refuse(dcc_refusal *why, const char *must, const char *hint)
{
  *why = (dcc_refusal){must, hint, "format"};
  return false;
}

/* ---- the CSR ----------------------------------------------------------- */

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' ||
         c == '\v';
}

void dcc_csr_trim(const char **s, size_t *n)
{
  while (*n > 0 && is_space(**s)) {
    ++*s;
    --*n;
  }
  while (*n > 0 && is_space((*s)[*n - 1]))
    --*n;
}

static bool starts(const char *s, size_t n, const char *what)
{
  size_t length = strlen(what);
  return n >= length && memcmp(s, what, length) == 0;
}

bool dcc_has_private_key(const char *s, size_t n)
{
  enum { BEFORE = 7, BEHIND = 3 }; /* the space, which base64 has not */
  const char *end = s + n - BEHIND;
  if (n < BEFORE + 1 + BEHIND)
    return false;
  for (s += BEFORE; (s = memchr(s, ' ', (size_t)(end - s))) != NULL; s++)
    if (memcmp(s - BEFORE, "PRIVATE KEY", BEFORE + 1 + BEHIND) == 0)
      return true;
  return false;
}

static bool refuse_csr(dcc_refusal *why, const char *must)
{
  refuse(why, must, NULL);
  why->code = "csr";
  return false;
}

/* The base64 between the lines: whole groups of four, '=' at the end. */
static bool is_base64(const char *s, size_t n)
{
  size_t count = 0, padding = 0;
  for (size_t i = 0; i < n; i++) {
    char c = s[i];
    if (is_space(c))
      continue;
    if (c == '=')
      padding++;
    else if (padding > 0 ||
             !(dcc_is_letter(c) || dcc_is_digit(c) || c == '+' || c == '/'))
      return false;
    count++;
  }
  return count > 0 && count % 4 == 0 && padding <= 2;
}

static bool contains(const char *s, size_t n, const char *what)
{
  for (size_t length = strlen(what); n >= length; s++, n--)
    if (memcmp(s, what, length) == 0)
      return true;
  return false;
}

bool dcc_is_file_name(const char *s, size_t n)
{
  static const char *const begins[] = {"/", "./", "../", "~/", "C:\\"};
  static const char *const ends[] = {".csr", ".pem", ".req", ".p10", ".der",
                                     ".txt", ".crt", ".key"};
  enum { MOST = 255 };
  if (n > MOST || memchr(s, '\n', n) != NULL || contains(s, n, "-----"))
    return false;
  for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
    if (starts(s, n, begins[i]))
      return true;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (n > 4 && dcc_same_name(s + n - 4, 4, ends[i], 4))
      return true;
  return false;
}

bool dcc_csr_has_slip(const char *s, size_t n, dcc_refusal *why)
{
  enum { LEAST = 64 }; /* shorter base64 may be a word */
  if (starts(s, n, "\xEF\xBB\xBF"))
    refuse(why, "be a certificate request (PKCS#10) in PEM without a byte "
                "order mark at its start", "save the file as UTF-8 "
                "without BOM");
  else if (contains(s, n, "\\n") && contains(s, n, "-----BEGIN "))
    refuse(why, "be a certificate request (PKCS#10) in PEM with line breaks, "
                "not '\\n' written out", "replace each '\\n' by a line "
                "break");
  else if (dcc_is_file_name(s, n))
    refuse(why, "be a certificate request (PKCS#10) in PEM, not the name of "
                "a file", "give the file's contents");
  else if (n >= LEAST && is_base64(s, n))
    refuse(why, "be a certificate request (PKCS#10) in PEM, not only its "
                "base64", "add the BEGIN and END CERTIFICATE REQUEST lines");
  else
    return false;
  return true;
}

static bool check_csr(const char *s, size_t n, dcc_refusal *why)
{
  static const char *const labels[] = {"CERTIFICATE REQUEST-----",
                                       "NEW CERTIFICATE REQUEST-----"};
  size_t i, label;
  dcc_csr_trim(&s, &n);
  if (dcc_csr_has_slip(s, n, why))
    return false;
  if (!starts(s, n, "-----BEGIN "))
    return refuse(why, "be a certificate request (PKCS#10) in PEM, beginning "
                       "with -----BEGIN CERTIFICATE REQUEST-----", NULL);
  s += 11;
  n -= 11;
  for (i = 0; i < 2 && !starts(s, n, labels[i]); i++)
    ;
  if (i == 2)
    return refuse_csr(why, "be a certificate request, not another kind of "
                           "PEM");
  label = strlen(labels[i]);
  if (n < 2 * label + 9 || !starts(s + n - label, label, labels[i]) ||
      !starts(s + n - label - 9, 9, "-----END "))
    return refuse(why, "be one certificate request that ends with -----END "
                       "CERTIFICATE REQUEST-----", NULL);
  if (!is_base64(s + label, n - 2 * label - 9))
    return refuse(why, "be one certificate request with base64 between its "
                       "BEGIN and END lines", NULL);
  return true;
}

/* ---- the small ones ---------------------------------------------------- */

static bool check_date(const char *s, size_t n, dcc_refusal *why)
{
  int64_t at;
  char capitals[11];
  if (dcc_date_parse(s, n, &at))
    return true;
  for (size_t i = 0; i < n && i < sizeof capitals; i++)
    capitals[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 'a' + 'A') : s[i];
  return refuse(why, "be a date like 09 JUN 2027 (dd MMM YYYY)",
                n == sizeof capitals && dcc_date_parse(capitals, n, &at)
                    ? "write the month in capitals" : NULL);
}

static bool check_iso_date(const char *s, size_t n, dcc_refusal *why)
{
  int64_t at;
  return dcc_date_parse_iso(s, n, &at) ||
         refuse(why, "be a date like 2027-06-09 (yyyy-MM-dd)", NULL);
}

static bool check_sha1(const char *s, size_t n, dcc_refusal *why)
{
  bool hex = n == 40;
  for (size_t i = 0; i < n && hex; i++)
    hex = dcc_is_digit(s[i]) ||
          (dcc_ascii_lower(s[i]) >= 'a' && dcc_ascii_lower(s[i]) <= 'f');
  return hex || refuse(why, "be a SHA-1 thumbprint of 40 hex digits",
                       memchr(s, ':', n) != NULL ? "leave the colons out"
                                                 : NULL);
}

/* Luhn's check (ISO/IEC 7812-1): from the right, every second digit counts
 * double, as the sum of its digits. */
static bool check_card(const char *s, size_t n, dcc_refusal *why)
{
  unsigned sum = 0;
  bool all_digits = true;
  for (size_t i = 0; i < n && all_digits; i++) {
    unsigned digit = (unsigned)(s[n - 1 - i] - '0');
    all_digits = dcc_is_digit(s[n - 1 - i]);
    sum += i % 2 == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  if (!all_digits || n < 12 || n > 19)
    return refuse(why, "be a card number of 12 to 19 digits, without spaces",
                  NULL);
  if (s[0] == '0')
    return refuse(why, "be a card number that does not begin with 0",
                  NULL); /* ISO/IEC 7812-1: no payment card's does */
  return sum % 10 == 0 ||
         refuse(why, "be a card number with a correct check digit", NULL);
}

static bool check_country(const char *s, size_t n, dcc_refusal *why)
{
  return (n == 2 && dcc_is_letter(s[0]) && dcc_is_letter(s[1])) ||
         refuse(why, "be a two-letter country code (ISO 3166-1), such as us",
                NULL);
}

static bool is_common_id(const char *s, size_t n)
{
  dcc_name_bits bits = dcc_scan_name(s, n);
  return (bits.dots | bits.hyphens | bits.others) == UINT64_MAX >> (64 - n);
}

static bool check_id(const char *s, size_t n, dcc_refusal *why)
{
  for (size_t i = 0; i < n; i++)
    if (!dcc_is_letter(s[i]) && !dcc_is_digit(s[i]) && s[i] != '-' &&
        s[i] != '_' && s[i] != '.')
      return refuse(why, "consist of letters, digits, '-', '_' and '.'", NULL);
  return true;
}

bool dcc_format_check(dcc_format format, const char *s, size_t n,
                      dcc_suffix_of *suffix_of, dcc_refusal *why)
{
  switch (format) {
  case DCC_FORMAT_HOST: return dcc_check_host(s, n, suffix_of, why);
  case DCC_FORMAT_EMAIL: return dcc_check_email(s, n, why);
  case DCC_FORMAT_CSR: return check_csr(s, n, why);
  case DCC_FORMAT_DATE: return check_date(s, n, why);
  case DCC_FORMAT_ISO_DATE: return check_iso_date(s, n, why);
  case DCC_FORMAT_SHA1: return check_sha1(s, n, why);
  case DCC_FORMAT_CARD: return check_card(s, n, why);
  case DCC_FORMAT_COUNTRY: return check_country(s, n, why);
  case DCC_FORMAT_ID: return check_id(s, n, why);
  case DCC_FORMAT_NONE: break;
  }
  return true;
}

bool dcc_is_common(dcc_format format, const char *s, size_t n)
{
  switch (format) {
  case DCC_FORMAT_NONE: return dcc_scan(s, n) == 0;
  case DCC_FORMAT_HOST: return dcc_is_common_host(s, n);
  case DCC_FORMAT_EMAIL: return dcc_is_common_email(s, n);
  case DCC_FORMAT_ID: return is_common_id(s, n);
  default: return false;
  }
}

bool dcc_is_placeholder(const char *s, size_t n)
{
  static const char *const words[] = {"na", "n/a", "n.a.", "none", "null",
                                      "nil", "not applicable", "unknown"};
  size_t i;
  for (i = 0; i < n && strchr("-.?_ ", s[i]) != NULL && s[i] != '\0'; i++)
    ;
  if (i == n)
    return true;
  for (i = 0; i < sizeof words / sizeof *words; i++)
    if (dcc_same_name(s, n, words[i], strlen(words[i])))
      return true;
  return false;
}

#include "formats.h"

#include <arpa/inet.h>
#include <string.h>

#include "date.h"
#include "scan.h"

enum { LABEL_MAX = 63, HOST_MAX = 253, LOCAL_PART_MAX = 64, EMAIL_MAX = 254 };

static bool refuse(dcc_refusal *why, const char *must, const char *hint)
{
  *why = (dcc_refusal){must, hint, "format"};
  return false;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
  return lower(c) >= 'a' && lower(c) <= 'z';
}

bool dcc_same_name(const char *a, size_t na, const char *b, size_t nb)
{
  if (na != nb)
    return false;
  for (size_t i = 0; i < na; i++)
    if (lower(a[i]) != lower(b[i]))
      return false;
  return true;
}

/* ---- IP addresses ------------------------------------------------------ */

typedef struct prefix {
  unsigned char bytes[16];
  unsigned char bits;
} prefix;

/* Not globally reachable (RFC 6890 and the IANA registries it set up), and
 * multicast. */
static const prefix reserved4[] = {
  {{0}, 8}, {{10}, 8}, {{100, 64}, 10}, {{127}, 8}, {{169, 254}, 16},
  {{172, 16}, 12}, {{192, 0, 0}, 24}, {{192, 0, 2}, 24}, {{192, 88, 99}, 24},
  {{192, 168}, 16}, {{198, 18}, 15}, {{198, 51, 100}, 24}, {{203, 0, 113}, 24},
  {{224}, 3},
};
static const prefix global6 = {{0x20}, 3};
static const prefix reserved6[] = {
  {{0x20, 0x01, 0x00}, 23}, {{0x20, 0x01, 0x0d, 0xb8}, 32},
  {{0x20, 0x02}, 16}, {{0x3f, 0xff}, 20},
};

static bool begins_with(const unsigned char *address, const prefix *p)
{
  unsigned whole = p->bits / 8u, rest = p->bits % 8u;
  if (memcmp(address, p->bytes, whole) != 0)
    return false;
  return rest == 0 ||
         ((address[whole] ^ p->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_public(const unsigned char *address, bool v6)
{
  const prefix *table = v6 ? reserved6 : reserved4;
  size_t count = v6 ? sizeof reserved6 / sizeof *reserved6
                    : sizeof reserved4 / sizeof *reserved4;
  if (v6 && !begins_with(address, &global6))
    return false;
  for (size_t i = 0; i < count; i++)
    if (begins_with(address, &table[i]))
      return false;
  return true;
}

static bool check_address(const char *s, size_t n, bool v6, dcc_refusal *why)
{
  char text[46];
  unsigned char address[16];
  if (n >= sizeof text)
    return refuse(why, "be a host name or an IP address", NULL);
  memcpy(text, s, n);
  text[n] = '\0';
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text, address) != 1)
    return refuse(why, v6 ? "be an IPv6 address in its usual form"
                          : "be an IPv4 address of four numbers from 0 to 255",
                  v6 ? "no port, no brackets and no scheme" : NULL);
  if (!is_public(address, v6))
    return refuse(why, "be a public IP address, not a private or reserved one",
                  NULL);
  return true;
}

/* ---- host names -------------------------------------------------------- */

/* Names that no public CA may certify (Baseline Requirements 4.2.2, RFC 6761,
 * RFC 9476), and the reverse zones (7.1.2.7.12). */
static const char *const internal[] = {
  "local", "localhost", "internal", "lan", "test", "example", "invalid",
  "in-addr.arpa", "ip6.arpa",
};

bool dcc_is_wildcard(const char *s, size_t n)
{
  return n > 2 && s[0] == '*' && s[1] == '.';
}

static bool is_internal(const char *s, size_t n)
{
  for (size_t i = 0; i < sizeof internal / sizeof *internal; i++) {
    size_t length = strlen(internal[i]);
    if (n >= length &&
        dcc_same_name(s + n - length, length, internal[i], length) &&
        (n == length || s[n - length - 1] == '.'))
      return true;
  }
  return false;
}

/* Whether the last label of an internal name may begin so. */
static bool may_be_internal(char first)
{
  return first == 'a' || first == 'e' || first == 'i' || first == 'l' ||
         first == 't';
}

/* The rules for labels as shifts: a label begins behind a dot. What is not
 * plain at a glance (a last label that may be internal, "--" in a label, 64
 * characters and more) is left to check_host. */
static bool is_common_host(const char *s, size_t n)
{
  dcc_name_bits bits;
  uint64_t all, begins, ends;
  size_t last;
  if (dcc_is_wildcard(s, n)) {
    s += 2;
    n -= 2;
  }
  if (n < 3 || n > LABEL_MAX || !is_letter(s[n - 1]))
    return false;
  bits = dcc_scan_name(s, n);
  all = ((uint64_t)1 << n) - 1;
  begins = bits.dots << 1 | 1;
  ends = bits.dots >> 1 | (uint64_t)1 << (n - 1);
  if ((bits.dots | bits.hyphens | bits.others) != all || bits.dots == 0 ||
      ((begins | ends) & ~bits.others) != 0 ||
      (bits.hyphens & bits.hyphens >> 1) != 0)
    return false;
  last = n;
  while (s[last - 1] != '.')
    last--;
  return !may_be_internal(lower(s[last])) || !is_internal(s, n);
}

/* Says what is wrong with a name that a quick look did not like. */
static bool refuse_bytes(const char *s, size_t n, dcc_refusal *why)
{
  for (size_t i = 0; i < n; i++) {
    if ((unsigned char)s[i] >= 0x80)
      return refuse(why, "be a host name in ASCII",
                    "write international names in punycode (xn--...)");
    if (s[i] == '_')
      return refuse(why, "be a host name without '_'", NULL);
    if (s[i] == '*')
      return refuse(why, "have '*' only as the whole first label", NULL);
    if (s[i] == '/')
      return refuse(why, "be a host name alone, no URL", NULL);
  }
  return refuse(why, "be a host name of letters, digits, '-' and '.'", NULL);
}

static bool check_label(const char *s, size_t n, dcc_refusal *why)
{
  if (n == 0)
    return refuse(why, "have no empty label (two dots, a dot at either end)",
                  NULL);
  if (n > LABEL_MAX)
    return refuse(why, "have at most 63 characters in each label", NULL);
  if (s[0] == '-' || s[n - 1] == '-')
    return refuse(why, "have no '-' at either end of a label", NULL);
  if (n >= 4 && s[2] == '-' && s[3] == '-' &&
      !dcc_same_name(s, 4, "xn--", 4))
    return refuse(why, "have no '--' in places 3 and 4 of a label but in "
                       "'xn--'", NULL);
  return true;
}

/* Checks the labels; *labels is their number, *last where the last begins. */
static bool check_labels(const char *s, size_t n, size_t *labels, size_t *last,
                         dcc_refusal *why)
{
  size_t from = 0;
  *labels = 0;
  for (size_t i = 0; i <= n; i++) {
    if (i < n && s[i] != '.') {
      if (!is_letter(s[i]) && !is_digit(s[i]) && s[i] != '-')
        return refuse_bytes(s, n, why);
      continue;
    }
    if (!check_label(s + from, i - from, why))
      return false;
    ++*labels;
    *last = from;
    from = i + 1;
  }
  return true;
}

/* A DNS name of at least two labels: letters, digits and hyphens. */
static bool check_dns_name(const char *s, size_t n, dcc_refusal *why)
{
  size_t labels, last, i;
  if (n > HOST_MAX)
    return refuse(why, "have at most 253 characters", NULL);
  if (!check_labels(s, n, &labels, &last, why))
    return false;
  if (labels < 2)
    return refuse(why, "have at least two labels, as in example.com", NULL);
  for (i = last; i < n && is_digit(s[i]); i++)
    ;
  if (i == n)
    return refuse(why, "end in a top-level domain", NULL);
  return true;
}

static bool check_host(const char *s, size_t n, dcc_refusal *why)
{
  bool v4 = true;
  if (memchr(s, ':', n) != NULL && memchr(s, '/', n) == NULL)
    return check_address(s, n, true, why);
  for (size_t i = 0; i < n && v4; i++)
    v4 = is_digit(s[i]) || s[i] == '.';
  if (v4)
    return check_address(s, n, false, why);
  if (n > HOST_MAX)
    return refuse(why, "have at most 253 characters", NULL);
  if (dcc_is_wildcard(s, n)) {
    s += 2;
    n -= 2;
  }
  if (!check_dns_name(s, n, why))
    return false;
  if (is_internal(s, n))
    return refuse(why, "be a public name, not an internal one", NULL);
  return true;
}

/* ---- e-mail ------------------------------------------------------------ */

static bool is_atom_character(char c)
{
  return is_letter(c) || is_digit(c) ||
         (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

/* Letters, digits and hyphens with dots between: most local parts. n is 1 to
 * 64. */
static bool is_common_local_part(const char *s, size_t n)
{
  dcc_name_bits bits = dcc_scan_name(s, n);
  uint64_t all = UINT64_MAX >> (64 - n), ends = 1 | (uint64_t)1 << (n - 1);
  return (bits.dots | bits.hyphens | bits.others) == all &&
         (bits.dots & (ends | bits.dots << 1)) == 0;
}

/* The part before '@': atoms with dots between (RFC 5321, Dot-string). */
static bool is_local_part(const char *s, size_t n)
{
  if (n == 0 || n > LOCAL_PART_MAX || s[0] == '.' || s[n - 1] == '.')
    return false;
  for (size_t i = 0; i < n; i++)
    if (!is_atom_character(s[i]) || (s[i] == '.' && s[i + 1] == '.'))
      return false;
  return true;
}

static bool is_common_email(const char *s, size_t n)
{
  const char *at = memchr(s, '@', n);
  size_t local = at == NULL ? 0 : (size_t)(at - s);
  return local > 0 && local < n - 1 && at[1] != '*' &&
         is_common_local_part(s, local) &&
         is_common_host(at + 1, n - local - 1);
}

static bool check_email(const char *s, size_t n, dcc_refusal *why)
{
  const char *at = memchr(s, '@', n);
  size_t local = at == NULL ? 0 : (size_t)(at - s);
  if (at == NULL || n > EMAIL_MAX || !is_local_part(s, local) ||
      n - local < 2 || at[1] == '*' ||
      !check_dns_name(at + 1, n - local - 1, why))
    return refuse(why, "be an e-mail address", NULL);
  return true;
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
             !(is_letter(c) || is_digit(c) || c == '+' || c == '/'))
      return false;
    count++;
  }
  return count > 0 && count % 4 == 0 && padding <= 2;
}

static bool check_csr(const char *s, size_t n, dcc_refusal *why)
{
  static const char *const labels[] = {"CERTIFICATE REQUEST-----",
                                       "NEW CERTIFICATE REQUEST-----"};
  size_t i, label;
  dcc_csr_trim(&s, &n);
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
                       "lines", NULL);
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
    hex = is_digit(s[i]) || (lower(s[i]) >= 'a' && lower(s[i]) <= 'f');
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
    all_digits = is_digit(s[n - 1 - i]);
    sum += i % 2 == 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  if (!all_digits || n < 12 || n > 19)
    return refuse(why, "be a card number of 12 to 19 digits, without spaces",
                  NULL);
  return sum % 10 == 0 ||
         refuse(why, "be a card number whose check digit is right", NULL);
}

static bool check_country(const char *s, size_t n, dcc_refusal *why)
{
  return (n == 2 && is_letter(s[0]) && is_letter(s[1])) ||
         refuse(why, "be a country code of two letters (ISO 3166-1), as us",
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
    if (!is_letter(s[i]) && !is_digit(s[i]) && s[i] != '-' && s[i] != '_' &&
        s[i] != '.')
      return refuse(why, "be of letters, digits, '-', '_' and '.'", NULL);
  return true;
}

bool dcc_format_check(dcc_format format, const char *s, size_t n,
                      dcc_refusal *why)
{
  switch (format) {
  case DCC_FORMAT_HOST: return check_host(s, n, why);
  case DCC_FORMAT_EMAIL: return check_email(s, n, why);
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
  case DCC_FORMAT_HOST: return is_common_host(s, n);
  case DCC_FORMAT_EMAIL: return is_common_email(s, n);
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

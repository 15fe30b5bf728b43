#include "names.h"

#include <arpa/inet.h>
#include <string.h>

#include "ascii.h"
#include "punycode.h"
#include "registries.h"
#include "scan.h"

enum { LABEL_MAX = 63, HOST_MAX = 253, LOCAL_PART_MAX = 64, EMAIL_MAX = 254,
       ONION_LABEL = 56 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool refuse(dcc_refusal *why, const char *must, const char *hint)
{
  *why = (dcc_refusal){must, hint, "format"};
  return false;
}

/* Where the last label begins. */
static size_t last_label(const char *s, size_t n)
{
  while (n > 0 && s[n - 1] != '.')
    n--;
  return n;
}

/* ---- IP addresses ------------------------------------------------------ */

typedef struct prefix {
  unsigned char bytes[16];
  unsigned char bits;
} prefix;

/* Reserved is what lies in the block of any entry of IANA's registries of
 * special-purpose addresses, globally reachable or not (Baseline Requirements
 * 1.6.1), and multicast. Blocks inside another are not repeated; 224/3 is
 * multicast, 240/4 and 255.255.255.255. */
static const prefix reserved4[] = {
  {{0}, 8}, {{10}, 8}, {{100, 64}, 10}, {{127}, 8}, {{169, 254}, 16},
  {{172, 16}, 12}, {{192, 0, 0}, 24}, {{192, 0, 2}, 24},
  {{192, 31, 196}, 24}, {{192, 52, 193}, 24}, {{192, 88, 99}, 24},
  {{192, 168}, 16}, {{192, 175, 48}, 24}, {{198, 18}, 15},
  {{198, 51, 100}, 24}, {{203, 0, 113}, 24}, {{224}, 3},
};

/* IANA has given out global unicast addresses from 2000::/3 only (RFC 4291
 * 2.4), so that the other entries of the registry are outside: ::/128,
 * ::1/128, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, 100::/64,
 * 100:0:0:1::/64, 5f00::/16, fc00::/7, fe80::/10; and multicast, ff00::/8. */
static const prefix global6 = {{0x20}, 3};
static const prefix reserved6[] = {
  {{0x20, 0x01, 0x00}, 23}, {{0x20, 0x01, 0x0d, 0xb8}, 32},
  {{0x20, 0x02}, 16}, {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48},
  {{0x3f, 0xff}, 20},
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
  size_t count = v6 ? COUNT(reserved6) : COUNT(reserved4);
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

/* What has a colon: an IPv6 address, or a name with something beside it. */
static bool check_colon(const char *s, size_t n, dcc_refusal *why)
{
  static const char *const kinds[] = {"DNS", "IP", "IP Address", "URI",
                                      "email"};
  const char *colon = memchr(s, ':', n);
  size_t before = (size_t)(colon - s), digits = 0;
  for (size_t i = 0; i < COUNT(kinds); i++)
    if (dcc_same_name(s, before, kinds[i], strlen(kinds[i])))
      return refuse(why, "be a host name or an IP address without a type "
                         "prefix", "leave out 'DNS:' and the like");
  while (digits < n && dcc_is_digit(s[n - 1 - digits]))
    digits++;
  if (s[0] != '[' && colon == s + n - digits - 1 && before > 0)
    return refuse(why, "be a host name or an IP address without a port",
                  "leave out everything from ':' on");
  if (s[0] == '[')
    return refuse(why, "be an IPv6 address without brackets and port", NULL);
  if (memchr(s, '%', n) != NULL)
    return refuse(why, "be a public IPv6 address, without a zone ('%')",
                  NULL);
  return check_address(s, n, true, why);
}

/* ---- host names -------------------------------------------------------- */

/* Names that no public CA may certify (Baseline Requirements 4.2.2): those
 * set aside for private use (RFC 6761, RFC 6762 G, RFC 8375, RFC 9476; ICANN
 * on .internal, and on home, corp and mail, which it never gives out), what
 * routers and Unix make of them, and the reverse zones (7.1.2.7.12). */
static const char *const internal[] = {
  "alt", "corp", "domain", "example", "home", "home.arpa", "in-addr.arpa",
  "internal", "intranet", "invalid", "ip6.arpa", "lan", "local",
  "localdomain", "localhost", "mail", "private", "test",
};

bool dcc_is_wildcard(const char *s, size_t n)
{
  return n > 2 && s[0] == '*' && s[1] == '.';
}

static bool is_below(const char *s, size_t n, const char *zone)
{
  size_t length = strlen(zone);
  return n >= length &&
         dcc_same_name(s + n - length, length, zone, length) &&
         (n == length || s[n - length - 1] == '.');
}

static bool is_internal(const char *s, size_t n)
{
  for (size_t i = 0; i < COUNT(internal); i++)
    if (is_below(s, n, internal[i]))
      return true;
  return false;
}

/* Four bytes, letters without their case; '.' stays what it is. */
static uint32_t four(const char *s)
{
  uint32_t bytes;
  memcpy(&bytes, s, sizeof bytes);
  return bytes | UINT32_C(0x20202020);
}

/* Top-level domains that most names have, with nothing internal in them and
 * no public suffix below: all names and wildcards in them are good. */
static bool is_plain_domain(const char *s, size_t n)
{
  uint32_t end = four(s + n - 4);
  return end == four(".com") || end == four(".net") || end == four(".org");
}

/* The rules for labels as shifts: a label begins after a dot. What is not
 * plain at a glance ("--" in a label, another top-level domain, 64 characters
 * and more) is left to dcc_check_host. */
bool dcc_is_common_host(const char *s, size_t n)
{
  dcc_name_bits bits;
  uint64_t all, begins, ends;
  if (dcc_is_wildcard(s, n)) {
    s += 2;
    n -= 2;
  }
  if (n < 5 || n > LABEL_MAX || !is_plain_domain(s, n))
    return false;
  bits = dcc_scan_name(s, n);
  all = ((uint64_t)1 << n) - 1;
  begins = bits.dots << 1 | 1;
  ends = bits.dots >> 1 | (uint64_t)1 << (n - 1);
  return (bits.dots | bits.hyphens | bits.others) == all &&
         ((begins | ends) & ~bits.others) == 0 &&
         (bits.hyphens & bits.hyphens >> 1) == 0;
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
      return refuse(why, "be a host name, not a URL", NULL);
  }
  return refuse(why, "be a host name of letters, digits, '-' and '.'", NULL);
}

static bool is_international(const char *s, size_t n)
{
  return n >= 4 && dcc_same_name(s, 4, "xn--", 4);
}

static bool check_label(const char *s, size_t n, dcc_refusal *why)
{
  if (n == 0)
    return refuse(why, "not have an empty label (two dots in a row, or a "
                       "leading or trailing dot)",
                  NULL);
  if (n > LABEL_MAX)
    return refuse(why, "have at most 63 characters in each label", NULL);
  if (s[0] == '-' || s[n - 1] == '-')
    return refuse(why, "not have '-' at either end of a label", NULL);
  if (n < 4 || s[2] != '-' || s[3] != '-')
    return true;
  if (!is_international(s, n))
    return refuse(why, "not have '--' as the third and fourth characters of "
                       "a label, except in 'xn--'", NULL);
  return dcc_is_punycode(s + 4, n - 4) ||
         refuse(why, "have valid Punycode (RFC 3492) after 'xn--'", NULL);
}

/* The top-level domains are letters (RFC 3696 2), or international. */
static bool is_top_level(const char *s, size_t n)
{
  size_t letters = 0;
  while (letters < n && dcc_is_letter(s[letters]))
    letters++;
  return (letters == n && n >= 2) || is_international(s, n);
}

/* RFC 7686, and version 3 of onion addresses (Baseline Requirements, appendix
 * B): 35 bytes in base32 stand before the top-level domain. */
static bool is_onion(const char *s, size_t n)
{
  size_t end = n - strlen(".onion"), from = last_label(s, end);
  if (end - from != ONION_LABEL)
    return false;
  for (size_t i = from; i < end; i++)
    if (!dcc_is_letter(s[i]) && (s[i] < '2' || s[i] > '7'))
      return false;
  return true;
}

static bool check_labels(const char *s, size_t n, dcc_refusal *why)
{
  size_t from = 0;
  for (size_t i = 0; i <= n; i++) {
    if (i < n && s[i] != '.') {
      if (!dcc_is_letter(s[i]) && !dcc_is_digit(s[i]) && s[i] != '-')
        return refuse_bytes(s, n, why);
      continue;
    }
    if (!check_label(s + from, i - from, why))
      return false;
    from = i + 1;
  }
  return true;
}

/* A public DNS name of at least two labels: letters, digits and hyphens. */
static bool check_dns_name(const char *s, size_t n, dcc_refusal *why)
{
  size_t last = last_label(s, n);
  if (n > HOST_MAX)
    return refuse(why, "have at most 253 characters", NULL);
  if (!check_labels(s, n, why))
    return false;
  if (last == 0)
    return refuse(why, "have at least two labels, as in example.com", NULL);
  if (!is_top_level(s + last, n - last))
    return refuse(why, "end in a top-level domain", NULL);
  if (is_internal(s, n))
    return refuse(why, "be a public name, not an internal one", NULL);
  return !is_below(s, n, "onion") || is_onion(s, n) ||
         refuse(why, "have an onion address of version 3 (56 letters and "
                     "digits) before '.onion'", NULL);
}

/* The names that a wildcard stands for must not be those that a registry
 * gives to others (Baseline Requirements 3.2.2.6). */
static bool check_wildcard(const char *below, size_t n,
                           dcc_suffix_of *suffix_of, dcc_refusal *why)
{
  if (suffix_of != NULL && suffix_of(below, n) == DCC_SUFFIX_YES)
    return refuse(why, "not have '*' directly below a public suffix (by the "
                       "Public Suffix List)", NULL);
  return !dcc_is_registry(below, n) ||
         refuse(why, "not have '*' directly below a public suffix (by the "
                     "built-in list of registries)", NULL);
}

bool dcc_check_host(const char *s, size_t n, dcc_suffix_of *suffix_of,
                    dcc_refusal *why)
{
  bool v4 = true, wildcard = dcc_is_wildcard(s, n);
  if (memchr(s, ':', n) != NULL && memchr(s, '/', n) == NULL)
    return check_colon(s, n, why);
  for (size_t i = 0; i < n && v4; i++)
    v4 = dcc_is_digit(s[i]) || s[i] == '.';
  if (v4)
    return check_address(s, n, false, why);
  if (n > HOST_MAX)
    return refuse(why, "have at most 253 characters", NULL);
  if (wildcard) {
    s += 2;
    n -= 2;
  }
  return check_dns_name(s, n, why) &&
         (!wildcard || check_wildcard(s, n, suffix_of, why));
}

/* Some top-level domains are no suffix, but what is below them: za. */
bool dcc_is_under_no_suffix(const char *s, size_t n, dcc_suffix_of *suffix_of)
{
  size_t at = last_label(s, n);
  if (suffix_of == NULL || !is_top_level(s + at, n - at) ||
      memchr(s, ':', n) != NULL)
    return false;
  for (;; at = last_label(s, at - 1)) {
    if (suffix_of(s + at, n - at) != DCC_SUFFIX_NO)
      return false;
    if (at == 0)
      return true;
  }
}

/* ---- e-mail ------------------------------------------------------------ */

static bool is_atom_character(char c)
{
  return dcc_is_letter(c) || dcc_is_digit(c) ||
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

bool dcc_is_common_email(const char *s, size_t n)
{
  const char *at = memchr(s, '@', n);
  size_t local = at == NULL ? 0 : (size_t)(at - s);
  return local > 0 && is_common_local_part(s, local) &&
         dcc_is_common_host(at + 1, n - local - 1) && at[1] != '*';
}

bool dcc_check_email(const char *s, size_t n, dcc_refusal *why)
{
  const char *at = memchr(s, '@', n);
  size_t local = at == NULL ? 0 : (size_t)(at - s);
  if (at == NULL || n > EMAIL_MAX || !is_local_part(s, local) ||
      n - local < 2 || at[1] == '*' ||
      !check_dns_name(at + 1, n - local - 1, why))
    return refuse(why, "be an e-mail address", NULL);
  return true;
}

/* fuzz_host.c: host names, addresses and the other formats. A name that is
 * taken must be one by a second, plain reading of the rules; what the quick
 * look takes, the slow one must take; the vector code must see what its
 * portable twin sees. */
#include "../core/formats.h"
#include "../core/punycode.h"
#include "../core/registries.h"
#include "../core/scan.h"
#include "fuzz.h"

static bool is_ldh(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '-';
}

/* RFC 1123 and the Baseline Requirements, a label at a time; of a name with
 * neither ':' nor only digits and dots. */
static bool is_dns_name(const char *s, size_t n)
{
  size_t labels = 0, from = 0;
  if (n >= 2 && s[0] == '*' && s[1] == '.')
    from = 2;
  if (n > 253 || from >= n)
    return false;
  for (size_t i = from; i <= n; i++) {
    size_t length = i - from;
    if (i < n && s[i] != '.') {
      if (!is_ldh(s[i]))
        return false;
      continue;
    }
    if (length == 0 || length > 63 || s[from] == '-' || s[i - 1] == '-')
      return false;
    if (length >= 4 && s[from + 2] == '-' && s[from + 3] == '-' &&
        ((s[from] | 32) != 'x' || (s[from + 1] | 32) != 'n' ||
         !dcc_is_punycode(s + from + 4, length - 4)))
      return false;
    labels++;
    from = i + 1;
  }
  return labels >= 2;
}

static bool ends_in(const char *s, size_t n, const char *zone)
{
  size_t length = strlen(zone), same = 0;
  if (n < length || (n > length && s[n - length - 1] != '.'))
    return false;
  for (size_t i = 0; i < length; i++)
    same += (s[n - length + i] | 32) == (zone[i] | 32);
  return same == length;
}

/* A top-level domain is letters or international (RFC 3696); no internal name
 * is one for a public CA. */
static bool is_public_name(const char *s, size_t n)
{
  static const char *const inside[] = {
    "local", "localhost", "internal", "lan", "test", "example", "invalid",
    "in-addr.arpa", "ip6.arpa", "alt", "home.arpa", "corp", "home", "mail",
    "localdomain", "intranet", "private", "domain",
  };
  size_t last = n, letters = 0;
  bool onion = ends_in(s, n, "onion");
  while (last > 0 && s[last - 1] != '.')
    last--;
  for (size_t i = last; i < n; i++)
    letters += (s[i] | 32) >= 'a' && (s[i] | 32) <= 'z';
  for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
    if (ends_in(s, n, inside[i]))
      return false;
  if (onion && (n < 62 || (n > 62 && s[n - 63] != '.') ||
                memchr(s + n - 62, '.', 56) != NULL ||
                memchr(s + n - 62, '-', 56) != NULL))
    return false;
  for (size_t i = n - 62; onion && i < n - 6; i++)
    if (s[i] == '0' || s[i] == '1' || s[i] == '8' || s[i] == '9')
      return false;
  return (letters == n - last && letters >= 2) ||
         (n - last > 4 && (s[last] | 32) == 'x' && s[last + 2] == '-' &&
          s[last + 3] == '-'); /* is_dns_name() has seen to the rest */
}

/* There is no list here but the built-in one. */
static bool is_refused_wildcard(const char *s, size_t n)
{
  return n >= 2 && s[0] == '*' && dcc_is_registry(s + 2, n - 2);
}

static bool is_address(const char *s, size_t n)
{
  bool dots = true;
  for (size_t i = 0; i < n; i++)
    dots = dots && ((s[i] >= '0' && s[i] <= '9') || s[i] == '.');
  return dots || memchr(s, ':', n) != NULL;
}

static void check_format(dcc_format format, const char *s, size_t n)
{
  dcc_refusal why = {0};
  bool good = dcc_format_check(format, s, n, NULL, &why);
  must(good || (why.must != NULL && why.code != NULL && is_line(why.must)),
       "refused without a reason");
  if (n <= 64 && dcc_scan(s, n) == 0 && dcc_is_common(format, s, n))
    must(good, "taken at a glance, but refused: format %d", (int)format);
  if (format == DCC_FORMAT_HOST && !is_address(s, n))
    must(good == (is_dns_name(s, n) && is_public_name(s, n) &&
                  !is_refused_wildcard(s, n)),
         "%s as a host name", good ? "taken" : "refused");
}

static void check_twins(const char *s, size_t n)
{
  char a[512 + DCC_COPY_ROOM], b[512 + DCC_COPY_ROOM];
  size_t copied = dcc_copy_plain(a, s, n);
  must(dcc_scan(s, n) == dcc_scan_portable(s, n), "dcc_scan");
  must(copied == dcc_copy_plain_portable(b, s, n) && memcmp(a, b, copied) == 0
       && memcmp(a, s, copied) == 0, "dcc_copy_plain");
  if (n >= 1 && n <= 64) {
    dcc_name_bits x = dcc_scan_name(s, n), y = dcc_scan_name_portable(s, n);
    must(x.dots == y.dots && x.hyphens == y.hyphens && x.others == y.others,
         "dcc_scan_name");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  stream in = {data, data + size};
  size_t n, characters = 0;
  char *s = take_block(&in, 512, &n);
  check_twins(s, n);
  must(!dcc_utf8(s, n, &characters) || characters <= n, "dcc_utf8");
  for (int format = DCC_FORMAT_NONE; format <= DCC_FORMAT_ID && n > 0;
       format++)
    check_format((dcc_format)format, s, n);
  (void)dcc_is_placeholder(s, n);
  (void)dcc_has_private_key(s, n);
  free(s);
  return 0;
}

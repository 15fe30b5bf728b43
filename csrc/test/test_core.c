/* test_core.c: the parts below an order: bytes and UTF-8, days, buffers,
 * secrets, checksums, keys and PEM, the request's path and random ids. */
#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

#include "../core/buffer.h"
#include "../core/crc32.h"
#include "../core/date.h"
#include "../core/dcc.h"
#include "../core/formats.h"
#include "../core/scan.h"
#include "test.h"

/* The system's random source, or what a test has in its place. */
static ssize_t draw(void *to, size_t n, unsigned flags);
static FILE *open_source(const char *path, const char *mode);
#define getrandom draw
#define fopen open_source
#include "../core/request.c"
#undef getrandom
#undef fopen

/* ---- scan.h: both twins ------------------------------------------------ */

enum { SHORT_MAX = 80, NAME_MAX = 64 };

static unsigned kind_of(unsigned c)
{
  return c > 0x7F ? DCC_HIGH
       : c == 10 || c == 13 ? DCC_BREAK
       : c < 32 || c == 127 ? DCC_CONTROL
       : c == 34 || c == 92 ? DCC_QUOTE : 0;
}

static bool must_escape(unsigned c)
{
  return c < 32 || c == 34 || c == 92;
}

static bool same_bits(dcc_name_bits a, dcc_name_bits b)
{
  return a.dots == b.dots && a.hyphens == b.hyphens && a.others == b.others;
}

/* `to` has n + DCC_COPY_ROOM bytes. */
static bool copies(size_t (*copy)(char *, const char *, size_t), char *to,
                   const char *s, size_t n, size_t run)
{
  memset(to, '#', n + DCC_COPY_ROOM);
  return copy(to, s, n) == run && memcmp(to, s, run) == 0;
}

static bool twins_agree(const char *s, size_t n, char *to)
{
  unsigned kinds = 0;
  size_t run = 0;
  for (size_t i = 0; i < n; i++)
    kinds |= kind_of((unsigned char)s[i]);
  while (run < n && !must_escape((unsigned char)s[run]))
    run++;
  return dcc_scan(s, n) == kinds && dcc_scan_portable(s, n) == kinds &&
         copies(dcc_copy_plain, to, s, n, run) &&
         copies(dcc_copy_plain_portable, to, s, n, run) &&
         (n > NAME_MAX ||
          same_bits(dcc_scan_name(s, n), dcc_scan_name_portable(s, n)));
}

static bool every_byte_agrees(char *s, size_t n, size_t place, char *to)
{
  bool good = true;
  char before = s[place];
  for (unsigned c = 0; c < 256 && good; c++) {
    s[place] = (char)c;
    good = twins_agree(s, n, to);
  }
  s[place] = before;
  return good;
}

static void test_twins(void)
{
  for (size_t n = 0; n <= SHORT_MAX; n++) {
    char *s = block_of(n), *to = block_of(n + DCC_COPY_ROOM);
    bool good;
    memset(s, 'a', n > 0 ? n : 1);
    good = twins_agree(s, n, to);
    for (size_t place = 0; place < n && good; place++)
      good = every_byte_agrees(s, n, place, to);
    expect(good, "scan: every byte at every place of %zu", n);
    free(s);
    free(to);
  }
}

/* Strings of few kinds and of many, at any alignment. */
static void test_twins_at_random(void)
{
  static const char few[] = "a0.-zZ9@[`{/:\x7F\x1F \"\\\n\r\t\x80\xFF";
  uint64_t state = 88172645463325252u;
  for (unsigned round = 0; round < 40; round++) {
    bool good = true;
    for (unsigned i = 0; i < 100 && good; i++) {
      size_t n = below(&state, 150), shift = below(&state, 17);
      unsigned kinds = 1 + below(&state, (unsigned)sizeof few - 1);
      char *s = block_of(shift + n), *to = block_of(n + DCC_COPY_ROOM);
      for (size_t k = 0; k < n; k++)
        s[shift + k] = round % 2 ? few[below(&state, kinds)]
                                 : (char)below(&state, 256);
      good = twins_agree(s + shift, n, to);
      free(s);
      free(to);
    }
    expect(good, "scan: random strings, round %u", round);
  }
}

static void test_name_bits(void)
{
  static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  bool good = true;
  for (unsigned c = 0; c < 256 && good; c++) {
    char s[NAME_MAX];
    dcc_name_bits bits;
    memset(s, ' ', sizeof s);
    s[63] = (char)c;
    bits = dcc_scan_name(s, sizeof s);
    good = bits.dots == (uint64_t)(c == '.') << 63 &&
           bits.hyphens == (uint64_t)(c == '-') << 63 &&
           bits.others == (uint64_t)(c > 0 && strchr(letters, (int)c)) << 63;
  }
  expect(good, "scan: what dots, hyphens and letters are");
}

/* ---- scan.h: UTF-8 ----------------------------------------------------- */

static const struct {
  const char *what, *bytes;
  size_t length;
  bool valid;
  size_t characters;
} utf8[] = {
#define VALID(what, bytes, count) {what, bytes, sizeof bytes - 1, true, count}
#define INVALID(what, bytes) {what, bytes, sizeof bytes - 1, false, 0}
  VALID("nothing", "", 0),
  VALID("a NUL", "\0", 1),
  VALID("ASCII", "example", 7),
  VALID("first and last of two bytes", "\xC2\x80\xDF\xBF", 2),
  VALID("first of three bytes", "\xE0\xA0\x80", 1),
  VALID("before the surrogates", "\xED\x9F\xBF", 1),
  VALID("behind the surrogates", "\xEE\x80\x80", 1),
  VALID("U+FFFF", "\xEF\xBF\xBF", 1),
  VALID("first of four bytes", "\xF0\x90\x80\x80", 1),
  VALID("U+10FFFF", "\xF4\x8F\xBF\xBF", 1),
  VALID("all lengths", "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\x92z", 5),
  VALID("a letter and an accent", "e\xCC\x81", 2),
  INVALID("overlong NUL", "\xC0\x80"),
  INVALID("overlong slash", "\xC0\xAF"),
  INVALID("overlong, C1", "\xC1\xBF"),
  INVALID("overlong slash in three", "\xE0\x80\xAF"),
  INVALID("overlong, last in three", "\xE0\x9F\xBF"),
  INVALID("overlong in four", "\xF0\x80\x80\xAF"),
  INVALID("overlong, last in four", "\xF0\x8F\xBF\xBF"),
  INVALID("first surrogate", "\xED\xA0\x80"),
  INVALID("last surrogate", "\xED\xBF\xBF"),
  INVALID("a pair of surrogates", "\xED\xA0\xBD\xED\xB4\x92"),
  INVALID("U+110000", "\xF4\x90\x80\x80"),
  INVALID("F5", "\xF5\x80\x80\x80"),
  INVALID("five bytes", "\xF8\x88\x80\x80\x80"),
  INVALID("FE", "\xFE"),
  INVALID("FF", "\xFF"),
  INVALID("a lone continuation", "\x80"),
  INVALID("a continuation too many", "\xC3\xA4\xA4"),
  INVALID("one of two", "a\xC3"),
  INVALID("one of two, then a letter", "\xC3z"),
  INVALID("one of three", "\xE2"),
  INVALID("two of three", "\xE2\x82"),
  INVALID("two of three, then a letter", "\xE2\x82z"),
  INVALID("three of four", "\xF0\x9F\x94"),
  INVALID("three of four, then a start", "\xF0\x9F\x94\xC3\xA4"),
};

static bool is_utf8(const char *s, size_t n, size_t *characters)
{
  char *exact = block_of(n);
  bool valid;
  memcpy(exact, s, n);
  valid = dcc_utf8(exact, n, characters);
  free(exact);
  return valid;
}

static void test_utf8(void)
{
  for (size_t i = 0; i < COUNT(utf8); i++) {
    size_t characters = 0;
    bool valid = is_utf8(utf8[i].bytes, utf8[i].length, &characters);
    expect(valid == utf8[i].valid, "UTF-8: %s", utf8[i].what);
    expect(characters == utf8[i].characters, "UTF-8: %s: %zu characters, "
           "got %zu", utf8[i].what, utf8[i].characters, characters);
  }
}

/* Writes a code point in its shortest form, surrogates too. */
static size_t encode(char to[4], uint32_t code)
{
  static const uint32_t ends[] = {0x80, 0x800, 0x10000, 0x110000};
  static const unsigned leads[] = {0, 0xC0, 0xE0, 0xF0};
  size_t extra = 0;
  while (code >= ends[extra])
    extra++;
  for (size_t i = extra; i > 0; i--, code >>= 6)
    to[i] = (char)(0x80 | (code & 0x3F));
  to[0] = (char)(leads[extra] | code);
  return extra + 1;
}

static void test_code_points(void)
{
  uint32_t code = 0;
  bool good = true;
  for (; code < 0x110000 && good; code++) {
    char s[4];
    size_t characters = 0, n = encode(s, code);
    bool surrogate = code >= 0xD800 && code < 0xE000;
    good = dcc_utf8(s, n, &characters) ? !surrogate && characters == 1
                                       : surrogate;
    if (n > 1) /* the rest stands behind it, but does not count */
      good = good && !dcc_utf8(s, n - 1, &characters);
  }
  expect(good, "UTF-8: U+%04X", (unsigned)code - 1);
}

/* ---- date.h ------------------------------------------------------------ */

enum { DAY_1900 = -25567 };

static int days_in(int year, int month)
{
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && year != 1900 && year != 2100 && year != 2200;
  return month == 2 && leap ? 29 : days[month - 1];
}

static bool is_day(int64_t at, int year, int month, int day)
{
  static const char *const names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                      "JUL", "AUG", "SEP", "OCT", "NOV",
                                      "DEC"};
  char text[DCC_DATE_SIZE], iso[DCC_DATE_SIZE], expected[40];
  int64_t y, read = 0, read_iso = 0;
  int m, d;
  dcc_day_date(at, &y, &m, &d);
  dcc_date_format(at, text);
  dcc_date_format_iso(at, iso);
  snprintf(expected, sizeof expected, "%02d %s %04d|%04d-%02d-%02d", day,
           names[month - 1], year, year, month, day);
  return dcc_day(year, month, day) == at && y == year && m == month &&
         d == day && strncmp(text, expected, 11) == 0 && text[11] == '\0' &&
         strcmp(iso, expected + 12) == 0 && dcc_date_parse(text, 11, &read) &&
         dcc_date_parse_iso(iso, 10, &read_iso) && read == at &&
         read_iso == at;
}

static bool is_year(int64_t *at, int year)
{
  bool good = true;
  for (int month = 1; month <= 12; month++)
    for (int day = 1; day <= days_in(year, month); day++)
      good = is_day((*at)++, year, month, day) && good;
  return good;
}

static void test_days(void)
{
  int64_t at = DAY_1900;
  for (int year = 1900; year <= 2200; year++)
    expect(is_year(&at, year), "dates: day by day through %d", year);
  expect(dcc_day(1970, 1, 1) == 0, "dates: day 0 is 1970-01-01");
  expect(is_day(-719162, 1, 1, 1), "dates: the first day of year 1");
  expect(is_day(2932896, 9999, 12, 31), "dates: the last day of year 9999");
}

static void test_moments(void)
{
  static const struct { int64_t seconds, day; } moments[] = {
    {0, 0}, {86399, 0}, {86400, 1}, {-1, -1}, {-86400, -1}, {-86401, -2},
    {1767225600, 20454}, {INT64_MAX, 106751991167300},
    {INT64_MIN, -106751991167301},
  };
  for (size_t i = 0; i < COUNT(moments); i++)
    expect(dcc_day_of(moments[i].seconds) == moments[i].day,
           "dates: the day of second %lld", (long long)moments[i].seconds);
}

static void test_date_text(void)
{
  static const struct { const char *text; bool iso, good; } texts[] = {
    {"29 FEB 2028", false, true}, {"29 FEB 2027", false, false},
    {"29 FEB 2000", false, true}, {"29 FEB 2100", false, false},
    {"01 JAN 0001", false, true}, {"01 JAN 0000", false, false},
    {"00 JUN 2027", false, false}, {"31 JUN 2027", false, false},
    {"30 JUN 2027", false, true}, {"32 JAN 2027", false, false},
    {"09 jun 2027", false, false}, {"09 Jun 2027", false, false},
    {"09 JUX 2027", false, false}, {"09 ANF 2027", false, false},
    {"09 BJU 2027", false, false}, {" 9 JUN 2027", false, false},
    {"9 JUN 2027", false, false}, {"09 JUN 202", false, false},
    {"09 JUN 20277", false, false}, {"09-JUN-2027", false, false},
    {"09-JUN 2027", false, false},
    {"09 JUN-2027", false, false}, {"09 JUN 2O27", false, false},
    {"+9 JUN 2027", false, false}, {"09 JUN -027", false, false},
    {"2027-06-09", false, false}, {"", false, false},
    {"09 JUN 2027 ", false, false}, {" 09 JUN 2027", false, false},
    {"2027-06-09", true, true}, {"2028-02-29", true, true},
    {"2027-02-29", true, false}, {"2100-02-29", true, false},
    {"2027-00-09", true, false}, {"2027-13-09", true, false},
    {"2027-06-00", true, false}, {"2027-06-31", true, false},
    {"2027/06/09", true, false}, {"2027-06/09", true, false},
    {"2027-6-9", true, false}, {"2027-6-009", true, false},
    {"-027-06-09", true, false}, {"2027-+6-09", true, false},
    {"2027-06-9 ", true, false}, {"0000-01-01", true, false},
    {"2027-06-099", true, false}, {"2027-06-09T", true, false},
    {"", true, false}, {"09 JUN 2027", true, false},
  };
  for (size_t i = 0; i < COUNT(texts); i++) {
    size_t n = strlen(texts[i].text);
    char *s = block_of(n);
    int64_t at = 0;
    memcpy(s, texts[i].text, n);
    expect((texts[i].iso ? dcc_date_parse_iso : dcc_date_parse)(s, n, &at) ==
           texts[i].good, "dates: \"%s\"", texts[i].text);
    free(s);
  }
}

static void test_date_limits(void)
{
  static const int64_t beyond[] = {-719163, 2932897, -106751991167301,
                                   106751991167300};
  for (size_t i = 0; i < COUNT(beyond); i++) {
    char text[DCC_DATE_SIZE] = "x", iso[DCC_DATE_SIZE] = "x";
    dcc_date_format(beyond[i], text);
    dcc_date_format_iso(beyond[i], iso);
    expect(text[0] == '\0' && iso[0] == '\0',
           "dates: no text for day %lld", (long long)beyond[i]);
  }
}

static void test_add_years(void)
{
  static const struct { const char *from; int64_t years; const char *to; }
  sums[] = {
    {"2026-06-09", 0, "2026-06-09"}, {"2026-06-09", 3, "2029-06-09"},
    {"2028-02-29", 0, "2028-02-29"}, {"2028-02-29", 1, "2029-02-28"},
    {"2028-02-29", 4, "2032-02-29"}, {"2096-02-29", 4, "2100-02-28"},
    {"2096-02-29", 8, "2104-02-29"}, {"1996-02-29", 4, "2000-02-29"},
    {"2027-02-28", 1, "2028-02-28"}, {"2027-03-01", 1, "2028-03-01"},
    {"2028-02-29", -1, "2027-02-28"}, {"2026-12-31", 1, "2027-12-31"},
  };
  for (size_t i = 0; i < COUNT(sums); i++) {
    char text[DCC_DATE_SIZE];
    int64_t at = 0;
    dcc_date_parse_iso(sums[i].from, 10, &at);
    dcc_date_format_iso(dcc_day_add_years(at, sums[i].years), text);
    expect(same(text, sums[i].to), "dates: %s and %lld years is %s, got %s",
           sums[i].from, (long long)sums[i].years, sums[i].to, text);
  }
}

/* ---- buffer.h ---------------------------------------------------------- */

static bool holds(const dcc_buffer *b, const char *text)
{
  size_t n = strlen(text);
  return !b->failed && b->length == n && b->capacity >= n &&
         (n == 0 || memcmp(b->data, text, n) == 0);
}

static void test_buffer_growth(void)
{
  dcc_buffer b = {0};
  bool good = true;
  for (size_t i = 0; i < 100000; i++)
    dcc_buffer_addc(&b, (char)(i % 251));
  good = !b.failed && b.length == 100000;
  for (size_t i = 0; i < b.length && good; i++)
    good = b.data[i] == (char)(i % 251);
  expect(good, "buffer: byte by byte");
  dcc_buffer_clear(&b);
  dcc_buffer_add(&b, "left", 4);
  expect(dcc_buffer_reserve(&b, 1000000) != NULL && holds(&b, "left") &&
         b.capacity - b.length >= 1000000, "buffer: room for a million more");
  dcc_buffer_add(&b, NULL, 0);
  dcc_buffer_adds(&b, "");
  dcc_buffer_adds(&b, " over");
  expect(holds(&b, "left over"), "buffer: what is added stands behind");
  dcc_buffer_free(&b);
  expect(b.data == NULL && b.length == 0 && b.capacity == 0 && !b.failed,
         "buffer: empty after it was freed");
  dcc_buffer_free(&b);
  dcc_buffer_adds(&b, "again");
  expect(holds(&b, "again"), "buffer: freed twice, used again");
  dcc_buffer_free(&b);
}

static void test_buffer_failure(void)
{
  static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX / 2,
                                 SIZE_MAX / 4 + 1};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    dcc_buffer b = {0};
    dcc_buffer_adds(&b, "abc");
    expect(dcc_buffer_reserve(&b, sizes[i]) == NULL && b.failed,
           "buffer: no room for %zu", sizes[i]);
    dcc_buffer_addc(&b, 'd');
    dcc_buffer_adds(&b, "efg");
    dcc_buffer_addi(&b, 5);
    expect(b.failed && b.length == 3 && dcc_buffer_reserve(&b, 1) == NULL,
           "buffer: a failure stays");
    dcc_buffer_clear(&b);
    dcc_buffer_adds(&b, "xyz");
    expect(holds(&b, "xyz"), "buffer: used again after a failure");
    dcc_buffer_free(&b);
  }
}

static void test_integers(void)
{
  static const struct { int64_t i; const char *text; } integers[] = {
    {0, "0"}, {7, "7"}, {-7, "-7"}, {10, "10"}, {99, "99"}, {100, "100"},
    {-1000000, "-1000000"}, {1234567890123, "1234567890123"},
    {INT64_C(9007199254740993), "9007199254740993"},
    {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"},
    {INT64_MIN + 1, "-9223372036854775807"},
  };
  for (size_t i = 0; i < COUNT(integers); i++) {
    dcc_buffer b = {0};
    dcc_buffer_addi(&b, integers[i].i);
    expect(holds(&b, integers[i].text), "buffer: the integer %s",
           integers[i].text);
    dcc_buffer_free(&b);
  }
}

static void test_secret(void)
{
  dcc_secret secret = {0};
  dcc_secret_wipe(&secret);
  expect(dcc_secret_set(&secret, "a\0key", 5) && secret.length == 5 &&
         memcmp(secret.bytes, "a\0key", 6) == 0, "secret: copied, with a NUL");
  expect(dcc_secret_set(&secret, "other", 5) && same(secret.bytes, "other"),
         "secret: set again");
  expect(dcc_secret_set(&secret, "", 0) && same(secret.bytes, "") &&
         secret.length == 0, "secret: of no bytes");
  dcc_secret_wipe(&secret);
  dcc_secret_wipe(&secret);
  expect(secret.bytes == NULL && secret.length == 0, "secret: wiped twice");
}

/* ---- crc32.h ----------------------------------------------------------- */

static void test_crc32(void)
{
  static const struct { const char *text; uint32_t sum; } sums[] = {
    {"", 0}, {"a", 0xE8B7BE43}, {"123456789", 0xCBF43926},
    {"The quick brown fox jumps over the lazy dog", 0x414FA339},
  };
  for (size_t i = 0; i < COUNT(sums); i++)
    expect(dcc_crc32(sums[i].text, strlen(sums[i].text)) == sums[i].sum,
           "crc32: of \"%s\"", sums[i].text);
}

/* ---- formats.h: keys and PEM ------------------------------------------- */

/* What stands before and behind the text is none of it. */
static void test_private_keys(void)
{
  static const struct { const char *before, *text, *behind; bool has; }
  texts[] = {
    {"", "PRIVATE KEY", "", true}, {"", "a PRIVATE KEY b", "", true},
    {"", "-----BEGIN RSA PRIVATE KEY-----", "", true},
    {"", " PRIVATE KEY ", "", true}, {"", "", "PRIVATE KEY", false},
    {"", "PRIVATE KE", "Y", false}, {"P", "RIVATE KEY", "", false},
    {"PRIVATE", " KEY and more of it", "", false},
    {"PRIVATE KEY", "PRIVATE  KEY", "PRIVATE KEY", false},
    {"", "private key of mine", "", false},
    {"", "PRIVATE-KEY of mine", "", false},
  };
  for (size_t i = 0; i < COUNT(texts); i++) {
    char whole[128];
    snprintf(whole, sizeof whole, "%032d%s%s%s", 0, texts[i].before,
             texts[i].text, texts[i].behind);
    expect(dcc_has_private_key(whole + 32 + strlen(texts[i].before),
                               strlen(texts[i].text)) == texts[i].has,
           "a private key in \"%s\"", texts[i].text);
  }
}

#define LABEL "CERTIFICATE REQUEST-----"
#define PEM(base64) "-----BEGIN " LABEL "\n" base64 "\n-----END " LABEL
#define NO_END "that ends with -----END"
#define NO_BASE64 "with base64 between its BEGIN and END lines"
#define NO_TEXT "not the name of a file"

static void test_pem(void)
{
  static const struct { const char *text, *wrong; } texts[] = {
    {PEM("MIIB"), NULL}, {PEM("MII="), NULL}, {PEM("MI=="), NULL},
    {PEM(" M I\nI\tB"), NULL}, {PEM("MI+/"), NULL},
    {"-----BEGIN " LABEL "MIIB-----END " LABEL, NULL},
    {"-----BEGIN NEW " LABEL "\nMIIB\n-----END NEW " LABEL, NULL},
    {PEM(""), NO_BASE64}, {PEM("MIIBM"), NO_BASE64}, {PEM("M==="), NO_BASE64},
    {PEM("MI=B"), NO_BASE64}, {PEM("MIIB===="), NO_BASE64},
    {PEM("MI-B"), NO_BASE64},
    {"-----BEGIN " LABEL, NO_END}, {"-----BEGIN " LABEL "END " LABEL, NO_END},
    {"-----BEGIN " LABEL "\nMIIB\n-----EMD " LABEL, NO_END},
    {"-----BEGIN " LABEL "\nMIIB\n-----END CERTIFICATE REQUEST----x", NO_END},
    {"-----BEGIN " LABEL "\nMIIB\n-----END NEW " LABEL, NO_END},
    {"/etc/ssl/www", NO_TEXT}, {"./www", NO_TEXT}, {"../www", NO_TEXT},
    {"~/www", NO_TEXT}, {"C:\\www", NO_TEXT}, {"www.csr", NO_TEXT},
    {"www.KEY", NO_TEXT}, {".csr", "in PEM, beginning with"},
  };
  for (size_t i = 0; i < COUNT(texts); i++) {
    size_t n = strlen(texts[i].text);
    char *copy = memcpy(block_of(n), texts[i].text, n);
    dcc_refusal why = {0};
    bool good = dcc_format_check(DCC_FORMAT_CSR, copy, n, NULL, &why);
    expect(good == (texts[i].wrong == NULL) &&
           (good || strstr(why.must, texts[i].wrong) != NULL),
           "PEM: \"%s\", got %s", texts[i].text, good ? "none" : why.must);
    free(copy);
  }
}

/* ---- the request ------------------------------------------------------- */

static void test_request_path(void)
{
  static const struct { const char *product; size_t size; bool good; }
  products[] = {
    {DCC_PRODUCT, 64, true}, {DCC_PRODUCT, 39, true},
    {DCC_PRODUCT, 38, false}, {DCC_PRODUCT, 0, false}, {"a", 21, true},
    {"a", 20, false}, {"ssl_2", 64, true}, {"", 64, false},
    {"SSL", 64, false}, {"ssl-plus", 64, false}, {"ssl/../x", 64, false},
    {"ssl plus", 64, false}, {"ssl?x", 64, false}, {"ssl\r\nX: y", 64, false},
    {"ssl%2f", 64, false}, {"\xC3\xA4", 64, false}, {" ssl", 64, false},
  };
  for (size_t i = 0; i < COUNT(products); i++) {
    char *to = block_of(products[i].size + 1), expected[80];
    bool good;
    to[products[i].size] = '#';
    good = dcc_request_path(products[i].product, to, products[i].size);
    snprintf(expected, sizeof expected, "/order/certificate/%s",
             products[i].product);
    expect(good == products[i].good && (!good || same(to, expected)) &&
           to[products[i].size] == '#',
           "request: \"%s\" in %zu bytes", products[i].product,
           products[i].size);
    free(to);
  }
}

enum { IDS = 1000, ID_LENGTH = 24 };

static int compare_ids(const void *a, const void *b)
{
  return strcmp(a, b);
}

static void test_random_ids(void)
{
  static char ids[IDS][ID_LENGTH + 1];
  static bool seen[256];
  bool lengths = true, different = true;
  size_t letters = 0;
  memset(ids, '#', sizeof ids);
  for (size_t i = 0; i < IDS; i++) {
    lengths = dcc_random_id(ids[i], ID_LENGTH) &&
              strlen(ids[i]) == ID_LENGTH && lengths;
    for (size_t k = 0; k < ID_LENGTH; k++)
      seen[(unsigned char)ids[i][k]] = true;
  }
  for (unsigned c = 0; c < 256; c++) {
    bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                  (c >= 'A' && c <= 'Z');
    letters += letter && seen[c];
    expect(letter || !seen[c], "ids: no byte %u", c);
  }
  expect(letters == 62, "ids: every letter and digit, got %zu", letters);
  expect(lengths, "ids: %d letters", ID_LENGTH);
  qsort(ids, IDS, sizeof *ids, compare_ids);
  for (size_t i = 1; i < IDS; i++)
    different = different && strcmp(ids[i - 1], ids[i]) != 0;
  expect(different, "ids: %d of them, all different", IDS);
}

static void test_id_lengths(void)
{
  static const size_t lengths[] = {0, 1, 63, 64, 65, 300};
  for (size_t i = 0; i < COUNT(lengths); i++) {
    char *to = block_of(lengths[i] + 1);
    memset(to, '#', lengths[i] + 1);
    expect(dcc_random_id(to, lengths[i]) && strlen(to) == lengths[i] &&
           strchr(to, '#') == NULL, "ids: %zu letters", lengths[i]);
    free(to);
  }
}

/* ---- random bytes from elsewhere --------------------------------------- */

/* How each call for bytes ends: 'w' whole, 's' short, 'i' interrupted, 'n' as
 * where the system has no such call. NULL: asks the system. */
static const char *calls;
static size_t source_size; /* of the file, 0: there is none */
static unsigned char source[64];

/* 248 and more are for no letter. */
static void fill(unsigned char *to, size_t n)
{
  static const unsigned char bytes[] = {0, 247, 248, 255, 10};
  for (size_t i = 0; i < n; i++)
    to[i] = bytes[i % sizeof bytes];
}

static ssize_t draw(void *to, size_t n, unsigned flags)
{
  if (calls == NULL)
    return getrandom(to, n, flags);
  switch (*calls == '\0' ? 'w' : *calls++) {
  case 'w': fill(to, n); return (ssize_t)n;
  case 's': return (ssize_t)n - 1;
  case 'i': errno = EINTR; return -1;
  default: errno = ENOSYS; return -1;
  }
}

static FILE *open_source(const char *path, const char *mode)
{
  if (calls == NULL)
    return fopen(path, mode);
  fill(source, sizeof source);
  return source_size > 0 && same(path, "/dev/urandom")
           ? fmemopen(source, source_size, mode) : NULL;
}

static void test_random_sources(void)
{
  static const struct { const char *calls; size_t size; bool good; }
  sources[] = {
    {"w", 0, true}, {"iiw", 0, true}, {"n", 64, true}, {"s", 64, true},
    {"in", 64, true}, {"n", 0, false}, {"s", 0, false}, {"n", 63, false},
  };
  for (size_t i = 0; i < COUNT(sources); i++) {
    char id[9];
    bool good;
    calls = sources[i].calls;
    source_size = sources[i].size;
    good = dcc_random_id(id, 8);
    expect(good == sources[i].good && (!good || same(id, "0Za0Za0Z")),
           "ids: calls that end in %s, a file of %zu bytes",
           sources[i].calls, sources[i].size);
  }
  calls = NULL;
}

int main(void)
{
  test_twins();
  test_twins_at_random();
  test_name_bits();
  test_utf8();
  test_code_points();
  test_days();
  test_moments();
  test_date_text();
  test_date_limits();
  test_add_years();
  test_buffer_growth();
  test_buffer_failure();
  test_integers();
  test_secret();
  test_crc32();
  test_private_keys();
  test_pem();
  test_request_path();
  test_random_ids();
  test_id_lengths();
  test_random_sources();
  return end_of_test();
}

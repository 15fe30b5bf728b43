/* fuzz_date.c: the input as text of a date, and as a number of seconds. What
 * is read must be written again as it was, and the other way round. */
#include "../core/date.h"
#include "fuzz.h"

/* A second reading of the calendar, by counting. */
static bool is_date(int year, int month, int day)
{
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
         day <= days[month - 1] + (month == 2 && leap);
}

static void check_text(const char *s, size_t n)
{
  char again[DCC_DATE_SIZE];
  int64_t day;
  if (dcc_date_parse(s, n, &day)) {
    dcc_date_format(day, again);
    must(n == 11 && memcmp(s, again, n) == 0, "%.11s became %s", s, again);
  }
  if (dcc_date_parse_iso(s, n, &day)) {
    dcc_date_format_iso(day, again);
    must(n == 10 && memcmp(s, again, n) == 0, "%.10s became %s", s, again);
  }
}

static void check_numbers(int year, int month, int day)
{
  char text[32];
  int64_t at;
  int n = snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
  if (year < 0 || n != 10)
    return;
  must(dcc_date_parse_iso(text, 10, &at) == is_date(year, month, day),
       "%s is read wrongly", text);
}

static void check_seconds(int64_t seconds)
{
  int64_t day = dcc_day_of(seconds), year, later, back;
  int month, of_month;
  char text[DCC_DATE_SIZE];
  dcc_day_date(day, &year, &month, &of_month);
  must(dcc_day(year, month, of_month) == day, "day %lld", (long long)day);
  later = dcc_day_add_years(day, 3);
  must(later - day >= 1094 && later - day <= 1096, "three years from %lld",
       (long long)day);
  dcc_date_format(day, text);
  must(*text == '\0' || (dcc_date_parse(text, 11, &back) && back == day),
       "%s is another day", text);
  dcc_date_format_iso(day, text);
  must(*text == '\0' || (dcc_date_parse_iso(text, 10, &back) && back == day),
       "%s is another day", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  stream in = {data, data + size}, all = in;
  size_t n;
  char *text = take_block(&all, 64, &n);
  check_text(text, n);
  free(text);
  check_seconds(take_integer(&in));
  in.at = data;
  check_numbers((int)(take(&in) << 8 | take(&in)) % 10000,
                (int)take(&in) % 16, (int)take(&in) % 36);
  return 0;
}

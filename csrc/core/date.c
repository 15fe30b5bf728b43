#include "date.h"

#include <stdio.h>
#include <string.h>

static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";

static bool is_leap(int64_t year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int dcc_days_in(int64_t year, int month)
{
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}

/* Years are counted from 1 March here, so that the day that comes and goes is
 * their last: month 0 is March, and the months before it have
 * (153 * month + 2) / 5 days in all. An era is 400 years. */
enum { ERA_DAYS = 146097, EPOCH = 719468 /* days from 0000-03-01 to 1970 */ };

int64_t dcc_day(int64_t year, int month, int day)
{
  int64_t y = month > 2 ? year : year - 1, era = floor_div(y, 400);
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day
                    - 1;
  return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year
         - EPOCH;
}

void dcc_day_date(int64_t at, int64_t *year, int *month, int *day)
{
  int64_t era = floor_div(at + EPOCH, ERA_DAYS);
  int64_t rest = at + EPOCH - era * ERA_DAYS;
  int64_t of_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
  int64_t of_year = rest - (365 * of_era + of_era / 4 - of_era / 100);
  int from_march = (int)((5 * of_year + 2) / 153);
  *day = (int)of_year - (153 * from_march + 2) / 5 + 1;
  *month = from_march < 10 ? from_march + 3 : from_march - 9;
  *year = era * 400 + of_era + (*month <= 2);
}

int64_t dcc_day_add_years(int64_t at, int64_t years)
{
  int64_t year;
  int month, day;
  dcc_day_date(at, &year, &month, &day);
  year += years;
  if (day > dcc_days_in(year, month))
    day = dcc_days_in(year, month);
  return dcc_day(year, month, day);
}

int64_t dcc_day_of(int64_t seconds)
{
  return floor_div(seconds, 86400);
}

/* Reads n digits; returns -1 for anything else. */
static int digits(const char *s, size_t n)
{
  int value = 0;
  for (size_t i = 0; i < n; i++) {
    if (s[i] < '0' || s[i] > '9')
      return -1;
    value = value * 10 + (s[i] - '0');
  }
  return value;
}

static bool exists(int year, int month, int day, int64_t *at)
{
  if (year < 1 || month < 1 || month > 12 || day < 1 ||
      day > dcc_days_in(year, month))
    return false;
  *at = dcc_day(year, month, day);
  return true;
}

bool dcc_date_parse(const char *s, size_t n, int64_t *at)
{
  int month = 12;
  if (n != 11 || s[2] != ' ' || s[6] != ' ')
    return false;
  while (month > 0 && memcmp(months + 3 * (month - 1), s + 3, 3) != 0)
    month--;
  return exists(digits(s + 7, 4), month, digits(s, 2), at);
}

bool dcc_date_parse_iso(const char *s, size_t n, int64_t *at)
{
  if (n != 10 || s[4] != '-' || s[7] != '-')
    return false;
  return exists(digits(s, 4), digits(s + 5, 2), digits(s + 8, 2), at);
}

static bool four_digits(int64_t year)
{
  return year >= 1 && year <= 9999;
}

void dcc_date_format(int64_t at, char to[DCC_DATE_SIZE])
{
  int64_t year;
  int month, day;
  dcc_day_date(at, &year, &month, &day);
  to[0] = '\0';
  if (four_digits(year))
    snprintf(to, DCC_DATE_SIZE, "%02u %.3s %04u", (unsigned)day % 100,
             months + 3 * (month - 1), (unsigned)year % 10000);
}

void dcc_date_format_iso(int64_t at, char to[DCC_DATE_SIZE])
{
  int64_t year;
  int month, day;
  dcc_day_date(at, &year, &month, &day);
  to[0] = '\0';
  if (four_digits(year))
    snprintf(to, DCC_DATE_SIZE, "%04u-%02u-%02u", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100);
}

#include "date.h"

#include <stdio.h>
#include <string.h>

static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";

static bool is_leap(int64_t year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int64_t year, int month)
{
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}

/* Days before 1 January of a year, from year 1 on. */
static int64_t days_before(int64_t year)
{
  int64_t y = year - 1;
  return y * 365 + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
}

int64_t dcc_day(int64_t year, int month, int day)
{
  int64_t at = days_before(year) - days_before(1970) + day - 1;
  for (int m = 1; m < month; m++)
    at += days_in(year, m);
  return at;
}

void dcc_day_date(int64_t at, int64_t *year, int *month, int *day)
{
  int64_t y = 1970 + floor_div(at, 366), rest;
  int m = 1;
  while (dcc_day(y + 1, 1, 1) <= at)
    y++;
  rest = at - dcc_day(y, 1, 1);
  while (rest >= days_in(y, m))
    rest -= days_in(y, m++);
  *year = y;
  *month = m;
  *day = (int)rest + 1;
}

int64_t dcc_day_add_years(int64_t at, int64_t years)
{
  int64_t year;
  int month, day;
  dcc_day_date(at, &year, &month, &day);
  year += years;
  if (day > days_in(year, month))
    day = days_in(year, month);
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
      day > days_in(year, month))
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

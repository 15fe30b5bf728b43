/* date.h: days of the Gregorian calendar, counted from 1970-01-01 (UTC) */
#ifndef DCC_DATE_H
#define DCC_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DCC_DATE_SIZE = 12 }; /* "09 JUN 2027" and a NUL */

/* The days of a month, 1 to 12. */
int dcc_days_in(int64_t year, int month);

/* The day of a date, which must exist. */
int64_t dcc_day(int64_t year, int month, int day);

/* The date of a day. */
void dcc_day_date(int64_t at, int64_t *year, int *month, int *day);

/* The same date some years later; 29 February becomes 28 where it must. */
int64_t dcc_day_add_years(int64_t at, int64_t years);

/* The day that a moment falls on. */
int64_t dcc_day_of(int64_t seconds);

/* Read n bytes at s as "09 JUN 2027" or as "2027-06-09". Return false when
 * they are not in that form or name no day of the calendar. */
bool dcc_date_parse(const char *s, size_t n, int64_t *at);
bool dcc_date_parse_iso(const char *s, size_t n, int64_t *at);

/* Write a day in those forms, with a NUL. Years beyond four digits give
 * "". */
void dcc_date_format(int64_t at, char to[DCC_DATE_SIZE]);
void dcc_date_format_iso(int64_t at, char to[DCC_DATE_SIZE]);

#endif

/* ascii.h: letters and numbers as protocols have them, whatever locale the
 * host has set: in a Turkish one 'i' and 'I' are no pair, and some write a
 * decimal point of two bytes. */
#ifndef DCC_ASCII_H
#define DCC_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline char dcc_ascii_lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool dcc_is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static inline bool dcc_is_letter(char c)
{
  return dcc_ascii_lower(c) >= 'a' && dcc_ascii_lower(c) <= 'z';
}

static inline char dcc_ascii_upper(char c)
{
  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Whether n bytes are the same but for the case of ASCII letters. */
static inline bool dcc_ascii_same(const char *a, const char *b, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (dcc_ascii_lower(a[i]) != dcc_ascii_lower(b[i]))
      return false;
  return true;
}

/* The same for names of any lengths. */
static inline bool dcc_same_name(const char *a, size_t na, const char *b,
                                 size_t nb)
{
  return na == nb && dcc_ascii_same(a, b, na);
}

/* Puts '.' in the place of the decimal point that printf() has written. */
static inline void dcc_ascii_point(char *number)
{
  char *to = number;
  bool within = false;
  for (const char *c = number; *c != '\0'; c++) {
    bool known = (*c >= '0' && *c <= '9') || *c == '+' || *c == '-' ||
                 (dcc_ascii_lower(*c) >= 'a' && dcc_ascii_lower(*c) <= 'z');
    if (known || !within)
      *to++ = known ? *c : '.';
    within = !known;
  }
  *to = '\0';
}

#endif

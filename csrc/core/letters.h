/* letters.h: ASCII letters and digits, whatever the host's locale */
#ifndef DCC_LETTERS_H
#define DCC_LETTERS_H

#include <stdbool.h>

static inline char dcc_lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool dcc_is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static inline bool dcc_is_letter(char c)
{
  return dcc_lower(c) >= 'a' && dcc_lower(c) <= 'z';
}

#endif

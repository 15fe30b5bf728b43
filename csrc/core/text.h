/* text.h: bytes that belong to someone else, by where they are and how many */
#ifndef DCC_TEXT_H
#define DCC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* n bytes at `at`; no NUL is needed behind them. at == NULL: there is none. */
typedef struct dcc_text {
  const char *at;
  size_t n;
} dcc_text;

/* A string literal as a dcc_text. */
#define DCC_TEXT(literal) {"" literal, sizeof(literal) - 1}

static inline bool dcc_text_is(dcc_text text, const char *s)
{
  return text.n == strlen(s) && memcmp(text.at, s, text.n) == 0;
}

#endif

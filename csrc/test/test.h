/* test.h: what the tests of the core share: counted expectations, the line
 * that ends a program, random numbers that are the same in every run. */
#ifndef DCC_TEST_H
#define DCC_TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static long passed, failed;

/* Counts one expectation; what was expected is printed where it failed. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline void expect(bool good, const char *format, ...)
{
  va_list arguments;
  if (good) {
    passed++;
    return;
  }
  failed++;
  va_start(arguments, format);
  fputs("failed: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

/* Two strings, of which either may be NULL. */
static inline bool same(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Prints the last line; returns the exit status. */
static inline int end_of_test(void)
{
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed > 0;
}

/* Numbers below `limit` (xorshift). */
static inline unsigned below(uint64_t *state, unsigned limit)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (unsigned)((*state >> 11) % limit);
}

/* n bytes in a block of their own, so that a step over an end is seen. */
static inline char *block_of(size_t n)
{
  char *block = malloc(n > 0 ? n : 1);
  if (block == NULL)
    abort();
  return block;
}

#endif

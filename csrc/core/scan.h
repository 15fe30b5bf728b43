/* scan.h: what kinds of bytes a string has; 16 at a time where the machine
 * can. This file and scan.c hold all vector code; the portable twin is
 * always compiled and tested. */
#ifndef DCC_SCAN_H
#define DCC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum dcc_kinds {
  DCC_HIGH = 1,    /* a byte above 0x7F */
  DCC_BREAK = 2,   /* CR or LF */
  DCC_CONTROL = 4, /* any other control character, DEL included */
  DCC_QUOTE = 8    /* '"' or '\' */
};

/* The kinds that stand in n bytes at s, or'ed. */
unsigned dcc_scan(const char *s, size_t n);
unsigned dcc_scan_portable(const char *s, size_t n);

/* Copies the bytes before the first that JSON must escape ('"', '\', a byte
 * below 0x20), or all n. Returns how many they are. `to` has room for
 * n + DCC_COPY_ROOM bytes; those behind the copied ones may change, too. */
enum { DCC_COPY_ROOM = 16 };
size_t dcc_copy_plain(char *to, const char *s, size_t n);
size_t dcc_copy_plain_portable(char *to, const char *s, size_t n);

/* Copies n bytes; for the few that most strings have faster than memcpy. */
static inline void dcc_copy(char *to, const char *s, size_t n)
{
  if (n > 32 || n < 8) {
    memcpy(to, s, n);
  } else if (n < 16) {
    memcpy(to, s, 8);
    memcpy(to + n - 8, s + n - 8, 8);
  } else {
    memcpy(to, s, 16);
    memcpy(to + n - 16, s + n - 16, 16);
  }
}

/* Where a name of at most 64 bytes has dots, hyphens, and letters or digits:
 * bit i for byte i. */
typedef struct dcc_name_bits {
  uint64_t dots, hyphens, others;
} dcc_name_bits;
dcc_name_bits dcc_scan_name(const char *s, size_t n);
dcc_name_bits dcc_scan_name_portable(const char *s, size_t n);

/* The place of the lowest bit set; v is not 0. */
static inline unsigned dcc_lowest_bit(uint64_t v)
{
#if defined(__GNUC__)
  return (unsigned)__builtin_ctzll(v);
#else
  unsigned i = 0;
  while (!(v >> i & 1))
    i++;
  return i;
#endif
}

/* True where n bytes at s are UTF-8 (RFC 3629: no surrogates, no overlong
 * forms). Counts the characters. */
bool dcc_utf8(const char *s, size_t n, size_t *characters);

#endif

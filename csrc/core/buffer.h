/* buffer.h: a growing run of bytes, and memory that is wiped before it goes */
#ifndef DCC_BUFFER_H
#define DCC_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Overwrites n bytes at p in a way that the compiler keeps. p may be NULL
 * when n is 0. */
void dcc_wipe(void *p, size_t n);

/* All zero is an empty buffer. After memory ran out `failed` is true, what
 * was appended since is gone, and every later append does nothing: check it
 * once, at the end. */
typedef struct dcc_buffer {
  char *data;
  size_t length;   /* bytes used */
  size_t capacity; /* bytes allocated */
  bool failed;
} dcc_buffer;

/* Moves to more memory; NULL when there is none. For the next function. */
char *dcc_buffer_grow(dcc_buffer *b, size_t n);

/* Makes room for n more bytes. Returns where they go, or NULL after memory
 * ran out. The caller adds what it wrote to `length`. */
static inline char *dcc_buffer_reserve(dcc_buffer *b, size_t n)
{
  if (b->capacity - b->length < n || b->failed)
    return dcc_buffer_grow(b, n);
  return b->data + b->length;
}

/* Appends n bytes at s. */
static inline void dcc_buffer_add(dcc_buffer *b, const char *s, size_t n)
{
  char *to = n > 0 ? dcc_buffer_reserve(b, n) : NULL;
  if (to != NULL) {
    memcpy(to, s, n);
    b->length += n;
  }
}

/* Appends one byte. */
static inline void dcc_buffer_addc(dcc_buffer *b, char c)
{
  char *to = dcc_buffer_reserve(b, 1);
  if (to != NULL) {
    *to = c;
    b->length++;
  }
}

/* Appends a string. */
void dcc_buffer_adds(dcc_buffer *b, const char *s);

/* Writes an integer in decimal to `to`, which has room for DCC_INTEGER_ROOM
 * bytes. Returns where it ends. */
enum { DCC_INTEGER_ROOM = 24 };
char *dcc_put_integer(char *to, int64_t i);

/* Appends an integer in decimal. */
void dcc_buffer_addi(dcc_buffer *b, int64_t i);

/* Forgets the contents and a failure, keeps the memory for the next use. */
void dcc_buffer_clear(dcc_buffer *b);

/* Wipes and frees. The buffer is empty afterwards and may be used again. */
void dcc_buffer_free(dcc_buffer *b);

/* A secret of `length` bytes and a NUL behind them. */
typedef struct dcc_secret {
  char *bytes;
  size_t length;
} dcc_secret;

/* Copies n bytes at s. Returns false when out of memory (s is untouched,
 * the secret empty). The copy is owned by the secret. */
bool dcc_secret_set(dcc_secret *secret, const char *s, size_t n);

/* Wipes and frees the copy; an empty secret is fine. */
void dcc_secret_wipe(dcc_secret *secret);

#endif

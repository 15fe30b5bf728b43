#include "buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 512 };

void dcc_wipe(void *p, size_t n)
{
#if defined(__GNUC__)
  if (n > 0)
    memset(p, 0, n);
  /* keeps the compiler from dropping the memset */
  __asm__ volatile("" : : "r"(p) : "memory");
#else
  volatile unsigned char *bytes = p;
  while (n-- > 0)
    *bytes++ = 0;
#endif
}

/* realloc() would leave the old bytes behind in the heap: move by hand. */
static bool grow(dcc_buffer *b, size_t n)
{
  size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
  char *data;
  if (n > SIZE_MAX / 4 || b->length > SIZE_MAX / 4)
    return false;
  while (capacity - b->length < n)
    capacity *= 2;
  data = malloc(capacity);
  if (data == NULL)
    return false;
  if (b->data != NULL) {
    memcpy(data, b->data, b->length);
    dcc_wipe(b->data, b->capacity); /* what was cleared lies behind */
    free(b->data);
  }
  b->data = data;
  b->capacity = capacity;
  return true;
}

char *dcc_buffer_grow(dcc_buffer *b, size_t n)
{
  if (b->failed || !grow(b, n)) {
    b->failed = true;
    return NULL;
  }
  return b->data + b->length;
}

void dcc_buffer_adds(dcc_buffer *b, const char *s)
{
  dcc_buffer_add(b, s, strlen(s));
}

char *dcc_put_integer(char *to, int64_t i)
{
  char digits[2 * DCC_INTEGER_ROOM]; /* 20 hold any; the rest is slack */
  size_t at = DCC_INTEGER_ROOM;
  uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
  do {
    digits[--at] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (i < 0)
    digits[--at] = '-';
  memcpy(to, digits + at, DCC_INTEGER_ROOM); /* no loop for a fixed size */
  return to + DCC_INTEGER_ROOM - at;
}

void dcc_buffer_addi(dcc_buffer *b, int64_t i)
{
  char *to = dcc_buffer_reserve(b, DCC_INTEGER_ROOM);
  if (to != NULL)
    b->length = (size_t)(dcc_put_integer(to, i) - b->data);
}

void dcc_buffer_clear(dcc_buffer *b)
{
  b->length = 0;
  b->failed = false;
}

void dcc_buffer_free(dcc_buffer *b)
{
  if (b->data != NULL)
    dcc_wipe(b->data, b->capacity);
  free(b->data);
  *b = (dcc_buffer){0};
}

bool dcc_secret_set(dcc_secret *secret, const char *s, size_t n)
{
  dcc_secret_wipe(secret);
  secret->bytes = malloc(n + 1);
  if (secret->bytes == NULL)
    return false;
  memcpy(secret->bytes, s, n);
  secret->bytes[n] = '\0';
  secret->length = n;
  return true;
}

void dcc_secret_wipe(dcc_secret *secret)
{
  if (secret->bytes != NULL)
    dcc_wipe(secret->bytes, secret->length);
  free(secret->bytes);
  *secret = (dcc_secret){0};
}

/* fuzz.h: what the fuzz targets share: the input as a stream of small values,
 * and expectations that stop the program, so that the fuzzer keeps the
 * input. */
#ifndef DCC_FUZZ_H
#define DCC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program where a promise is broken. */
#define must(good, ...) \
  do { \
    if (!(good)) { \
      fprintf(stderr, "%s:%d: broken: ", __FILE__, __LINE__); \
      fprintf(stderr, __VA_ARGS__); \
      fputc('\n', stderr); \
      abort(); \
    } \
  } while (0)

typedef struct stream {
  const uint8_t *at, *end;
} stream;

static inline unsigned take(stream *in)
{
  return in->at < in->end ? *in->at++ : 0;
}

static inline int64_t take_integer(stream *in)
{
  uint64_t value = 0;
  for (int i = 0; i < 8; i++)
    value = value << 8 | take(in);
  return (int64_t)value;
}

/* At most `most` bytes of the rest; *n is how many. They are copied to a
 * block of their own with no byte to spare, so that a step over an end is
 * seen. The caller frees it. */
static inline char *take_block(stream *in, size_t most, size_t *n)
{
  char *block;
  size_t rest = (size_t)(in->end - in->at);
  *n = rest < most ? rest : most;
  block = malloc(*n > 0 ? *n : 1);
  if (block == NULL)
    abort();
  if (*n > 0)
    memcpy(block, in->at, *n);
  in->at += *n;
  return block;
}

/* One line for a person: no control character in it. */
static inline bool is_line(const char *s)
{
  for (; *s != '\0'; s++)
    if ((unsigned char)*s < 0x20 || *s == 0x7F)
      return false;
  return true;
}

#endif

/* preload_malloc.c: an allocator that is preloaded in the place of libc's and
 * cannot say how large a block is: it brings no malloc_usable_size. Takes its
 * blocks from one piece of memory, one after the other, and takes none back.
 * A block's size lies before it; before that, where glibc keeps its own, lies
 * what glibc would read as a far larger one. */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNED = 16, LARGER = 4096 };

static const size_t ROOM = (size_t)1 << 28;
static _Alignas(ALIGNED) unsigned char memory[(size_t)1 << 28];
static atomic_size_t used;

typedef struct head {
  _Alignas(ALIGNED) size_t size;
  size_t of_glibc; /* its size, and a flag: in use */
} head;

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void *malloc(size_t n)
{
  size_t room = (n + sizeof(head) + 2 * ALIGNED - 1) / ALIGNED * ALIGNED;
  size_t at = n < ROOM ? atomic_fetch_add(&used, room) : ROOM;
  head *made = (head *)(void *)(memory + at);
  if (n >= ROOM || at + room > ROOM) {
    errno = ENOMEM;
    return NULL;
  }
  made->size = n;
  made->of_glibc = (room + LARGER) | 2; /* "it is mapped" */
  return made + 1;
}

EXPORTED void free(void *p)
{
  (void)p;
}

EXPORTED void *calloc(size_t n, size_t size)
{
  if (size > 0 && n > ROOM / size) {
    errno = ENOMEM;
    return NULL;
  }
  return malloc(n * size); /* never used before: all zero */
}

EXPORTED void *realloc(void *p, size_t n)
{
  void *moved = malloc(n);
  if (moved != NULL && p != NULL) {
    size_t had = ((head *)p - 1)->size;
    memcpy(moved, p, had < n ? had : n);
  }
  return moved;
}

/* request.c: where an order goes, and a name for it */
#include <stdio.h>
#include <string.h>
#if defined(__linux__)
#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>
#endif

#include "buffer.h"
#include "dcc.h"

bool dcc_request_path(const char *product, char *to, size_t size)
{
  static const char before[] = "/order/certificate/";
  size_t length = strspn(product, "abcdefghijklmnopqrstuvwxyz0123456789_");
  if (length == 0 || product[length] != '\0' ||
      sizeof before + length > size)
    return false;
  memcpy(to, before, sizeof before - 1);
  memcpy(to + sizeof before - 1, product, length + 1);
  return true;
}

/* ---- random ------------------------------------------------------------ */

static bool random_file(unsigned char *to, size_t n)
{
  FILE *f = fopen("/dev/urandom", "rb");
  bool ok = f != NULL && setvbuf(f, NULL, _IONBF, 0) == 0 &&
            fread(to, 1, n, f) == n;
  if (f != NULL)
    fclose(f);
  return ok;
}

#if defined(__linux__)
/* No file to open: works in a chroot, and takes one system call. */
static bool random_bytes(unsigned char *to, size_t n)
{
  ssize_t got;
  do {
    got = getrandom(to, n, 0); /* whole for 256 bytes and less */
  } while (got < 0 && errno == EINTR);
  return got == (ssize_t)n || random_file(to, n);
}
#else
static bool random_bytes(unsigned char *to, size_t n)
{
  return random_file(to, n);
}
#endif

bool dcc_random_id(char *to, size_t n)
{
  static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  unsigned char bytes[64];
  size_t at = 0;
  while (at < n) {
    if (!random_bytes(bytes, sizeof bytes))
      return false;
    /* 248 is 4 * 62: what is above would make some letters likelier */
    for (size_t i = 0; i < sizeof bytes && at < n; i++)
      if (bytes[i] < 248)
        to[at++] = letters[bytes[i] % 62];
  }
  to[n] = '\0';
  return true;
}

/* read.c: a file's contents */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dcc_file.h"

static int read_all(int fd, size_t limit, dcc_buffer *to)
{
  size_t read_now = 0;
  char *at = dcc_buffer_reserve(to, limit + 1);
  if (at == NULL)
    return ENOMEM;
  while (read_now <= limit) {
    ssize_t n = read(fd, at + read_now, limit + 1 - read_now);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    if (n == 0)
      break;
    read_now += (size_t)n;
    to->length += (size_t)n;
  }
  return read_now <= limit ? 0 : EFBIG;
}

int dcc_file_read(const char *path, size_t limit, dcc_buffer *to)
{
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  int number;
  if (fd < 0)
    return errno;
  if (fstat(fd, &status) != 0)
    number = errno;
  else if (!S_ISREG(status.st_mode))
    number = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  else
    number = read_all(fd, limit, to);
  (void)close(fd);
  return number;
}

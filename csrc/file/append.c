/* append.c: lines that several processes append to one file */
#define _XOPEN_SOURCE 700 /* realpath */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_internal.h"

bool dcc_file_failed(dcc_file_handle *f, const char *step)
{
  if (f->step == NULL) {
    f->step = step;
    f->number = errno;
  }
  return false;
}

static bool write_all(dcc_file_handle *f, const char *s, size_t n)
{
  int number = dcc_write_all(f->fd, s, n);
  errno = number;
  return number == 0 || dcc_file_failed(f, "be written");
}

static bool end_cut_line(dcc_file_handle *f, off_t size)
{
  char last = '\n';
  if (size > 0 && pread(f->fd, &last, 1, size - 1) != 1)
    return dcc_file_failed(f, "be read");
  return last == '\n' || write_all(f, "\n", 1);
}

/* A directory that may be written to and not read cannot be opened for this,
 * and not every file system knows how. A name that has just been moved away
 * is there already. */
bool dcc_file_sync_name(dcc_file_handle *f, const char *path)
{
  char real[PATH_MAX];
  char *slash;
  int fd;
  bool good;
  if (realpath(path, real) == NULL)
    return errno == ENOENT || dcc_file_failed(f, "be found");
  slash = strrchr(real, '/');
  slash[slash == real] = '\0';
  fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == EACCES ||
           dcc_file_failed(f, "be flushed with its directory");
  good = fsync(fd) == 0 || errno == EINVAL ||
         dcc_file_failed(f, "be flushed with its directory");
  (void)close(fd);
  return good;
}

/* Whoever writes the first line flushes the directory, so that a file with a
 * line has a name that lasts. Where what failed cannot even be taken back,
 * it stays as a line that readers skip, or as one that says what was to be
 * done and was not. */
bool dcc_file_append(dcc_file_handle *f, const char *path, const char *s,
                     size_t n)
{
  struct stat before;
  if (fstat(f->fd, &before) != 0)
    return dcc_file_failed(f, "be read");
  if ((before.st_size > 0 || dcc_file_sync_name(f, path)) &&
      end_cut_line(f, before.st_size) && write_all(f, s, n) &&
      (fsync(f->fd) == 0 || dcc_file_failed(f, "be flushed")))
    return true;
  while (ftruncate(f->fd, before.st_size) != 0 && errno == EINTR)
    ;
  return false;
}

bool dcc_file_note(dcc_file_handle *f, const char *s, size_t n)
{
  while (ftruncate(f->fd, 0) != 0)
    if (errno != EINTR)
      return dcc_file_failed(f, "be written");
  return write_all(f, s, n); /* at its end: it is open for appending */
}

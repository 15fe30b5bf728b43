/* lock.c: opening a file that processes share, and its lock */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_internal.h"

enum {
  REOPEN_MAX = 100, /* files rotated away one after the other */
  FOR_APPENDING = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
};

void dcc_file_release(dcc_file_handle *f)
{
  if (f->fd >= 0)
    (void)close(f->fd);
  f->fd = -1;
}

void dcc_file_remove(dcc_file_handle *f, const char *path)
{
  if (f->fd >= 0)
    (void)unlink(path);
  dcc_file_release(f);
}

bool dcc_file_open(dcc_file_handle *f, const char *path)
{
  dcc_file_release(f);
  f->fd = open(path, FOR_APPENDING);
  if (f->fd < 0 && errno == ENOENT)
    f->fd = open(path, FOR_APPENDING | O_CREAT, S_IRUSR | S_IWUSR);
  return f->fd >= 0 || dcc_file_failed(f, "be opened");
}

/* Whether the path still leads to the open file. */
static bool is_current(const dcc_file_handle *f, const char *path)
{
  struct stat ours, now;
  return fstat(f->fd, &ours) == 0 && stat(path, &now) == 0 &&
         ours.st_dev == now.st_dev && ours.st_ino == now.st_ino;
}

/* The lock must be that of the file which the path leads to: another process
 * may move that away, or remove it, before we have the lock. */
bool dcc_file_lock(dcc_file_handle *f, const char *path)
{
  f->busy = false;
  for (int i = 0; i < REOPEN_MAX; i++) {
    if (!dcc_file_open(f, path))
      return false;
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0) {
      f->busy = errno == EWOULDBLOCK || errno == EINTR;
      if (!f->busy)
        return dcc_file_failed(f, "be locked");
      f->holder = dcc_file_holder(f->fd);
      dcc_file_release(f);
      return false;
    }
    if (is_current(f, path))
      return true;
  }
  dcc_file_release(f);
  errno = EAGAIN;
  return dcc_file_failed(f, "be opened");
}

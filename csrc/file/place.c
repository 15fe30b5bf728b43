/* place.c: making files and directories, and putting one file in the place of
 * another */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_internal.h"

int dcc_file_create(const char *path)
{
  int fd;
  if (unlink(path) != 0 && errno != ENOENT)
    return errno;
  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
            S_IRUSR | S_IWUSR);
  if (fd < 0)
    return errno;
  (void)close(fd);
  return 0;
}

/* An owner or a mode that cannot be kept is no reason to fail: the file is
 * then this user's, and for nobody else. */
static int make_alike(int fd, const char *like)
{
  struct stat file;
  if (stat(like, &file) == 0 &&
      fchown(fd, file.st_uid, file.st_gid) == 0)
    (void)fchmod(fd, file.st_mode & 0777);
  return fsync(fd) != 0 ? errno : 0;
}

int dcc_file_replace(const char *from, const char *to)
{
  dcc_file_handle name = {.fd = -1};
  int fd = open(from, O_RDONLY | O_CLOEXEC), number;
  if (fd < 0)
    return errno;
  number = make_alike(fd, to);
  (void)close(fd);
  if (number == 0 && rename(from, to) != 0)
    number = errno;
  if (number == 0 && !dcc_file_sync_name(&name, to))
    number = name.number;
  return number;
}

int dcc_make_directory(const char *path)
{
  char part[PATH_MAX];
  struct stat what;
  size_t n = strlen(path);
  int number;
  if (n == 0 || n >= sizeof part)
    return n == 0 ? ENOENT : ENAMETOOLONG;
  memcpy(part, path, n + 1);
  for (size_t i = 1; i <= n; i++) {
    if (part[i] != '/' && part[i] != '\0')
      continue;
    part[i] = '\0';
    number = mkdir(part, S_IRWXU) != 0 ? errno : 0;
    if (number != 0 && stat(part, &what) != 0)
      return number;
    part[i] = i < n ? '/' : '\0';
  }
  if (stat(path, &what) != 0)
    return errno;
  return S_ISDIR(what.st_mode) ? 0 : ENOTDIR;
}

/* create.c: new files on the disk. A key's is there whole or not at all: it is
 * written to a file of another name beside its place, brought to the disk, and
 * then linked to its place: link(2) refuses where something is, rename(2)
 * would not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/dcc.h"
#include "file_internal.h"

enum { RANDOM_LETTERS = 16, NAME_ROOM = sizeof "/.key-" + RANDOM_LETTERS };

char *dcc_directory_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  size_t n = slash != NULL ? (size_t)(slash - path) : 1;
  char *directory = malloc(n + NAME_ROOM + 1);
  if (directory != NULL) {
    memcpy(directory, slash != NULL ? path : ".", n);
    directory[n] = '\0';
  }
  return directory;
}

int dcc_add_file_name(char *directory, const char *kind)
{
  char *to = directory + strlen(directory);
  to += sprintf(to, "/.%.3s-", kind);
  return dcc_random_id(to, RANDOM_LETTERS) ? 0 : EIO;
}

int dcc_write_all(int fd, const char *bytes, size_t n)
{
  while (n > 0) {
    ssize_t written = write(fd, bytes, n);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : EIO;
    bytes += written;
    n -= (size_t)written;
  }
  return 0;
}

int dcc_new_file(const char *name, const char *bytes, size_t n, mode_t mode,
                 bool exactly, const struct stat *like)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                mode);
  int number = 0;
  if (fd < 0)
    return errno;
  if (like != NULL && fchown(fd, like->st_uid, like->st_gid) != 0)
    exactly = false; /* another's group: as usual */
  if (exactly && fchmod(fd, mode) != 0)
    number = errno;
  if (number == 0)
    number = dcc_write_all(fd, bytes, n);
  if (number == 0 && fsync(fd) != 0)
    number = errno;
  if (close(fd) != 0 && number == 0 && errno != EINTR) /* it was synced */
    number = errno;
  if (number != 0)
    (void)unlink(name);
  return number;
}

void dcc_sync_directory(const char *directory)
{
  int fd = open(directory[0] != '\0' ? directory : "/",
                O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (fd >= 0) {
    (void)fsync(fd);
    (void)close(fd);
  }
}

int dcc_key_file_write(const char *path, const char *bytes, size_t n)
{
  char *name = dcc_directory_of(path);
  size_t length;
  int number;
  if (name == NULL)
    return ENOMEM;
  length = strlen(name);
  number = dcc_add_file_name(name, "key");
  if (number == 0)
    number = dcc_new_file(name, bytes, n, DCC_KEY_MODE, true, NULL);
  if (number == 0) {
    if (link(name, path) != 0)
      number = errno;
    (void)unlink(name);
    name[length] = '\0';
    if (number == 0)
      dcc_sync_directory(name);
  }
  free(name);
  return number;
}

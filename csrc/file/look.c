/* look.c: what there is at a path, and where that is */
#define _XOPEN_SOURCE 700 /* realpath */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dcc_file.h"

_Static_assert((int)DCC_PATH_SIZE >= (int)PATH_MAX, "realpath() needs as much");

int dcc_file_look(const char *path, dcc_file_facts *facts)
{
  struct stat file;
  if (stat(path, &file) != 0)
    return errno;
  facts->modified = (int64_t)file.st_mtime;
  facts->is_plain = S_ISREG(file.st_mode);
  facts->is_private = (file.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  return 0;
}

int dcc_real_path(const char *path, char to[DCC_PATH_SIZE])
{
  return realpath(path, to) == NULL ? errno : 0;
}

int dcc_working_directory(char to[DCC_PATH_SIZE])
{
  return getcwd(to, DCC_PATH_SIZE) == NULL ? errno : 0;
}

/* Whether a file or directory has a bit of its mode (S_IROTH or S_IXOTH) for
 * root alone: neither for others nor for an owner or a group but root's. */
static bool is_for_root(const struct stat *file, mode_t others)
{
  mode_t group = others << 3, owner = others << 6; /* POSIX's octal values */
  return (file->st_mode & others) == 0 &&
         (file->st_gid == 0 || (file->st_mode & group) == 0) &&
         (file->st_uid == 0 || (file->st_mode & owner) == 0);
}

/* Cuts a path without links to the first part of it, a directory or the file
 * itself, that root alone may use, and says whether there is one; -1 where a
 * part cannot be looked at. */
static int cut_for_root(char *path)
{
  char *end = path;
  do {
    struct stat part;
    bool last;
    end = strchr(end + 1, '/');
    last = end == NULL;
    if (!last)
      *end = '\0';
    if (stat(path, &part) != 0)
      return -1;
    if (is_for_root(&part, last ? S_IROTH : S_IXOTH))
      return 1;
    if (!last)
      *end = '/';
  } while (end != NULL);
  return 0;
}

int dcc_find_root_alone(const char *path, char where[DCC_PATH_SIZE],
                        bool *found)
{
  int cut = realpath(path, where) == NULL ? -1 : cut_for_root(where);
  *found = cut > 0;
  return cut < 0 ? errno : 0;
}

/* look.c: what there is at a path, and where that is */
#define _XOPEN_SOURCE 700 /* realpath */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
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

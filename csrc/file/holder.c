/* holder.c: who has the lock of a file. Linux lists all locks in /proc/locks;
 * elsewhere it is not known. */
#include "file_internal.h"

#ifdef __linux__
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

long dcc_file_holder(int fd)
{
  FILE *locks = fopen("/proc/locks", "re");
  struct stat file;
  char line[256], wanted[64];
  long holder = 0, found;
  if (locks == NULL)
    return 0;
  if (fstat(fd, &file) == 0)
    snprintf(wanted, sizeof wanted, "%02x:%02x:%llu ", major(file.st_dev),
             minor(file.st_dev), (unsigned long long)file.st_ino);
  else
    strcpy(wanted, "none");
  while (holder <= 0 && fgets(line, sizeof line, locks) != NULL)
    if (strstr(line, wanted) != NULL &&
        sscanf(line, "%*s FLOCK %*s WRITE %ld", &found) == 1)
      holder = found;
  fclose(locks);
  return holder > 0 ? holder : 0;
}

#else

long dcc_file_holder(int fd)
{
  (void)fd;
  return 0;
}

#endif

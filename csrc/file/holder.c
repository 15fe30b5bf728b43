/* holder.c: who has the lock of a file. Linux lists all locks in /proc/locks;
 * elsewhere it is not known. */
#include "file_internal.h"

#ifdef __linux__
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

long dcc_file_holder(int fd)
{
  FILE *locks = fopen("/proc/locks", "re");
  struct stat file;
  char line[256], wanted[64];
  long holder = 0;
  if (locks == NULL)
    return 0;
  if (fstat(fd, &file) == 0)
    snprintf(wanted, sizeof wanted, "%02x:%02x:%llu ", major(file.st_dev),
             minor(file.st_dev), (unsigned long long)file.st_ino);
  else
    strcpy(wanted, "none");
  while (holder <= 0 && fgets(line, sizeof line, locks) != NULL) {
    /* 1: FLOCK  ADVISORY  WRITE 4711 08:01:12345 0 EOF */
    const char *write = strstr(line, " WRITE ");
    if (strstr(line, " FLOCK ") != NULL && write != NULL &&
        strstr(line, wanted) != NULL)
      holder = strtol(write + 7, NULL, 10);
  }
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

/* replace.c: files that belong together, all of them or none */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_internal.h"

enum { USUAL_MODE = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, LINKS_MAX = 40 };

/* Where a file goes, and what stands beside it meanwhile: names that are
 * owned; NULL: none. */
typedef struct place {
  char path[PATH_MAX]; /* without a symbolic link at its end */
  char *fresh;         /* the new file */
  char *old;           /* another link to the one that is replaced */
  bool was_there, moved;
  struct stat before;
} place;

/* ---- finding ------------------------------------------------------------ */

static int check_kind(place *p)
{
  if (stat(p->path, &p->before) != 0)
    return errno == ENOENT ? 0 : errno;
  p->was_there = true;
  if (S_ISDIR(p->before.st_mode))
    return EISDIR;
  return S_ISREG(p->before.st_mode) ? 0 : EINVAL;
}

/* Whether the link may be followed, by the rule that Linux has for what it
 * calls protected symlinks, which not every system has switched on: where
 * others may make links in a directory, theirs lead nowhere. A link of root's
 * and one of the directory's owner are fine. */
static bool is_trusted(const char *path, const struct stat *link)
{
  struct stat directory;
  char *name;
  bool trusted;
  if (link->st_uid == geteuid() || link->st_uid == 0)
    return true;
  name = dcc_directory_of(path);
  trusted = name != NULL &&
            stat(name[0] != '\0' ? name : "/", &directory) == 0 &&
            (link->st_uid == directory.st_uid ||
             (directory.st_mode & (S_IWGRP | S_IWOTH)) == 0);
  free(name);
  return trusted;
}

/* Replaces the path of a link by what the link says. */
static int follow(char path[PATH_MAX])
{
  char to[PATH_MAX], whole[2 * PATH_MAX];
  ssize_t n = readlink(path, to, sizeof to - 1);
  size_t kept = (size_t)(strrchr(path, '/') - path) + 1;
  if (n < 0)
    return errno;
  to[n] = '\0';
  if (to[0] == '/')
    kept = 0;
  memcpy(whole, path, kept);
  memcpy(whole + kept, to, (size_t)n + 1);
  if (kept + (size_t)n >= PATH_MAX)
    return ENAMETOOLONG;
  memcpy(path, whole, kept + (size_t)n + 1);
  return 0;
}

static int find(place *p, const char *path)
{
  struct stat status;
  int number = 0, links = 0;
  if (strlen(path) + 2 >= sizeof p->path)
    return ENAMETOOLONG;
  strcpy(p->path, strchr(path, '/') == NULL ? "./" : "");
  strcat(p->path, path);
  while (number == 0 && lstat(p->path, &status) == 0 &&
         S_ISLNK(status.st_mode))
    number = ++links <= LINKS_MAX && is_trusted(p->path, &status)
               ? follow(p->path) : ELOOP;
  if (number == 0)
    number = check_kind(p);
  return number == 0 && links > 0 && !p->was_there ? ENOENT : number;
}

static const char *base_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* The same name in the same directory. */
static bool is_same(const place *a, const place *b)
{
  struct stat one, other;
  char *first, *second;
  bool same;
  if (strcmp(base_of(a->path), base_of(b->path)) != 0)
    return false;
  first = dcc_directory_of(a->path);
  second = dcc_directory_of(b->path);
  same = first != NULL && second != NULL &&
         stat(first[0] != '\0' ? first : "/", &one) == 0 &&
         stat(second[0] != '\0' ? second : "/", &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
  free(first);
  free(second);
  return same;
}

static int find_all(place *places, const dcc_file *files, size_t count,
                    size_t *which)
{
  int number = 0;
  for (size_t n = 0; number == 0 && n < count; n++) {
    *which = n;
    number = find(&places[n], files[n].path);
    for (size_t i = 0; number == 0 && i < n; i++)
      if (is_same(&places[i], &places[n]))
        number = EEXIST;
  }
  return number;
}

/* ---- writing ------------------------------------------------------------ */

/* A name that is not there yet, beside the place. */
static int name_beside(const place *p, const char *kind, char **name)
{
  char *made = dcc_directory_of(p->path);
  int number = made != NULL ? dcc_add_file_name(made, kind) : ENOMEM;
  if (number != 0) {
    free(made);
    return number;
  }
  *name = made;
  return 0;
}

static int write_one(place *p, const dcc_file *file)
{
  char *name = NULL;
  mode_t mode = file->is_key ? DCC_KEY_MODE
                : p->was_there ? p->before.st_mode & 0777 : USUAL_MODE;
  int number = name_beside(p, "new", &name);
  if (number == 0)
    number = dcc_new_file(name, file->bytes, file->n, mode,
                          file->is_key || p->was_there,
                          p->was_there && !file->is_key ? &p->before : NULL);
  if (number != 0)
    free(name);
  else
    p->fresh = name;
  return number;
}

/* Keeps what is there by another link. Where the system has no links, or
 * allows none here, there is nothing to go back to. */
static int keep_old(place *p)
{
  char *name = NULL;
  int number = p->was_there ? name_beside(p, "old", &name) : 0;
  if (name == NULL)
    return number;
  if (link(p->path, name) == 0)
    p->old = name;
  else
    free(name);
  return 0;
}

static int move(place *p)
{
  if (rename(p->fresh, p->path) != 0)
    return errno;
  free(p->fresh);
  p->fresh = NULL;
  p->moved = true;
  return 0;
}

static void move_back(place *p)
{
  if (p->old != NULL && rename(p->old, p->path) == 0) {
    free(p->old);
    p->old = NULL;
  } else if (!p->was_there) {
    (void)unlink(p->path);
  }
}

/* Takes a step for each of the files; at the first failure `which` is its
 * place. */
static int write_all(place *places, const dcc_file *files, size_t count,
                     size_t *which)
{
  int number = 0;
  for (size_t i = 0; number == 0 && i < count; i++) {
    *which = i;
    number = write_one(&places[i], &files[i]);
  }
  for (size_t i = 0; number == 0 && i < count; i++) {
    *which = i;
    number = keep_old(&places[i]);
  }
  for (size_t i = 0; number == 0 && i < count; i++) {
    *which = i;
    number = move(&places[i]);
  }
  return number;
}

static void remove_name(char *name)
{
  if (name != NULL)
    (void)unlink(name);
  free(name);
}

/* Brings what was done to the disk, or takes it back; leaves nothing beside
 * the places. */
static void finish(place *p, bool good)
{
  char *directory;
  if (!good && p->moved)
    move_back(p);
  remove_name(p->fresh);
  remove_name(p->old);
  directory = p->moved ? dcc_directory_of(p->path) : NULL;
  if (directory != NULL)
    dcc_sync_directory(directory);
  free(directory);
}

int dcc_files_write(const dcc_file *files, size_t count, size_t *which)
{
  place places[DCC_FILES_MAX];
  int number;
  if (count > DCC_FILES_MAX) {
    *which = DCC_FILES_MAX;
    return E2BIG;
  }
  memset(places, 0, sizeof places);
  number = find_all(places, files, count, which);
  if (number == 0)
    number = write_all(places, files, count, which);
  for (size_t i = count; i-- > 0;)
    finish(&places[i], number == 0);
  return number;
}

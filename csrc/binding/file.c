/* file.c: a file of lines that several processes append to, for the journal:
 * core.append, core.contents, core.absolute.
 *
 * The file is opened anew for each step and locked with flock(2). A lock
 * belongs to the open file: one that a fork has shared would keep parent and
 * child from nothing, and one held open would go on writing into a file that
 * was rotated away. What fcntl(2) locks belongs to the process, so that two
 * threads or Lua states of one would not exclude each other. Opening costs
 * next to nothing beside the fsync(2). */
#define _XOPEN_SOURCE 700 /* realpath */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/buffer.h"
#include "lcc.h"

#define LCC_FILE "certcentral.file"

enum {
  PATH_SIZE = 4096,
  REOPEN_MAX = 100, /* files rotated away one after the other */
  FOR_READING = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
  FOR_APPENDING = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
};

/* An open file and what was read of it. The userdata owns both, whatever
 * raises meanwhile. */
typedef struct lcc_file {
  int fd; /* -1: none */
  dcc_buffer text;
  const char *step; /* what failed first; NULL: nothing */
  int number;       /* why: its errno */
} lcc_file;

/* Keeps the first failure and returns false, for `return failed(...)`. */
static bool failed(lcc_file *f, const char *step)
{
  if (f->step == NULL) {
    f->step = step;
    f->number = errno;
  }
  return false;
}

/* Closing gives the lock up. */
static void release(lcc_file *f)
{
  if (f->fd >= 0)
    (void)close(f->fd);
  f->fd = -1;
}

static int file_gc(lua_State *L)
{
  lcc_file *f = luaL_checkudata(L, 1, LCC_FILE);
  release(f);
  dcc_buffer_free(&f->text);
  return 0;
}

/* Pushes an lcc_file that is not open. */
static lcc_file *push_file(lua_State *L)
{
  lcc_file *f = LCC_NEWUSERDATA(L, sizeof *f);
  *f = (lcc_file){.fd = -1};
  luaL_newmetatable(L, LCC_FILE);
  lua_pushcfunction(L, file_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return f;
}

/* ---- opening ----------------------------------------------------------- */

/* Opens the file; one that is to be appended to is made where it is not
 * there. */
static bool open_file(lcc_file *f, const char *path, int flags)
{
  f->fd = open(path, flags);
  if (f->fd < 0 && errno == ENOENT && flags == FOR_APPENDING)
    f->fd = open(path, flags | O_CREAT, S_IRUSR | S_IWUSR);
  return f->fd >= 0 || failed(f, "be opened");
}

/* Whether the path still leads to the open file. */
static bool is_current(const lcc_file *f, const char *path)
{
  struct stat ours, now;
  return fstat(f->fd, &ours) == 0 && stat(path, &now) == 0 &&
         ours.st_dev == now.st_dev && ours.st_ino == now.st_ino;
}

/* Opens the file and waits for its lock, until that is the lock of the file
 * which the path leads to: another process may move it away meanwhile. */
static bool open_locked(lcc_file *f, const char *path, int flags, int lock)
{
  for (int i = 0; i < REOPEN_MAX; i++) {
    release(f);
    if (!open_file(f, path, flags))
      return false;
    while (flock(f->fd, lock) != 0)
      if (errno != EINTR)
        return failed(f, "be locked");
    if (is_current(f, path))
      return true;
  }
  errno = EAGAIN;
  return failed(f, "be opened");
}

/* ---- appending --------------------------------------------------------- */

static bool write_all(lcc_file *f, const char *s, size_t n)
{
  while (n > 0) {
    ssize_t written = write(f->fd, s, n);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return failed(f, "be written");
    s += written;
    n -= (size_t)written;
  }
  return true;
}

/* A process that died may have left half a line, which must not take ours
 * with it. */
static bool end_cut_line(lcc_file *f, off_t size)
{
  char last = '\n';
  if (size > 0 && pread(f->fd, &last, 1, size - 1) != 1)
    return failed(f, "be read");
  return last == '\n' || write_all(f, "\n", 1);
}

/* Brings the name of the file to the disk: that of the file itself where the
 * path is a symbolic link. A directory that may be written to and not read
 * cannot be opened for this, and not every file system knows how. A name that
 * has just been moved away is there already. */
static bool sync_directory(lcc_file *f, const char *path)
{
  char real[PATH_MAX];
  char *slash;
  int fd;
  bool good;
  if (realpath(path, real) == NULL)
    return errno == ENOENT || failed(f, "be found");
  slash = strrchr(real, '/');
  slash[slash == real] = '\0';
  fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == EACCES || failed(f, "be flushed with its directory");
  good = fsync(fd) == 0 || errno == EINVAL ||
         failed(f, "be flushed with its directory");
  (void)close(fd);
  return good;
}

/* Appends to the open and locked file. Whoever writes the first line flushes
 * the directory, so that a file with a line has a name that lasts. What fails
 * is taken back; where even that fails, it stays behind as a line that
 * readers skip, or as one that says what was to be done and was not. */
static bool append(lcc_file *f, const char *path, const char *s, size_t n)
{
  struct stat before;
  if (fstat(f->fd, &before) != 0)
    return failed(f, "be read");
  if ((before.st_size > 0 || sync_directory(f, path)) &&
      end_cut_line(f, before.st_size) && write_all(f, s, n) &&
      (fsync(f->fd) == 0 || failed(f, "be flushed")))
    return true;
  while (ftruncate(f->fd, before.st_size) != 0 && errno == EINTR)
    ;
  return false;
}

/* ---- reading ----------------------------------------------------------- */

/* Reads as much as the file's size says: nothing of a device. */
static bool read_all(lcc_file *f)
{
  struct stat now;
  ssize_t n = 1;
  char *to;
  if (fstat(f->fd, &now) != 0)
    return failed(f, "be read");
  if (now.st_size <= 0)
    return true;
  to = dcc_buffer_reserve(&f->text, (size_t)now.st_size);
  if (to == NULL) {
    errno = ENOMEM;
    return failed(f, "be read");
  }
  while (n != 0 && f->text.length < (size_t)now.st_size) {
    n = read(f->fd, to + f->text.length,
             (size_t)now.st_size - f->text.length);
    if (n < 0 && errno != EINTR)
      return failed(f, "be read");
    f->text.length += n > 0 ? (size_t)n : 0;
  }
  return true;
}

/* ---- for Lua ----------------------------------------------------------- */

static const char *check_path(lua_State *L)
{
  size_t length;
  const char *path = luaL_checklstring(L, 1, &length);
  luaL_argcheck(L, length > 0 && strlen(path) == length, 1,
                "path without NUL expected");
  return path;
}

/* nil and a message: "cannot be opened: no such file or directory" */
static int push_failure(lua_State *L, const char *step, int number)
{
  char reason[256];
  if (strerror_r(number, reason, sizeof reason) != 0)
    strcpy(reason, "unknown error");
  if (reason[0] >= 'A' && reason[0] <= 'Z' &&
      ((reason[1] >= 'a' && reason[1] <= 'z') || reason[1] == ' '))
    reason[0] = (char)(reason[0] + ('a' - 'A'));
  lua_pushnil(L);
  lua_pushfstring(L, "cannot %s: %s", step, reason);
  return 2;
}

/* append(path, text) -> true once it is on the disk; or nil, message, and
 * the file is as it was. Whoever appends or reads this way waits for the
 * others. An empty text appends nothing: it tells whether the file is there
 * or can be made, and can be written to. */
int lcc_append(lua_State *L)
{
  const char *path = check_path(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  lcc_file *f = push_file(L);
  bool good = length == 0
                ? open_file(f, path, FOR_APPENDING)
                : open_locked(f, path, FOR_APPENDING, LOCK_EX) &&
                    append(f, path, text, length);
  release(f);
  if (!good)
    return push_failure(L, f->step, f->number);
  lua_pushboolean(L, 1);
  return 1;
}

/* contents(path) -> the whole text, "" where there is no file; or nil,
 * message */
int lcc_contents(lua_State *L)
{
  const char *path = check_path(L);
  lcc_file *f = push_file(L);
  bool good = open_locked(f, path, FOR_READING, LOCK_SH) && read_all(f);
  bool missing = f->fd < 0 && f->number == ENOENT;
  release(f);
  if (!good && !missing)
    return push_failure(L, f->step, f->number);
  lua_pushlstring(L, f->text.length > 0 ? f->text.data : "",
                  f->text.length);
  dcc_buffer_free(&f->text);
  return 1;
}

/* absolute(path) -> the path from the root; or nil, message */
int lcc_absolute(lua_State *L)
{
  char here[PATH_SIZE];
  const char *path = check_path(L);
  if (path[0] == '/')
    lua_pushstring(L, path);
  else if (getcwd(here, sizeof here) == NULL)
    return push_failure(L, "be found", errno);
  else
    lua_pushfstring(L, "%s/%s", here, path);
  return 1;
}

/* is_terminal(fd) -> whether a person may be looking at it */
int lcc_is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

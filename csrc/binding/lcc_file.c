/* lcc_file.c: the files that processes share, for the journal and the store:
 * core.append, core.lock, core.create, core.replace, core.directory,
 * core.real_path, core.modified, core.is_private, core.root_alone_reads,
 * core.absolute. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../file/dcc_file.h"
#include "lcc_parts.h"

#define LCC_LOCK "certcentral.lock"

/* A lock that is held, or that is being asked for. The userdata owns the
 * file, whatever raises meanwhile. */
typedef struct lcc_lock {
  dcc_file_handle file;
  char path[]; /* and a NUL */
} lcc_lock;

static int lock_gc(lua_State *L)
{
  lcc_lock *lock = luaL_checkudata(L, 1, LCC_LOCK);
  dcc_file_release(&lock->file);
  return 0;
}

static const char *check_path(lua_State *L, int index)
{
  size_t length;
  const char *path = luaL_checklstring(L, index, &length);
  luaL_argcheck(L, length > 0 && strlen(path) == length, index,
                "path without NUL expected");
  return path;
}

/* Writes why, with its first letter in lower case where a small one follows:
 * "no such file or directory". */
enum { REASON_SIZE = 256 };
static const char *reason_of(int number, char to[REASON_SIZE])
{
  if (strerror_r(number, to, REASON_SIZE) != 0)
    strcpy(to, "unknown error");
  if (to[0] >= 'A' && to[0] <= 'Z' &&
      ((to[1] >= 'a' && to[1] <= 'z') || to[1] == ' '))
    to[0] = (char)(to[0] + ('a' - 'A'));
  return to;
}

/* nil and a message: "cannot be opened: no such file or directory" */
static int push_failure(lua_State *L, const char *step, int number)
{
  char reason[REASON_SIZE];
  lua_pushnil(L);
  lua_pushfstring(L, "cannot %s: %s", step, reason_of(number, reason));
  return 2;
}

/* false and who has the lock; or nil and a message. */
static int push_refusal(lua_State *L, const dcc_file_handle *f)
{
  char holder[64] = "another process";
  if (!f->busy)
    return push_failure(L, f->step, f->number);
  if (f->holder > 0)
    snprintf(holder, sizeof holder, "process %ld", f->holder);
  lua_pushboolean(L, 0);
  lua_pushstring(L, holder);
  return 2;
}

/* true; or nil and a message */
static int push_outcome(lua_State *L, const char *step, int number)
{
  if (number != 0)
    return push_failure(L, step, number);
  lua_pushboolean(L, 1);
  return 1;
}

/* ---- appending --------------------------------------------------------- */

/* append(path, text) -> true once it is on the disk; false, holder where
 * another is writing; or nil, message, and the file is as it was. An empty
 * text appends nothing: it shows whether the file is there or can be made,
 * and can be written to. No Lua call is made while the file is open. */
int lcc_append(lua_State *L)
{
  const char *path = check_path(L, 1);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  dcc_file_handle f = {.fd = -1};
  bool good = length == 0 ? dcc_file_open(&f, path)
                          : dcc_file_lock(&f, path) &&
                              dcc_file_append(&f, path, text, length);
  dcc_file_release(&f);
  if (!good)
    return push_refusal(L, &f);
  lua_pushboolean(L, 1);
  return 1;
}

/* ---- locks ------------------------------------------------------------- */

/* lock(path) -> lock; false, holder where another has it; or nil, message */
int lcc_lock_file(lua_State *L)
{
  const char *path = check_path(L, 1);
  size_t size = strlen(path) + 1;
  lcc_lock *lock = LCC_NEWUSERDATA(L, sizeof *lock + size);
  lock->file = (dcc_file_handle){.fd = -1};
  memcpy(lock->path, path, size);
  luaL_getmetatable(L, LCC_LOCK);
  lua_setmetatable(L, -2);
  if (!dcc_file_lock(&lock->file, lock->path))
    return push_refusal(L, &lock->file);
  return 1;
}

static lcc_lock *check_held(lua_State *L)
{
  lcc_lock *lock = luaL_checkudata(L, 1, LCC_LOCK);
  luaL_argcheck(L, lock->file.fd >= 0, 1, "the lock was released");
  return lock;
}

/* lock:note(text) -> true; or nil, message: what others can read of it */
static int lock_note(lua_State *L)
{
  lcc_lock *lock = check_held(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  if (!dcc_file_note(&lock->file, text, length))
    return push_refusal(L, &lock->file);
  lua_pushboolean(L, 1);
  return 1;
}

/* lock:release(remove): gives the lock up, and before that removes the file
 * where that is asked for; released already is fine */
static int lock_release(lua_State *L)
{
  lcc_lock *lock = luaL_checkudata(L, 1, LCC_LOCK);
  if (lua_toboolean(L, 2))
    dcc_file_remove(&lock->file, lock->path);
  else
    dcc_file_release(&lock->file);
  return 0;
}

/* ---- files and directories --------------------------------------------- */

int lcc_create_file(lua_State *L)
{
  return push_outcome(L, "be made", dcc_file_create(check_path(L, 1)));
}

/* replace(from, to) -> true; or nil, message */
int lcc_replace_file(lua_State *L)
{
  const char *from = check_path(L, 1), *to = check_path(L, 2);
  return push_outcome(L, "be replaced", dcc_file_replace(from, to));
}

/* directory(path) -> true once it is there; or nil, message */
int lcc_directory(lua_State *L)
{
  return push_outcome(L, "be made", dcc_make_directory(check_path(L, 1)));
}

/* modified(path) -> seconds since 1970, whether it is a plain file; or nil,
 * message, whether it is not there */
int lcc_modified(lua_State *L)
{
  dcc_file_facts file;
  int number = dcc_file_look(check_path(L, 1), &file);
  if (number != 0) {
    (void)push_failure(L, "be read", number);
    lua_pushboolean(L, number == ENOENT);
    return 3;
  }
  lua_pushnumber(L, (lua_Number)file.modified);
  lua_pushboolean(L, file.is_plain);
  return 2;
}

/* is_private(path) -> whether nobody but its owner may read or change the
 * file; or nil, message */
int lcc_is_private(lua_State *L)
{
  dcc_file_facts file;
  int number = dcc_file_look(check_path(L, 1), &file);
  if (number != 0)
    return push_failure(L, "be read", number);
  lua_pushboolean(L, file.is_private);
  return 1;
}

/* root_alone_reads(path) -> the file, or its directory, that root alone may
 * use; false where other users can read the file, as far as modes tell; or
 * nil, message */
int lcc_root_alone_reads(lua_State *L)
{
  char where[DCC_PATH_SIZE];
  bool found;
  int number = dcc_find_root_alone(check_path(L, 1), where, &found);
  if (number != 0)
    return push_failure(L, "be found", number);
  if (found)
    lua_pushstring(L, where);
  else
    lua_pushboolean(L, 0);
  return 1;
}

/* real_path(path) -> the path without symbolic links; or nil, message */
int lcc_real_path(lua_State *L)
{
  char real[DCC_PATH_SIZE];
  int number = dcc_real_path(check_path(L, 1), real);
  if (number != 0)
    return push_failure(L, "be found", number);
  lua_pushstring(L, real);
  return 1;
}

/* absolute(path) -> the path from the root; or nil, message */
int lcc_absolute(lua_State *L)
{
  char here[DCC_PATH_SIZE];
  const char *path = check_path(L, 1);
  int number = path[0] == '/' ? 0 : dcc_working_directory(here);
  if (number != 0)
    return push_failure(L, "be found", number);
  if (path[0] == '/')
    lua_pushstring(L, path);
  else
    lua_pushfstring(L, "%s/%s", here, path);
  return 1;
}

void lcc_open_files(lua_State *L)
{
  static const luaL_Reg methods[] = {{"note", lock_note},
                                     {"release", lock_release},
                                     {"__gc", lock_gc},
                                     {NULL, NULL}};
  lcc_new_type(L, LCC_LOCK, methods);
}

/* dcc_file.h: files that several processes use at once: lines appended to
 * one file, and locks. POSIX, without Lua.
 *
 * Locks are flock(2)'s. Such a lock belongs to the open file, so that two
 * threads or Lua states of one process exclude each other, which fcntl(2)'s
 * locks do not, and the kernel gives it back when the process dies, however
 * it dies. A file is opened anew for each lock: one held open would go on
 * writing into a file that was rotated away. On a network file system flock
 * may lock nothing: that is no place for these files. No call waits for a
 * lock. */
#ifndef DCC_FILE_H
#define DCC_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* An open file; { .fd = -1 } is none. */
typedef struct dcc_file_handle {
  int fd;
  const char *step; /* what failed first, as in "cannot be opened"; NULL:
                       nothing did */
  int number;       /* why: its errno */
  bool busy;        /* nothing failed, but another has the lock */
  long holder;      /* of busy: the other's process id; 0: not known */
} dcc_file_handle;

/* Closes the file, which gives up its lock. */
void dcc_file_release(dcc_file_handle *f);

/* Opens a file that others append to, too; makes it, readable by its owner
 * only, where it is not there. Nothing is locked. */
bool dcc_file_open(dcc_file_handle *f, const char *path);

/* Opens it (as above) and takes its lock. Returns false where that fails,
 * and where another has the lock (`busy`). */
bool dcc_file_lock(dcc_file_handle *f, const char *path);

/* Appends n bytes to a locked file and has them on the disk. Where that fails
 * the file is as it was. What a process that died has left of a line is ended
 * first, so that it does not take ours with it. */
bool dcc_file_append(dcc_file_handle *f, const char *path, const char *s,
                     size_t n);

/* Replaces the contents of a locked file with n bytes; they need not reach
 * the disk. */
bool dcc_file_note(dcc_file_handle *f, const char *s, size_t n);

/* Makes an empty file of mode 0600 in place of what is at `path`. Returns 0
 * or an errno. */
int dcc_file_create(const char *path);

/* Brings the file `from` to the disk and puts it in the place of `to`, whose
 * owner and mode it takes. Returns 0 or an errno. */
int dcc_file_replace(const char *from, const char *to);

/* Makes a directory for its owner only, and those above it. Returns 0, also
 * where it is there already, or an errno. */
int dcc_make_directory(const char *path);

#endif

/* dcc_file.h: files: those that several processes use at once, with lines
 * appended and locks; new ones for keys; and several that are replaced
 * together. POSIX, without Lua. What fails gives an errno, and where several
 * files are concerned, which of them.
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
#include <stdint.h>

#include "../core/buffer.h"

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

/* Removes the locked file at that path, and gives up its lock. */
void dcc_file_remove(dcc_file_handle *f, const char *path);

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

/* ---- files of this process ---------------------------------------------- */

/* Writes n bytes to a new file at `path` that its owner alone may read and
 * write. It appears whole and on the disk, or not at all; a file that is
 * there stays as it is. Returns 0 or an errno, EEXIST for such a file. */
int dcc_key_file_write(const char *path, const char *bytes, size_t n);

/* One of the files that are written together. */
typedef struct dcc_file {
  const char *path;
  const char *bytes;
  size_t n;
  bool is_key; /* its owner alone may read and write it */
} dcc_file;

/* The most files that are written together. */
enum { DCC_FILES_MAX = 8 };

/* Writes all of these files, or none: each to a file of another name beside
 * its place, to the disk; only when all are there do they replace what is in
 * their places, one directly after the other, and where one of these steps
 * fails the earlier ones are taken back. Only a process that dies within them
 * leaves some files new and others old, and may leave a file ".old-..." with
 * what one of them was. A symbolic link stays, and what it leads to is
 * replaced, unless another user has put it where others may write. A key is
 * the effective user's, whoever owned the file that it replaces; other files
 * keep the mode they had (0644 less the umask where there was none), and
 * their owner where the system allows that.
 * Returns 0; or an errno, with the place of the file concerned in `which`:
 * EISDIR for a directory, EINVAL for another thing that is no file, EEXIST
 * for one named twice, ELOOP for a link that is not to be followed. */
int dcc_files_write(const dcc_file *files, size_t count, size_t *which);

/* Appends a file's contents, up to `limit` bytes. Returns 0 or an errno,
 * EFBIG for a larger one, EINVAL for what is no file. */
int dcc_file_read(const char *path, size_t limit, dcc_buffer *to);

/* ---- what there is ------------------------------------------------------ */

typedef struct dcc_file_facts {
  int64_t modified; /* seconds since 1970 */
  bool is_plain;    /* it is a file, no directory or device */
  bool is_private;  /* nobody but its owner may read or change it */
} dcc_file_facts;

/* Fills in the facts of what is at the path. Returns 0 or an errno. */
int dcc_file_look(const char *path, dcc_file_facts *facts);

/* Write the path, from the root and without symbolic links; the directory
 * that this process is in. Return 0 or an errno. */
enum { DCC_PATH_SIZE = 4096 };
int dcc_real_path(const char *path, char to[DCC_PATH_SIZE]);

/* Whether root alone may use a file, as far as modes say: its real path up to
 * what is for root, a directory or the file itself, in `where`. Returns 0 or
 * errno. */
int dcc_find_root_alone(const char *path, char where[DCC_PATH_SIZE],
                        bool *found);
int dcc_working_directory(char to[DCC_PATH_SIZE]);

#endif

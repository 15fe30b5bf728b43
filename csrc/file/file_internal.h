/* file_internal.h: what the files of csrc/file share */
#ifndef DCC_FILE_INTERNAL_H
#define DCC_FILE_INTERNAL_H

#include <sys/stat.h>

#include "dcc_file.h"

/* holder.c: the process that has the lock of an open file; 0 where the system
 * does not say. */
long dcc_file_holder(int fd);

/* append.c: keeps the first failure and returns false, for
 * `return dcc_file_failed(...)`. */
bool dcc_file_failed(dcc_file_handle *f, const char *step);

/* Brings the name of the file to the disk: that of the file itself where the
 * path is a symbolic link. */
bool dcc_file_sync_name(dcc_file_handle *f, const char *path);

/* create.c: what files are made of. */

/* Writes all of n bytes, however often the system stops on the way. Returns
 * 0 or an errno. */
int dcc_write_all(int fd, const char *bytes, size_t n);

/* The mode of a private key, whatever the umask. */
enum { DCC_KEY_MODE = S_IRUSR | S_IWUSR };

/* The part of a path in front of its last '/'; "." where there is none. The
 * caller frees it; NULL: out of memory. There is room for a name behind. */
char *dcc_directory_of(const char *path);

/* Appends "/.", three letters of a kind, "-" and random letters. Returns 0 or
 * an errno. */
int dcc_add_file_name(char *directory, const char *kind);

/* Writes a file that was not there, to the disk; owned as `like` says, where
 * that is not NULL and this process may. The mode holds `exactly`, or as the
 * umask leaves it. Returns 0; or an errno, and there is no file. */
int dcc_new_file(const char *name, const char *bytes, size_t n, mode_t mode,
                 bool exactly, const struct stat *like);

/* Brings new entries to the disk. Not every file system can: the files
 * themselves are there. */
void dcc_sync_directory(const char *directory);

#endif

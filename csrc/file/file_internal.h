/* file_internal.h: what the files of csrc/file share */
#ifndef DCC_FILE_INTERNAL_H
#define DCC_FILE_INTERNAL_H

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

#endif

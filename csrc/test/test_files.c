/* test_files.c: dcc_files_write() where the system fails it at each step: no
 * file may change, none may be left beside them. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../file/dcc_file.h"

/* ---- a system that fails at a wish ---- */

static int renames, bad_rename; /* which one fails; 0: none */
static bool no_fsync;

int rename(const char *from, const char *to)
{
  if (++renames == bad_rename) {
    errno = EIO;
    return -1;
  }
  if (link(from, to) != 0) { /* in terms of what is not replaced here */
    (void)unlink(to);
    if (link(from, to) != 0)
      return -1;
  }
  return unlink(from);
}

int fsync(int fd)
{
  (void)fd;
  errno = EIO;
  return no_fsync ? -1 : 0;
}

/* Who owns the links, as far as the code is told; what it wants to give
 * away. */
static uid_t link_owner;
static bool links_owned;
static int given, bad_given; /* files, keys among them */

int lstat(const char *path, struct stat *status)
{
  int got = fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
  if (got == 0 && S_ISLNK(status->st_mode) && links_owned)
    status->st_uid = link_owner;
  return got;
}

int fchown(int fd, uid_t owner, gid_t group)
{
  struct stat status;
  (void)owner, (void)group;
  given++;
  bad_given += fstat(fd, &status) == 0 && (status.st_mode & 0777) == 0600;
  return 0;
}

/* ---- the directory ---- */

static char directory[] = "/tmp/dcc-files-XXXXXX";
static const char *const names[] = {"key", "leaf", "chain"};
enum { FILES = COUNT(names) };

static const char *in_directory(const char *name)
{
  static char paths[4][64];
  static int next;
  next = (next + 1) % 4;
  snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
  return paths[next];
}

static int entries(void)
{
  DIR *d = opendir(directory);
  int count = 0;
  while (d != NULL && readdir(d) != NULL)
    count++;
  if (d != NULL)
    closedir(d);
  return count - 2;
}

static void fill(const char *name, const char *text)
{
  FILE *f = fopen(in_directory(name), "wb");
  if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
    abort();
}

static bool holds(const char *name, const char *text)
{
  char bytes[64] = "";
  FILE *f = fopen(in_directory(name), "rb");
  size_t n = f != NULL ? fread(bytes, 1, sizeof bytes - 1, f) : 0;
  if (f != NULL)
    fclose(f);
  return f != NULL && n == strlen(text) && strcmp(bytes, text) == 0;
}

static void clear(void)
{
  for (size_t i = 0; i < FILES; i++)
    (void)unlink(in_directory(names[i]));
}

static int write_files(size_t *which)
{
  char paths[FILES][64];
  dcc_file files[FILES];
  for (size_t i = 0; i < FILES; i++) {
    snprintf(paths[i], sizeof paths[i], "%s/%s", directory, names[i]);
    files[i] = (dcc_file){paths[i], "new", 3, i == 0};
  }
  renames = 0;
  return dcc_files_write(files, FILES, which);
}

/* ---- the tests ---- */

/* The n-th file cannot be moved; `there`: which ones were there, as bits. */
static void test_rename(int n, unsigned there)
{
  size_t which = 9;
  int count = 0, number;
  clear();
  for (unsigned i = 0; i < FILES; i++)
    if (there >> i & 1) {
      fill(names[i], "old");
      count++;
    }
  bad_rename = n;
  number = write_files(&which);
  bad_rename = 0;
  expect(number == EIO && which == (size_t)n - 1, "%d: error %d at %zu", n,
         number, which);
  for (unsigned i = 0; i < FILES; i++)
    if (there >> i & 1)
      expect(holds(names[i], "old"), "%d: %s was changed", n, names[i]);
  expect(entries() == count, "%d: %d files of %d", n, entries(), count);
}

static void test_good(void)
{
  struct stat status;
  size_t which;
  clear();
  fill("leaf", "old");
  expect(write_files(&which) == 0, "not written: %s", strerror(errno));
  for (size_t i = 0; i < FILES; i++) {
    expect(holds(names[i], "new"), "%s is not new", names[i]);
    expect(stat(in_directory(names[i]), &status) == 0 &&
               status.st_nlink == 1, "%s has another link", names[i]);
  }
  expect(stat(in_directory("key"), &status) == 0 &&
             (status.st_mode & 07777) == 0600, "the key's mode");
  expect(entries() == FILES, "something was left");
}

static void test_fsync(void)
{
  size_t which = 9;
  clear();
  fill("key", "old");
  no_fsync = true;
  expect(write_files(&which) == EIO && which == 0, "no error at %zu", which);
  no_fsync = false;
  expect(holds("key", "old") && entries() == 1, "not as it was");
}

static void test_many(void)
{
  static dcc_file files[DCC_FILES_MAX + 1];
  size_t which = 0;
  expect(dcc_files_write(files, DCC_FILES_MAX + 1, &which) == E2BIG,
         "too many were taken");
  expect(dcc_files_write(files, 0, &which) == 0, "none was refused");
}

static void test_read(void)
{
  dcc_buffer text = {0};
  clear();
  fill("key", "12345");
  expect(dcc_file_read(in_directory("key"), 5, &text) == 0 &&
             text.length == 5 && memcmp(text.data, "12345", 5) == 0,
         "not read");
  dcc_buffer_free(&text);
  expect(dcc_file_read(in_directory("key"), 4, &text) == EFBIG,
         "too large and read");
  dcc_buffer_free(&text);
  expect(dcc_file_read(in_directory("none"), 4, &text) == ENOENT, "no ENOENT");
  expect(dcc_file_read(directory, 4, &text) == EISDIR, "no EISDIR");
  expect(dcc_file_read("/dev/zero", 4, &text) == EINVAL, "no EINVAL");
  dcc_buffer_free(&text);
}

/* A key belongs to whoever wrote it, other files to whom they belonged. */
static void test_owner(void)
{
  size_t which;
  clear();
  for (size_t i = 0; i < FILES; i++)
    fill(names[i], "old");
  given = bad_given = 0;
  expect(write_files(&which) == 0, "not written");
  expect(given == FILES - 1 && bad_given == 0,
         "%d files were given away, %d of them keys", given, bad_given);
}

/* A link at the place of the key, to a file or to another link to it. */
static void test_link(uid_t owner, mode_t mode, int expected, bool twice)
{
  size_t which = 9;
  int number;
  clear();
  fill("other", "old");
  if (symlink(twice ? "second" : in_directory("other"),
              in_directory("key")) != 0 ||
      (twice && symlink("other", in_directory("second")) != 0) ||
      chmod(directory, mode) != 0)
    abort();
  links_owned = true;
  link_owner = owner;
  number = write_files(&which);
  links_owned = false;
  expect(number == expected && (number == 0 || which == 0),
         "a link of %u in a directory of mode %o: error %d", (unsigned)owner,
         (unsigned)mode, number);
  expect(holds("other", expected == 0 ? "new" : "old"), "what it leads to");
  (void)unlink(in_directory("other"));
  (void)unlink(in_directory("second"));
  (void)chmod(directory, 0700);
}

static void test_links(void)
{
  const uid_t stranger = geteuid() + 1;
  size_t which;
  for (int twice = 0; twice < 2; twice++) {
    test_link(geteuid(), 01777, 0, twice);
    test_link(0, 01777, 0, twice);
    test_link(stranger, 0755, 0, twice);
    test_link(stranger, 01777, ELOOP, twice);
    test_link(stranger, 0777, ELOOP, twice);
    test_link(stranger, 0775, ELOOP, twice);
  }
  clear();
  if (symlink("key", in_directory("key")) != 0)
    abort();
  expect(write_files(&which) == ELOOP && which == 0, "a circle");
}

int main(void)
{
  if (mkdtemp(directory) == NULL)
    abort();
  test_good();
  for (int n = 1; n <= FILES; n++)
    for (unsigned there = 0; there < 1u << FILES; there++)
      test_rename(n, there);
  test_fsync();
  test_owner();
  test_links();
  test_many();
  test_read();
  clear();
  expect(rmdir(directory) == 0, "the directory is not empty");
  return end_of_test();
}

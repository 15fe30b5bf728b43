#include "dcc_suffix.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "../core/ascii.h"

/* Of libpsl.h, which only libpsl's development package has: the ICANN part,
 * without the rule that any unknown top-level domain is a public suffix. */
enum { TYPE_ICANN = 1 << 0, TYPE_NO_STAR_RULE = 1 << 2 };
enum { NAME_MAX_BYTES = 253 };

typedef void *latest_function(const char *file);
typedef int is_suffix_function(const void *list, const char *name, int type);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const void *list; /* NULL: there is none */
static is_suffix_function *is_suffix;

/* The pointer is copied as bytes: ISO C has no cast from an object's to a
 * function's, POSIX's dlsym() wants one. */
static bool find(void *library, const char *name, void *function, size_t size)
{
  void *found = dlsym(library, name);
  memcpy(function, &found, size);
  return found != NULL;
}

/* The library and its list stay: other threads may be in it at any time. */
static void load(void)
{
  latest_function *latest;
  void *library = dlopen("libpsl.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library != NULL &&
      find(library, "psl_latest", &latest, sizeof latest) &&
      find(library, "psl_is_public_suffix2", &is_suffix, sizeof is_suffix))
    list = latest(NULL); /* the system's, or the built-in one if newer */
}

/* libpsl counts a name with a rule for all names below it, as kawasaki.jp, as
 * a public suffix, too. */
dcc_suffix dcc_suffix_listed(const char *name, size_t n)
{
  char text[NAME_MAX_BYTES + 1];
  if (pthread_once(&once, load) != 0 || list == NULL)
    return DCC_SUFFIX_NO_LIST;
  if (n > NAME_MAX_BYTES)
    return DCC_SUFFIX_NO;
  for (size_t i = 0; i < n; i++)
    text[i] = dcc_ascii_lower(name[i]);
  text[n] = '\0';
  return is_suffix(list, text, TYPE_ICANN | TYPE_NO_STAR_RULE)
           ? DCC_SUFFIX_YES : DCC_SUFFIX_NO;
}

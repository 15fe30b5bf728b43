/* lcc_embedded.h: the Lua files as embed.lua writes them into C. */
#ifndef LCC_EMBEDDED_H
#define LCC_EMBEDDED_H

#include <stddef.h>

typedef struct lcc_embedded {
  const char *module;
  const char *chunk; /* begins as all of this package do: options.lua */
  const unsigned char *text;
  size_t size;
} lcc_embedded;

/* Ends with a row without a module. */
extern const lcc_embedded lcc_embedded_files[];

#endif

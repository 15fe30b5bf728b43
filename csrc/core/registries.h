/* registries.h: second-level registries, for where no list is at hand */
#ifndef DCC_REGISTRIES_H
#define DCC_REGISTRIES_H

#include <stdbool.h>
#include <stddef.h>

/* True for a name like "co.uk" (either case) that is known to be a registry
 * for others. Few are: the Public Suffix List has them all. */
bool dcc_is_registry(const char *s, size_t n);

#endif

/* dcc_suffix.h: the Public Suffix List as libpsl has it, where it is
 * installed: it is loaded when a name is first asked about, never linked. */
#ifndef DCC_SUFFIX_H
#define DCC_SUFFIX_H

#include "../core/dcc.h"

/* The answer of the system's list (Debian: publicsuffix), or of libpsl's own
 * where that is newer: dcc_options takes the function as suffix_of. Any
 * thread may call it. */
dcc_suffix dcc_suffix_listed(const char *name, size_t n);

#endif

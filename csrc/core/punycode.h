/* punycode.h: the labels of international names */
#ifndef DCC_PUNYCODE_H
#define DCC_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>

/* True where Punycode (RFC 3492 6.3) writes these n bytes for some label that
 * is not all ASCII: they are what stands behind "xn--", in either case. n is
 * at most DCC_PUNYCODE_MAX. */
enum { DCC_PUNYCODE_MAX = 63 };
bool dcc_is_punycode(const char *s, size_t n);

#endif

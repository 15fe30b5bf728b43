/* names.h: host names, IP addresses and e-mail addresses: what formats.h says
 * of its functions holds for these, which it calls */
#ifndef DCC_NAMES_H
#define DCC_NAMES_H

#include "formats.h"

bool dcc_check_host(const char *s, size_t n, dcc_suffix_of *suffix_of,
                    dcc_refusal *why);
bool dcc_check_email(const char *s, size_t n, dcc_refusal *why);

bool dcc_is_common_host(const char *s, size_t n);
bool dcc_is_common_email(const char *s, size_t n);

#endif

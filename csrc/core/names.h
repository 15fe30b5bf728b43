/* names.h: host names, IP addresses and e-mail addresses */
#ifndef DCC_NAMES_H
#define DCC_NAMES_H

#include "dcc.h"

/* Why a string is refused: what it must be ("be a host name ..."), for a
 * message that goes on ", got ..."; what to write instead, or NULL; and the
 * problem's code. */
typedef struct dcc_refusal {
  const char *must;
  const char *hint;
  const char *code;
} dcc_refusal;

/* As dcc_format_check() and dcc_is_common() of formats.h. */
bool dcc_check_host(const char *s, size_t n, dcc_suffix_of *suffix_of,
                    dcc_refusal *why);
bool dcc_check_email(const char *s, size_t n, dcc_refusal *why);

bool dcc_is_common_host(const char *s, size_t n);
bool dcc_is_common_email(const char *s, size_t n);

/* True for a host name that begins with "*.". */
bool dcc_is_wildcard(const char *s, size_t n);

/* True for a good host name that is, and is under, no public suffix that the
 * list knows; false without a list, and for an IP address. */
bool dcc_is_under_no_suffix(const char *s, size_t n,
                            dcc_suffix_of *suffix_of);

#endif

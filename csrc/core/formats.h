/* formats.h: whether a string is in the format that its row asks for */
#ifndef DCC_FORMATS_H
#define DCC_FORMATS_H

#include "names.h"

/* Judges n bytes at s, n > 0. They are UTF-8. Returns false and fills the
 * refusal when they are not in the format. suffix_of is as in dcc_options. */
bool dcc_format_check(dcc_format format, const char *s, size_t n,
                      dcc_suffix_of *suffix_of, dcc_refusal *why);

/* True for most of the plain strings (dcc_scan finds nothing in them) that
 * are in a format, found quickly: n is 1 to 64. For the rest dcc_format_check
 * has to be asked. */
bool dcc_is_common(dcc_format format, const char *s, size_t n);

/* True for a value that merely says that there is none: "-", "n/a" (Baseline
 * Requirements 7.1.4.2.2; DigiCert's list of refused values). */
bool dcc_is_placeholder(const char *s, size_t n);

/* True where the text holds (or held) a private key in PEM. */
bool dcc_has_private_key(const char *s, size_t n);

/* True where a text looks like the name of a file: it is short, and is a path
 * or ends as files of requests and keys do. */
bool dcc_is_file_name(const char *s, size_t n);

/* True, with the refusal filled, where a text is no CSR for one of the usual
 * reasons: it is a file's name, base64 alone, has a byte order mark. */
bool dcc_csr_has_slip(const char *s, size_t n, dcc_refusal *why);

/* Finds the PEM text of a CSR: what is left without the white space around
 * it. */
void dcc_csr_trim(const char **s, size_t *n);

#endif

/* csr_names.h: the CSR's names as a check sees them */
#ifndef DCC_CSR_NAMES_H
#define DCC_CSR_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "name_set.h"

/* What a line of dcc_options.csr_names begins with for a common name, and for
 * what is no name but a warning's code and message; the other kinds are the
 * same here. */
enum { DCC_CSR_COMMON = 'c', DCC_CSR_WORD = 'w' };

/* An IP address has many spellings: writes the usual one. Returns NULL where
 * the n bytes at s are not an address. */
enum { DCC_ADDRESS_SIZE = 46 }; /* INET6_ADDRSTRLEN */
const char *dcc_address(const char *s, size_t n, char to[DCC_ADDRESS_SIZE]);

typedef struct dcc_csr_name {
  const char *text;
  size_t length;
  struct dcc_csr_name *first; /* of those that are the same */
  char kind;
  bool ordered; /* the order has it, or it was reported */
} dcc_csr_name;

typedef struct dcc_csr_names {
  dcc_csr_name *list; /* in the CSR's order; NULL: nothing to compare */
  size_t count;
  dcc_name_set set;   /* of those that differ, each with its first */
  const dcc_csr_name *common; /* the last common name, or NULL */
  const char *warnings;       /* the text's lines for them, and others */
} dcc_csr_names;

struct dcc_order;

/* Reads what dcc_csr_add_names() of csrc/x509 writes, into `names`, which are
 * all zero, in memory of the order's notes. The text is not copied. When
 * memory runs out there are no names, and the order has failed. */
void dcc_csr_names_read(dcc_csr_names *names, struct dcc_order *order,
                        const char *text);

/* The CSR's first name that is the same as n bytes at s, or NULL. */
dcc_csr_name *dcc_csr_names_find(const dcc_csr_names *names, const char *s,
                                 size_t n);

#endif

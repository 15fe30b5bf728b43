/* csr_names.c: the names of the CSR, read and found */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "csr_names.h"
#include "order.h"

/* ---- names that can be compared ----------------------------------------- */

/* For the search and for qsort: by length, then by letters. */
static int compare(const char *a, size_t na, const char *b, size_t nb)
{
  if (na != nb)
    return na < nb ? -1 : 1;
  for (size_t i = 0; i < na; i++) {
    unsigned char x = (unsigned char)dcc_ascii_lower(a[i]);
    unsigned char y = (unsigned char)dcc_ascii_lower(b[i]);
    if (x != y)
      return x < y ? -1 : 1;
  }
  return 0;
}

static int compare_entries(const void *a, const void *b)
{
  const dcc_csr_name *x = *(dcc_csr_name *const *)a;
  const dcc_csr_name *y = *(dcc_csr_name *const *)b;
  return compare(x->text, x->length, y->text, y->length);
}

const char *dcc_address(const char *s, size_t n, char to[DCC_ADDRESS_SIZE])
{
  unsigned char bytes[16];
  bool v6 = n > 0 && memchr(s, ':', n) != NULL;
  int family = v6 ? AF_INET6 : AF_INET;
  if (n == 0 || n >= DCC_ADDRESS_SIZE ||
      (!v6 && (s[n - 1] < '0' || s[n - 1] > '9')))
    return NULL;
  memcpy(to, s, n);
  to[n] = '\0';
  return inet_pton(family, to, bytes) == 1
           ? inet_ntop(family, bytes, to, DCC_ADDRESS_SIZE) : NULL;
}

dcc_csr_name *dcc_csr_names_find(const dcc_csr_names *names, const char *s,
                                 size_t n)
{
  char text[DCC_ADDRESS_SIZE];
  size_t low = 0, high = names->count;
  if (dcc_address(s, n, text) != NULL) {
    s = text;
    n = strlen(text);
  }
  while (low < high) { /* the first that is not less */
    size_t middle = low + (high - low) / 2;
    const dcc_csr_name *name = names->sorted[middle];
    if (compare(name->text, name->length, s, n) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == names->count)
    return NULL;
  return compare(names->sorted[low]->text, names->sorted[low]->length, s,
                 n) == 0 ? names->sorted[low] : NULL;
}

/* ---- reading ------------------------------------------------------------ */

static size_t count_lines(const char *s)
{
  size_t count = 0;
  for (; (s = strchr(s, '\n')) != NULL; s++)
    count++;
  return count;
}

/* An address takes its usual spelling, so that it is found by it. */
static void read_name(dcc_order *order, dcc_csr_name *name, const char *s,
                      size_t n)
{
  char text[DCC_ADDRESS_SIZE], *copy;
  *name = (dcc_csr_name){.kind = s[0], .text = s + 1, .length = n - 1};
  if (dcc_address(name->text, name->length, text) == NULL)
    return;
  copy = dcc_order_note(order, sizeof text);
  if (copy != NULL) {
    strcpy(copy, text);
    name->text = copy;
    name->length = strlen(copy);
  }
}

void dcc_csr_names_read(dcc_csr_names *names, dcc_order *order,
                        const char *text)
{
  size_t count = count_lines(text);
  dcc_csr_name *list = dcc_order_note(order, (count + 1) * sizeof *list);
  names->sorted = dcc_order_note(order, (count + 1) * sizeof *names->sorted);
  if (list == NULL || names->sorted == NULL)
    return;
  names->warnings = text;
  for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
    dcc_csr_name *name = &list[names->count];
    if (end == text || *text == DCC_CSR_WORD)
      continue;
    read_name(order, name, text, (size_t)(end - text));
    if (name->kind == DCC_CSR_COMMON)
      names->common = name;
    names->sorted[names->count++] = name;
  }
  names->list = list;
  qsort(names->sorted, names->count, sizeof *names->sorted, compare_entries);
}

/* csr_names.c: the names of the CSR, read and found */
#include <arpa/inet.h>
#include <string.h>

#include "ascii.h"
#include "csr_names.h"
#include "order.h"

const char *dcc_address(const char *s, size_t n, char to[DCC_ADDRESS_SIZE])
{
  unsigned char bytes[16];
  bool v6;
  int family;
  if (n == 0 || n >= DCC_ADDRESS_SIZE || dcc_ascii_lower(s[n - 1]) > 'f')
    return NULL;
  v6 = memchr(s, ':', n) != NULL;
  family = v6 ? AF_INET6 : AF_INET;
  if (!v6 && !dcc_is_digit(s[n - 1]))
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
  const dcc_name_entry *entry;
  dcc_text name = {s, n};
  if (dcc_address(s, n, text) != NULL)
    name = (dcc_text){text, strlen(text)};
  entry = dcc_name_set_find(&names->set, name);
  return entry == NULL ? NULL : entry->of;
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

static void keep_first(dcc_name_set *set, dcc_csr_name *name)
{
  bool is_new;
  dcc_name_entry *entry =
    dcc_name_set_add(set, (dcc_text){name->text, name->length}, &is_new);
  if (is_new)
    entry->of = name;
  name->first = entry->of;
}

void dcc_csr_names_read(dcc_csr_names *names, dcc_order *order,
                        const char *text)
{
  size_t count = count_lines(text);
  dcc_csr_name *list = dcc_order_note(order, count * sizeof *list);
  if (list == NULL || !dcc_name_set_init(&names->set, order, count))
    return;
  names->warnings = text;
  for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
    dcc_csr_name *name = &list[names->count];
    if (end == text || *text == DCC_CSR_WORD)
      continue;
    read_name(order, name, text, (size_t)(end - text));
    if (name->kind == DCC_CSR_COMMON)
      names->common = name;
    keep_first(&names->set, name);
    names->count++;
  }
  names->list = list;
}

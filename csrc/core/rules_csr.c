/* rules_csr.c: the names of the CSR against those of the order. The API
 * reads names from the order alone, so that a difference is no mistake to
 * it, but hardly ever what was meant. */
#include "rules_csr.h"

#include <string.h>

#include "ascii.h"

#define ONLY_ORDER " (the API takes names from the order only)"

/* Whether the CSR has the name; notes that the order has it. */
static bool has(dcc_csr_names *names, const dcc_value *value)
{
  dcc_csr_name *name = dcc_csr_names_find(names, value->as.text,
                                          value->length);
  if (name != NULL)
    name->ordered = true;
  return name != NULL;
}

static const char *show_name(dcc_check *c, char to[DCC_SHOWN_SIZE],
                             const dcc_csr_name *name)
{
  const dcc_value value = {.type = DCC_STRING, .as.text = name->text,
                           .length = name->length};
  return dcc_show(c, to, &value, false);
}

/* Whether the order's common name is a common name of the CSR or, where that
 * has none, any name of it. */
static bool common_name_fits(dcc_csr_names *names, const dcc_value *value)
{
  char text[DCC_ADDRESS_SIZE];
  const char *s = value->as.text;
  size_t n = value->length;
  bool found = has(names, value);
  if (names->common == NULL || !found)
    return found;
  if (dcc_address(s, n, text) != NULL) {
    s = text;
    n = strlen(text);
  }
  for (size_t i = 0; i < names->count; i++)
    if (names->list[i].kind == DCC_CSR_COMMON &&
        dcc_same_name(names->list[i].text, names->list[i].length, s, n))
      return true;
  return false;
}

void dcc_csr_compare_common_name(dcc_check *c, const dcc_scope *scope,
                                 unsigned field)
{
  dcc_csr_names *names = &c->csr_names;
  const dcc_value *value = dcc_at(scope, field);
  const dcc_place place = dcc_place_of(scope, field);
  char here[DCC_SHOWN_SIZE], there[DCC_SHOWN_SIZE];
  if (names->list == NULL || value->type != DCC_STRING ||
      value->length == 0 || common_name_fits(names, value))
    return;
  dcc_show(c, here, value, false);
  if (names->common == NULL)
    dcc_report(c, DCC_WARNING, "csr_mismatch", place, NULL,
               "is %s, which is not in the CSR" ONLY_ORDER, here);
  else
    dcc_report(c, DCC_WARNING, "csr_mismatch", place, NULL,
               "is %s, but %s in the CSR" ONLY_ORDER, here,
               show_name(c, there, names->common));
}

void dcc_csr_compare_list(dcc_check *c, const dcc_scope *scope,
                          unsigned field, const dcc_value *common)
{
  const dcc_value *list = dcc_at(scope, field);
  dcc_place place = dcc_place_of(scope, field);
  char shown[DCC_SHOWN_SIZE];
  if (c->csr_names.list == NULL)
    return;
  for (size_t i = 0; i < list->length; i++) {
    const dcc_value *name = &list->as.items[i];
    if (name->type != DCC_STRING || name->length == 0 ||
        has(&c->csr_names, name) ||
        (common->type == DCC_STRING &&
         dcc_same_name(name->as.text, name->length, common->as.text,
                       common->length)))
      continue;
    place.item = (int64_t)i;
    dcc_report(c, DCC_WARNING, "csr_mismatch", place, NULL,
               "is %s, which is not in the CSR" ONLY_ORDER,
               dcc_show(c, shown, name, false));
  }
}

/* Whether an earlier entry of the list is the same name, or the order has
 * it. */
static bool is_settled(const dcc_csr_name *name)
{
  bool settled = name->first->ordered;
  name->first->ordered = true;
  return settled;
}

/* Reports the lines that are warnings: "wlimit has an ...". */
static void report_warnings(dcc_check *c, dcc_place place)
{
  const char *text = c->csr_names.warnings;
  for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
    const char *space = memchr(text, ' ', (size_t)(end - text));
    char *code;
    if (*text != DCC_CSR_WORD || space == NULL)
      continue;
    code = dcc_order_note(c->order, (size_t)(space - text));
    if (code == NULL)
      return;
    memcpy(code, text + 1, (size_t)(space - text) - 1);
    code[space - text - 1] = '\0';
    dcc_report(c, DCC_WARNING, code, place, NULL, "%.*s",
               (int)(end - space) - 1, space + 1);
  }
}

void dcc_csr_compare_rest(dcc_check *c, const dcc_scope *scope,
                          unsigned field)
{
  dcc_csr_names *names = &c->csr_names;
  char shown[DCC_SHOWN_SIZE];
  if (names->list == NULL)
    return;
  for (size_t i = 0; i < names->count; i++) {
    dcc_csr_name *name = &names->list[i];
    if (name == names->common || is_settled(name))
      continue;
    dcc_report(c, DCC_WARNING, "csr_mismatch", dcc_place_of(scope, field),
               NULL, "names %s, which is not in the order" ONLY_ORDER,
               show_name(c, shown, name));
  }
  report_warnings(c, dcc_place_of(scope, field));
}

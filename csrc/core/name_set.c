#include "name_set.h"

#include <string.h>

#include "ascii.h"
#include "order.h"

static bool is_same(const dcc_text *a, const dcc_text *b)
{
  return a->n == b->n && (memcmp(a->at, b->at, a->n) == 0 ||
                          dcc_ascii_same(a->at, b->at, a->n));
}

/* Eight bytes, letters without their case; so are some others, which does no
 * harm. */
static uint64_t word_at(const char *s)
{
  uint64_t word;
  memcpy(&word, s, sizeof word);
  return word | UINT64_C(0x2020202020202020);
}

static uint64_t mixed(uint64_t h, uint64_t word)
{
  h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return h ^ h >> 32;
}

static size_t hash(const dcc_text *name)
{
  const char *s = name->at;
  size_t n = name->n;
  uint64_t h = n;
  if (n < 8) {
    char few[8] = {0};
    memcpy(few, s, n);
    return (size_t)mixed(h, word_at(few));
  }
  for (size_t i = 0; i + 8 < n; i += 8)
    h = mixed(h, word_at(s + i));
  return (size_t)mixed(h, word_at(s + n - 8)); /* the rest, some again */
}

/* The slot of a name, or the free one where it belongs. */
static dcc_name_entry *slot_of(const dcc_name_set *set, const dcc_text *name)
{
  size_t at = 0;
  if (set->mask == 0) {
    while (at < set->count && !is_same(&set->slots[at].name, name))
      at++;
    return &set->slots[at];
  }
  for (at = hash(name) & set->mask; set->slots[at].name.at != NULL &&
       !is_same(&set->slots[at].name, name); at = (at + 1) & set->mask)
    ;
  return &set->slots[at];
}

bool dcc_name_set_init(dcc_name_set *set, dcc_order *order, size_t names)
{
  size_t size = 32;
  set->slots = set->few;
  set->mask = set->count = 0;
  if (names <= sizeof set->few / sizeof *set->few)
    return true;
  while (size < names * 2)
    size *= 2;
  set->slots = dcc_order_note(order, size * sizeof *set->slots);
  set->mask = size - 1;
  if (set->slots != NULL)
    memset(set->slots, 0, size * sizeof *set->slots);
  return set->slots != NULL;
}

dcc_name_entry *dcc_name_set_add(dcc_name_set *set, dcc_text name,
                                 bool *is_new)
{
  dcc_name_entry *slot = slot_of(set, &name);
  *is_new = set->mask == 0 ? slot == &set->slots[set->count]
                           : slot->name.at == NULL;
  if (*is_new) {
    *slot = (dcc_name_entry){.name = name};
    set->count++;
  }
  return slot;
}

dcc_name_entry *dcc_name_set_find(const dcc_name_set *set, dcc_text name)
{
  dcc_name_entry *slot = slot_of(set, &name);
  bool is_there = set->mask == 0 ? slot < &set->slots[set->count]
                                 : slot->name.at != NULL;
  return is_there ? slot : NULL;
}

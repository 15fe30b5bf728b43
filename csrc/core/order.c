#include "order.h"

#include <stdlib.h>
#include <string.h>

/* ---- the arena --------------------------------------------------------- */

enum { BLOCK_SIZE = 8192, ALIGN = 16 };

typedef struct dcc_block {
  struct dcc_block *next;
  size_t used, size;
  /* then the bytes */
} dcc_block;

static char *bytes_of(dcc_block *block)
{
  return (char *)block + (sizeof *block + ALIGN - 1) / ALIGN * ALIGN;
}

static void *arena_alloc(dcc_block **blocks, size_t n)
{
  dcc_block *block = *blocks;
  size_t head = (sizeof *block + ALIGN - 1) / ALIGN * ALIGN;
  void *p;
  if (n > SIZE_MAX / 4)
    return NULL;
  n = (n + ALIGN - 1) / ALIGN * ALIGN;
  if (block == NULL || block->size - block->used < n) {
    size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
    block = malloc(head + size);
    if (block == NULL)
      return NULL;
    *block = (dcc_block){*blocks, 0, size};
    *blocks = block;
  }
  p = bytes_of(block) + block->used;
  block->used += n;
  return p;
}

static void arena_free(dcc_block *block)
{
  while (block != NULL) {
    dcc_block *next = block->next;
    dcc_wipe(bytes_of(block), block->used);
    free(block);
    block = next;
  }
}

/* Keeps the oldest block, which is of the common size as a rule. */
static void arena_reset(dcc_block **blocks)
{
  dcc_block *block = *blocks;
  while (block != NULL && block->next != NULL) {
    dcc_block *next = block->next;
    dcc_wipe(bytes_of(block), block->used);
    free(block);
    block = next;
  }
  if (block != NULL) {
    dcc_wipe(bytes_of(block), block->used);
    block->used = 0;
  }
  *blocks = block;
}

void *dcc_order_alloc(dcc_order *order, size_t n)
{
  void *p = arena_alloc(&order->blocks, n);
  if (p == NULL)
    order->failed = true;
  return p;
}

void *dcc_order_note(dcc_order *order, size_t n)
{
  void *p = arena_alloc(&order->notes, n);
  if (p == NULL)
    order->failed = true;
  return p;
}

static void problems_forget(dcc_problems *problems)
{
  dcc_buffer_clear(&problems->entries);
  problems->count = problems->kept = 0;
}

void dcc_order_forget_notes(dcc_order *order)
{
  problems_forget(&order->problems);
  problems_forget(&order->warnings);
  arena_reset(&order->notes);
}

/* ---- the order --------------------------------------------------------- */

dcc_order *dcc_order_new(void)
{
  dcc_order *order = calloc(1, sizeof *order);
  if (order != NULL)
    dcc_index_build(&order->index);
  return order;
}

void dcc_order_clear(dcc_order *order)
{
  memset(order->values, 0, sizeof order->values);
  order->present = (dcc_rows){{0, 0}};
  order->extras = NULL;
  order->extra_count = 0;
  order->failed = order->checked = false;
  arena_reset(&order->blocks);
  dcc_order_forget_notes(order);
  if (order->json.data != NULL)
    dcc_wipe(order->json.data, order->json.length);
  dcc_buffer_clear(&order->json);
}

void dcc_order_free(dcc_order *order)
{
  if (order == NULL)
    return;
  arena_free(order->blocks);
  arena_free(order->notes);
  dcc_buffer_free(&order->problems.entries);
  dcc_buffer_free(&order->warnings.entries);
  dcc_buffer_free(&order->json);
  dcc_wipe(order, sizeof *order);
  free(order);
}

dcc_scope dcc_order_scope(dcc_order *order)
{
  return (dcc_scope){order->values, &order->present, 0, DCC_ORDER, 0};
}

static dcc_value *some_values(dcc_order *order, size_t count)
{
  dcc_value *values = dcc_order_alloc(order, count * sizeof *values);
  if (values != NULL)
    memset(values, 0, count * sizeof *values);
  return values;
}

/* The room of a list follows from its length, so that it need not be kept. */
static size_t room_of(size_t count)
{
  size_t room = count == 0 ? 0 : 4;
  while (room < count)
    room *= 2;
  return room;
}

bool dcc_order_resize(dcc_order *order, dcc_value *array, size_t count)
{
  size_t had = array->type == DCC_ARRAY ? array->length : 0;
  if (count > room_of(had)) {
    dcc_value *items;
    if (count > SIZE_MAX / 8 / sizeof *items) {
      order->failed = true;
      return false;
    }
    items = some_values(order, room_of(count));
    if (items == NULL)
      return false;
    if (had > 0)
      memcpy(items, array->as.items, had * sizeof *items);
    array->as.items = items;
  }
  array->type = DCC_ARRAY;
  array->length = count;
  return true;
}

bool dcc_order_item(dcc_order *order, unsigned list, size_t item,
                    dcc_scope *scope)
{
  dcc_value *object = &order->values[list].as.items[item];
  dcc_item *inside = object->as.item;
  if (object->type != DCC_OBJECT) {
    size_t below = order->index.end[list] - list - 1u;
    size_t size = sizeof *inside + below * sizeof *inside->values;
    inside = dcc_order_alloc(order, size);
    if (inside == NULL)
      return false;
    memset(inside, 0, size);
    *object = (dcc_value){.type = DCC_OBJECT, .as.item = inside};
  }
  *scope = (dcc_scope){inside->values, &inside->present, list + 1, list, item};
  return true;
}

dcc_extra *dcc_order_extra(dcc_order *order, dcc_scope scope, unsigned object,
                           const char *name, size_t length)
{
  dcc_extra *extra = dcc_order_alloc(order, sizeof *extra);
  if (extra == NULL)
    return NULL;
  *extra = (dcc_extra){.next = order->extras, .object = object,
                       .item = scope.item, .name = name, .length = length};
  order->extras = extra;
  return extra;
}

static int compare_extras(const void *a, const void *b)
{
  const dcc_extra *x = *(dcc_extra *const *)a, *y = *(dcc_extra *const *)b;
  size_t shorter = x->length < y->length ? x->length : y->length;
  int order;
  if (x->object != y->object)
    return x->object < y->object ? -1 : 1;
  if (x->item != y->item)
    return x->item < y->item ? -1 : 1;
  order = memcmp(x->name, y->name, shorter);
  if (order != 0)
    return order;
  return (x->length > y->length) - (x->length < y->length);
}

void dcc_order_sort_extras(dcc_order *order)
{
  dcc_extra *extra;
  size_t count = 0;
  for (extra = order->extras; extra != NULL; extra = extra->next)
    count++;
  order->extra_count = 0;
  if (count == 0)
    return;
  order->sorted = dcc_order_note(order, count * sizeof *order->sorted);
  if (order->sorted == NULL)
    return;
  for (extra = order->extras; extra != NULL; extra = extra->next)
    order->sorted[order->extra_count++] = extra;
  qsort(order->sorted, count, sizeof *order->sorted, compare_extras);
}

dcc_extra **dcc_order_extras_of(const dcc_order *order, unsigned object,
                                size_t item, size_t *count)
{
  size_t low = 0, high = order->extra_count;
  dcc_extra probe = {.object = object, .item = item, .name = ""};
  dcc_extra *key = &probe;
  *count = 0;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (compare_extras(&order->sorted[middle], &key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  for (high = low; high < order->extra_count &&
         order->sorted[high]->object == object &&
         order->sorted[high]->item == item; high++)
    ++*count;
  return *count > 0 ? order->sorted + low : NULL;
}

/* ---- fields by path ---------------------------------------------------- */

/* Reads "[n]" at *path. Returns n - 1, or SIZE_MAX for anything else. */
static size_t read_index(const char **path)
{
  size_t n = 0;
  const char *p = *path;
  if (*p++ != '[')
    return SIZE_MAX;
  while (*p >= '0' && *p <= '9' && n < 100000000)
    n = n * 10 + (size_t)(*p++ - '0');
  if (*p != ']' || n == 0)
    return SIZE_MAX;
  *path = p + 1;
  return n - 1;
}

/* What a path names: a row, and for one in a list or of a list the item. */
typedef struct target {
  unsigned field, list;
  size_t item;
} target;

/* Returns false when the path names no value of the form. */
static bool find_target(const dcc_index *index, const char *path, target *t)
{
  *t = (target){DCC_ORDER, DCC_ORDER, 0};
  for (;;) {
    size_t length = strcspn(path, ".[");
    const dcc_field *f;
    t->field = dcc_index_find(index, t->field, path, length);
    if (t->field == 0)
      return false;
    f = &dcc_form[t->field];
    path += length;
    if (f->type == DCC_ARRAY) {
      t->list = t->field;
      t->item = read_index(&path); /* SIZE_MAX is in no list */
    }
    if (*path == '\0')
      return f->type == DCC_ARRAY ? f->items == DCC_STRING
                                  : f->type != DCC_OBJECT;
    if (*path++ != '.' ||
        (f->type == DCC_ARRAY ? f->items : f->type) != DCC_OBJECT)
      return false;
  }
}

/* Makes item `t->item` of a list, which may be the next one, and gives its
 * slot, or that of the row in it. */
static dcc_value *item_slot(dcc_order *order, const target *t)
{
  dcc_scope scope = dcc_order_scope(order);
  dcc_value *array = dcc_at(&scope, t->list);
  size_t had = array->type == DCC_ARRAY ? array->length : 0;
  if (t->item > had ||
      (t->item == had && !dcc_order_resize(order, array, had + 1)))
    return NULL;
  (void)dcc_set_at(&scope, t->list);
  if (t->field == t->list)
    return &array->as.items[t->item];
  if (!dcc_order_item(order, t->list, t->item, &scope))
    return NULL;
  return dcc_set_at(&scope, t->field);
}

/* The slot that `path` names, made with all above it; NULL: no such field,
 * or no memory. */
static dcc_value *slot_at(dcc_order *order, const char *path)
{
  dcc_scope scope = dcc_order_scope(order);
  dcc_value *slot;
  target t;
  if (!find_target(&order->index, path, &t))
    return NULL;
  slot = t.list == DCC_ORDER ? dcc_set_at(&scope, t.field)
                             : item_slot(order, &t);
  if (slot == NULL)
    return NULL;
  for (unsigned i = dcc_form[t.field].parent; i != DCC_ORDER;
       i = dcc_form[i].parent)
    if (dcc_form[i].type == DCC_OBJECT)
      dcc_set_at(&scope, i)->type = DCC_OBJECT;
  return slot;
}

static bool set(dcc_order *order, const char *path, dcc_value value)
{
  dcc_value *slot = slot_at(order, path);
  if (slot == NULL)
    return false;
  *slot = value;
  order->checked = false;
  return true;
}

bool dcc_order_set_string(dcc_order *order, const char *path, const char *s,
                          size_t n)
{
  char *copy = dcc_order_alloc(order, n + 1);
  if (copy == NULL)
    return false;
  if (n > 0)
    memcpy(copy, s, n);
  copy[n] = '\0';
  return set(order, path,
             (dcc_value){.type = DCC_STRING, .length = n, .as.text = copy});
}

bool dcc_order_set_integer(dcc_order *order, const char *path, int64_t i)
{
  return set(order, path, (dcc_value){.type = DCC_INTEGER, .as.integer = i});
}

bool dcc_order_set_boolean(dcc_order *order, const char *path, bool b)
{
  return set(order, path, (dcc_value){.type = DCC_BOOLEAN, .as.boolean = b});
}

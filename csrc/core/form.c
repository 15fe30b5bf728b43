#include "form.h"

#include <string.h>

const dcc_field dcc_form[DCC_FIELDS] = {
  [DCC_ORDER] = {.name = "", .type = DCC_OBJECT, .help = "",
                 .views = DCC_IN_ORDER},
#define FIELD(id, parent_id, name_text, type_id, required_id, ...) \
  [DCC_##id] = {.name = name_text, .name_length = sizeof name_text - 1, \
                .parent = DCC_##parent_id, .type = DCC_##type_id, \
                .required = DCC_##required_id, __VA_ARGS__},
#include "form.def"
#undef FIELD
};

size_t dcc_field_count(void)
{
  return DCC_FIELDS;
}

const dcc_field *dcc_field_at(size_t i)
{
  return i > 0 && i < DCC_FIELDS ? &dcc_form[i] : NULL;
}

static const struct {
  uint8_t root;
  const char *name, *noun;
} views[DCC_VIEWS] = {
  [DCC_VIEW_ORDER] = {DCC_ORDER, "order", "an order"},
  [DCC_VIEW_REISSUE] = {DCC_ORDER, "reissue", "a reissue"},
  [DCC_VIEW_DUPLICATE] = {DCC_ORDER, "duplicate", "a duplicate"},
  [DCC_VIEW_ORGANIZATION] = {DCC_ORGANIZATION, "organization",
                             "a new organization"},
};

const char *dcc_view_name(dcc_view view)
{
  return views[view].name;
}

const char *dcc_form_noun(dcc_view view)
{
  return views[view].noun;
}

const char *dcc_format_name(dcc_format format)
{
  static const char *const names[] = {
    [DCC_FORMAT_NONE] = NULL,       [DCC_FORMAT_HOST] = "host",
    [DCC_FORMAT_EMAIL] = "email",   [DCC_FORMAT_CSR] = "csr",
    [DCC_FORMAT_DATE] = "dd MMM YYYY",
    [DCC_FORMAT_ISO_DATE] = "yyyy-MM-dd",
    [DCC_FORMAT_SHA1] = "sha1",     [DCC_FORMAT_CARD] = "card",
    [DCC_FORMAT_COUNTRY] = "country", [DCC_FORMAT_ID] = "id",
  };
  return names[format];
}

const char *dcc_type_name(dcc_type type)
{
  static const char *const names[] = {
    [DCC_ABSENT] = "nothing", [DCC_OBJECT] = "object",
    [DCC_ARRAY] = "array",    [DCC_STRING] = "string",
    [DCC_INTEGER] = "integer", [DCC_BOOLEAN] = "boolean",
    [DCC_NUMBER] = "number",  [DCC_OTHER] = "other",
  };
  return names[type];
}

static size_t append(char *to, size_t size, size_t at, const char *s)
{
  size_t length = strlen(s);
  if (at + 1 < size) {
    size_t room = size - at - 1;
    memcpy(to + at, s, length < room ? length : room);
    to[at + (length < room ? length : room)] = '\0';
  }
  return at + length;
}

size_t dcc_form_path(unsigned root, size_t i, char *to, size_t size)
{
  size_t at = 0;
  unsigned parent;
  if (size > 0)
    to[0] = '\0';
  if (i == 0 || i >= DCC_FIELDS)
    return 0;
  parent = dcc_form[i].parent;
  if (parent != root && parent != DCC_ORDER) {
    at = dcc_form_path(root, parent, to, size);
    at = append(to, size, at,
                dcc_form[parent].type == DCC_ARRAY ? "[]." : ".");
  }
  return append(to, size, at, dcc_form[i].name);
}

size_t dcc_field_path(size_t i, char *to, size_t size)
{
  return dcc_form_path(DCC_ORDER, i, to, size);
}

/* ---- the index --------------------------------------------------------- */

/* Length, ends and middle tell the form's names apart well enough. */
static unsigned hash_of(unsigned parent, const char *name, size_t length)
{
  unsigned h = (unsigned)length * 37 + parent * 89;
  h += (unsigned char)name[0] * 5u;
  h += (unsigned char)name[length / 2] * 23u;
  h += (unsigned char)name[length - 1] * 71u;
  return h % DCC_HASH_SIZE; /* a power of two */
}

static bool is_below(unsigned i, unsigned above)
{
  while (i > above)
    i = dcc_form[i].parent;
  return i == above;
}

/* Where it is required. A rule that judges whether its row may be absent has
 * nothing to say where the row may not. */
static void find_demands(dcc_glance *glance, unsigned i)
{
  const dcc_field *f = &dcc_form[i];
  bool always = f->required == DCC_REQUIRED && !(f->flags & DCC_RULED);
  glance->required = always ? UINT8_MAX : f->required_in;
  glance->ruled = f->flags & DCC_RULED ? (uint8_t)~glance->required : UINT8_MAX;
}

/* Says nothing of rows that want more than a type, a range, a choice, plain
 * text or a format that dcc_is_common knows. */
static dcc_glance glance_of(const dcc_field *f)
{
  enum { UNUSUAL = DCC_DEPRECATED | DCC_IGNORED | DCC_NO_PLACEHOLDER };
  dcc_glance glance = {.min = f->min, .max = f->max, .type = (uint8_t)f->type,
                       .format = (uint8_t)f->format,
                       .chosen = f->choices[0] != NULL};
  if (f->type == DCC_STRING || f->type == DCC_ARRAY) {
    glance.min = 1;
    if (f->max == 0 || f->max >= DCC_ROOM_FOR_A_KEY)
      glance.max = DCC_ROOM_FOR_A_KEY - 1;
  } else {
    if (f->min == 0)
      glance.min = f->flags & (DCC_FLAG | DCC_DIGITS) ? 0 : INT64_MIN;
    if (f->max == 0)
      glance.max = f->flags & DCC_FLAG ? 1 : INT64_MAX;
  }
  if (f->items == DCC_OBJECT || f->flags & UNUSUAL)
    glance.type = DCC_NO_GLANCE;
  return glance;
}

static bool stands_in(unsigned i, unsigned in)
{
  while (dcc_form[i].views == 0 && i != DCC_ORDER)
    i = dcc_form[i].parent;
  return (dcc_form[i].views & in) != 0;
}

static void build_body(dcc_body *body, dcc_view view)
{
  body->in = 1u << view;
  body->root = views[view].root;
  for (unsigned i = body->root + 1; i < DCC_FIELDS; i++)
    if (is_below(i, body->root) && stands_in(i, body->in))
      dcc_rows_add(&body->rows, i);
}

void dcc_index_build(dcc_index *index)
{
  for (unsigned i = 0; i < DCC_FIELDS; i++) {
    unsigned end = i + 1;
    while (end < DCC_FIELDS && is_below(end, i))
      end++;
    index->end[i] = (uint8_t)end;
  }
  for (unsigned i = 1; i < DCC_FIELDS; i++) {
    const dcc_field *f = &dcc_form[i];
    unsigned list = dcc_form_list_of(i);
    index->glance[i] = glance_of(f);
    find_demands(&index->glance[i], i);
    if (f->required == DCC_REQUIRED || f->required_in != 0 ||
        f->flags & DCC_RULED)
      dcc_rows_add(&index->demanded[f->parent], list == 0 ? i : i - list - 1);
  }
  for (unsigned i = 1; i < DCC_FIELDS; i++) {
    const dcc_field *f = &dcc_form[i];
    unsigned h = hash_of(f->parent, f->name, f->name_length);
    while (index->hash[h] != 0)
      h = (h + 1) % DCC_HASH_SIZE;
    index->hash[h] = (uint8_t)i;
  }
  for (dcc_view view = 0; view < DCC_VIEWS; view++)
    build_body(&index->bodies[view], view);
}

unsigned dcc_index_find(const dcc_index *index, unsigned parent,
                        const char *name, size_t length)
{
  unsigned h, i;
  if (length == 0)
    return 0;
  for (h = hash_of(parent, name, length); (i = index->hash[h]) != 0;
       h = (h + 1) % DCC_HASH_SIZE) {
    const dcc_field *f = &dcc_form[i];
    if (f->name_length == length && f->parent == parent &&
        memcmp(f->name, name, length) == 0)
      return i;
  }
  return 0;
}

unsigned dcc_form_list_of(unsigned i)
{
  for (i = dcc_form[i].parent; i != DCC_ORDER; i = dcc_form[i].parent)
    if (dcc_form[i].type == DCC_ARRAY)
      return i;
  return 0;
}

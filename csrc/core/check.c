/* check.c: each value against its row of the form */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "formats.h"
#include "report.h"
#include "rules.h"
#include "scan.h"

static void report_got(dcc_check *c, const char *code, const dcc_place *place,
                       const dcc_value *value, const char *must,
                       const char *hint)
{
  char shown[DCC_SHOWN_SIZE];
  bool secret = dcc_form[place->field].flags & DCC_SECRET;
  dcc_report(c, DCC_PROBLEM, code, *place, hint, "must %s, got %s", must,
             dcc_show(c, shown, value, secret));
}

/* ---- an object in a value's place -------------------------------------- */

static bool is_digits(const dcc_value *value)
{
  for (size_t i = 0; i < value->length; i++)
    if (value->as.text[i] < '0' || value->as.text[i] > '9')
      return false;
  return value->length > 0;
}

/* How well a value suits a member of the object in whose place it is. */
static int suits(const dcc_field *f, const dcc_value *value)
{
  bool digits = value->type == DCC_STRING && is_digits(value);
  dcc_refusal why;
  if (f->type == DCC_INTEGER && !(f->flags & DCC_FLAG) &&
      (value->type == DCC_INTEGER || digits))
    return 2;
  if (f->type != DCC_STRING || value->type != DCC_STRING)
    return 0;
  if (f->format != DCC_FORMAT_NONE)
    return value->length > 0 &&
           dcc_format_check(f->format, value->as.text, value->length, NULL,
                            &why) ? 2 : 0;
  return !digits && f->required != DCC_OPTIONAL;
}

/* The member that a value was meant for, or the one that says most often what
 * the object is: 0 where there is none. */
static unsigned meant(unsigned object, const dcc_value *value)
{
  unsigned best = 0, usual = 0;
  int most = 0;
  for (unsigned i = object + 1; i < DCC_FIELDS; i++) {
    const dcc_field *f = &dcc_form[i];
    int how = f->parent == object ? suits(f, value) : 0;
    if (how > most) {
      most = how;
      best = i;
    }
    if (usual == 0 && f->parent == object && f->example != NULL)
      usual = i;
  }
  return best != 0 ? best : usual;
}

/* Writes the object to write, "write { id = 17 }", or "". */
static void write_object(dcc_check *c, char *hint, size_t size,
                         const dcc_place *place, const dcc_value *value)
{
  const unsigned i = meant(place->field, value);
  const dcc_field *f = &dcc_form[i];
  bool list = dcc_form[place->field].type == DCC_ARRAY &&
              place->item == DCC_NO_ITEM;
  char shown[DCC_SHOWN_SIZE];
  bool given = i != 0 && suits(f, value) > 0;
  hint[0] = '\0';
  if (i == 0)
    return;
  if (given && !(f->flags & DCC_SECRET)) {
    dcc_show(c, shown, value, false);
    if (f->type == DCC_INTEGER && value->type == DCC_STRING &&
        value->length < sizeof shown) {
      memcpy(shown, value->as.text, value->length); /* digits in quotes */
      shown[value->length] = '\0';
    }
  }
  if (!given || f->flags & DCC_SECRET || f->format == DCC_FORMAT_CSR ||
      (f->type == DCC_STRING && shown[0] != '"'))
    snprintf(shown, sizeof shown, "%s", given && f->type == DCC_INTEGER
             ? "..." : f->type == DCC_STRING ? "\"...\"" : f->example);
  snprintf(hint, size, "write %s{ %s = %s }%s", list ? "{ " : "", f->name,
           shown, list ? " }" : "");
}

static void report_object(dcc_check *c, const dcc_place *place,
                          const dcc_value *value, const char *must)
{
  char hint[DCC_SHOWN_SIZE + 64] = "";
  if (dcc_report_has_room(c, DCC_PROBLEM))
    write_object(c, hint, sizeof hint, place, value);
  report_got(c, "type", place, value, must, hint[0] == '\0' ? NULL : hint);
}

/* ---- strings ----------------------------------------------------------- */

static void report_choice(dcc_check *c, const dcc_place *place,
                          const dcc_value *value)
{
  const dcc_field *f = &dcc_form[place->field];
  char must[160] = "be ";
  for (size_t i = 0; f->choices[i] != NULL; i++) {
    bool last = f->choices[i + 1] == NULL;
    strcat(strcat(must, i == 0 ? "\"" : last ? " or \"" : ", \""),
           f->choices[i]);
    strcat(must, "\"");
  }
  report_got(c, "choice", place, value, must, NULL);
}

static bool is_choice(const dcc_field *f, const dcc_value *value)
{
  const char *s = value->as.text;
  for (size_t i = 0; f->choices[i] != NULL; i++)
    if (*f->choices[i] == *s && strlen(f->choices[i]) == value->length &&
        memcmp(f->choices[i], s, value->length) == 0)
      return true;
  return false;
}

/* Bytes that no field takes: a closer look at a string of these kinds.
 * Returns false after reporting them; else *characters is the string's
 * length. */
static bool check_bytes(dcc_check *c, const dcc_place *place,
                        const dcc_value *value, unsigned kinds,
                        size_t *characters)
{
  const dcc_field *f = &dcc_form[place->field];
  const char *s = value->as.text, *must = NULL;
  unsigned refused = f->flags & DCC_MULTILINE ? DCC_CONTROL
                                              : DCC_CONTROL | DCC_BREAK;
  if ((kinds & DCC_HIGH) && !dcc_utf8(s, value->length, characters))
    must = "be UTF-8";
  else if (kinds & refused)
    must = kinds & DCC_CONTROL ? "not contain control characters"
                               : "not contain line breaks";
  else if (value->length >= DCC_ROOM_FOR_A_KEY &&
           dcc_has_private_key(s, value->length))
    must = f->format == DCC_FORMAT_CSR ? "be a certificate request"
                                       : "not contain a private key";
  if (must == NULL)
    return true;
  report_got(c, f->format == DCC_FORMAT_CSR &&
             dcc_has_private_key(s, value->length) ? "csr" : "format",
             place, value, must, NULL);
  return false;
}

/* The list may be older than the domain: no more than a warning. */
static void warn_of_suffix(dcc_check *c, const dcc_place *place,
                           const dcc_value *value)
{
  char shown[DCC_SHOWN_SIZE];
  dcc_report(c, DCC_WARNING, "unknown", *place, NULL,
             "is not under any suffix in the Public Suffix List: "
             "%s", dcc_show(c, shown, value, false));
}

static void check_form_of(dcc_check *c, const dcc_place *place,
                          const dcc_value *value)
{
  const dcc_field *f = &dcc_form[place->field];
  const char *s = value->as.text;
  size_t n = value->length;
  dcc_refusal why;
  if (f->format == DCC_FORMAT_CSR && c->options->skip_csr)
    return;
  if (n == 0 && f->required == DCC_CONDITIONAL)
    return; /* a rule says whether it is missing */
  if (n == 0 && (f->format != DCC_FORMAT_NONE || place->item != DCC_NO_ITEM))
    report_got(c, "format", place, value, "not be empty", NULL);
  else if (!dcc_format_check(f->format, s, n, c->options->suffix_of,
                             &why))
    report_got(c, why.code, place, value, why.must, why.hint);
  else if (f->format == DCC_FORMAT_CSR && c->options->csr_error != NULL)
    dcc_report(c, DCC_PROBLEM, "csr", *place, NULL, "%s%s",
               strncmp(c->options->csr_error, "must ", 5) == 0
                 ? "" : "is refused: ", c->options->csr_error);
  else if (n > 0 && f->flags & DCC_NO_PLACEHOLDER && dcc_is_placeholder(s, n))
    report_got(c, "format", place, value,
               "be a real value, not a placeholder such as n/a",
               f->required == DCC_OPTIONAL ? "leave the field out" : NULL);
  else if (f->format == DCC_FORMAT_HOST &&
           dcc_is_under_no_suffix(s, n, c->options->suffix_of))
    warn_of_suffix(c, place, value);
}

static void check_text(dcc_check *c, const dcc_place *place, dcc_value *value)
{
  const dcc_field *f = &dcc_form[place->field];
  bool is_csr = f->format == DCC_FORMAT_CSR;
  unsigned kinds;
  size_t characters;
  if (is_csr) /* what is around it does not go out */
    dcc_csr_trim(&value->as.text, &value->length);
  kinds = dcc_scan(value->as.text, value->length);
  characters = value->length;
  value->lines = (kinds & (DCC_CONTROL | DCC_QUOTE)) == 0;
  value->plain = value->lines && (kinds & DCC_BREAK) == 0 && !is_csr;
  if (is_csr && value->length == 0) {
    dcc_report(c, DCC_PROBLEM, "missing", *place, NULL, "is missing");
    return;
  }
  if ((kinds != 0 || value->length >= DCC_ROOM_FOR_A_KEY) &&
      !check_bytes(c, place, value, kinds, &characters))
    return;
  if (f->choices[0] != NULL && !is_choice(f, value))
    report_choice(c, place, value);
  else if (f->max > 0 && characters > (uint64_t)f->max)
    dcc_report(c, DCC_PROBLEM, "range", *place, NULL,
               "must have at most %" PRId64 " characters, got %zu", f->max,
               characters);
  else if (f->format != DCC_FORMAT_NONE || f->flags & DCC_NO_PLACEHOLDER ||
           place->item != DCC_NO_ITEM)
    check_form_of(c, place, value);
}

static void check_string(dcc_check *c, const dcc_place *place,
                         dcc_value *value)
{
  if (value->type != DCC_STRING)
    report_got(c, "type", place, value, "be a string",
               value->type == DCC_INTEGER ? "write it in quotes" : NULL);
  else
    check_text(c, place, value);
}

/* ---- numbers and booleans ---------------------------------------------- */

static void report_range(dcc_check *c, const dcc_place *place,
                         const dcc_value *value)
{
  const dcc_field *f = &dcc_form[place->field];
  const char *unit = f->unit == NULL ? "" : f->unit;
  const char *space = f->unit == NULL ? "" : " ";
  char must[96], *to = must;
  if (f->max == 0) /* "1 licenses" is no English */
    snprintf(to, sizeof must, "be at least %" PRId64 "%s%s", f->min,
             f->min == 1 ? "" : space, f->min == 1 ? "" : unit);
  else if (f->max == f->min)
    snprintf(to, sizeof must, "be %" PRId64 "%s%s", f->min, space, unit);
  else
    snprintf(to, sizeof must, "be %" PRId64 " to %" PRId64 "%s%s", f->min,
             f->max, space, unit);
  report_got(c, "range", place, value, must, NULL);
}

/* A number that is no exact integer. */
static void report_number(dcc_check *c, const dcc_place *place,
                          const dcc_value *value)
{
  double n = value->as.number;
  bool large = n < -9007199254740992.0 || n > 9007199254740992.0;
  if (large && n - n == 0)
    report_got(c, "range", place, value,
               "be an integer that a float holds exactly (at most 2^53)",
               NULL);
  else
    report_got(c, "type", place, value, "be an integer", NULL);
}

/* Makes an integer of a string of three or four digits; false for others. */
static bool read_digits(dcc_value *value)
{
  int64_t i = 0;
  if (value->length < 3 || value->length > 4)
    return false;
  for (size_t at = 0; at < value->length; at++) {
    char c = value->as.text[at];
    if (c < '0' || c > '9')
      return false;
    i = i * 10 + (c - '0');
  }
  *value = (dcc_value){.type = DCC_INTEGER, .as.integer = i};
  return true;
}

static void check_integer(dcc_check *c, const dcc_place *place,
                          dcc_value *value)
{
  const dcc_field *f = &dcc_form[place->field];
  bool has_min = f->min != 0 || f->flags & DCC_DIGITS;
  int64_t i;
  if (f->flags & DCC_DIGITS && value->type == DCC_STRING &&
      !read_digits(value)) {
    report_got(c, "type", place, value,
               "be an integer, or a string of three or four digits", NULL);
    return;
  }
  i = value->as.integer;
  if (f->flags & DCC_FLAG) {
    if (value->type != DCC_BOOLEAN && value->type != DCC_INTEGER)
      report_got(c, "type", place, value, "be 0 or 1", NULL);
    else if (value->type == DCC_INTEGER && i != 0 && i != 1)
      report_got(c, "choice", place, value, "be 0 or 1", NULL);
  } else if (value->type == DCC_NUMBER) {
    report_number(c, place, value);
  } else if (value->type != DCC_INTEGER) {
    report_got(c, "type", place, value, "be an integer",
               value->type == DCC_STRING ? "write it without quotes" : NULL);
  } else if ((has_min && i < f->min) || (f->max != 0 && i > f->max)) {
    report_range(c, place, value);
  }
}

/* ---- lists and objects ------------------------------------------------- */

static void check_rows(dcc_check *c, const dcc_scope *scope,
                       unsigned object);

/* What makes a value of an unknown field unfit for JSON, or NULL. */
static const char *unfit(const dcc_value *value)
{
  const char *what = NULL;
  size_t characters;
  if (value->type == DCC_OTHER)
    return value->as.text;
  if (value->type == DCC_NUMBER && value->as.number - value->as.number != 0)
    return "a number that is not finite";
  if (value->type == DCC_STRING) {
    if (!dcc_utf8(value->as.text, value->length, &characters))
      return "a string that is not UTF-8";
    if (dcc_has_private_key(value->as.text, value->length))
      return "a private key";
  }
  if (value->type == DCC_ARRAY)
    for (size_t i = 0; i < value->length && what == NULL; i++)
      what = unfit(&value->as.items[i]);
  if (value->type == DCC_OBJECT)
    for (const dcc_member *m = value->as.members; m != NULL && what == NULL;
         m = m->next)
      what = dcc_utf8(m->name, m->length, &characters)
               ? unfit(&m->value) : "a name that is not UTF-8";
  return what;
}

/* A name that is none of the object's; `passes`: it goes out nevertheless. */
static void report_unknown(dcc_check *c, const dcc_place *place, bool passes,
                           unsigned object, const char *name, size_t length)
{
  char hint[96] = "";
  if (dcc_report_has_room(c, passes ? DCC_WARNING : DCC_PROBLEM))
    dcc_form_path(c->body->root,
                  dcc_form_nearest(c->body, object, name, length), hint,
                  sizeof hint);
  dcc_report(c, passes ? DCC_WARNING : DCC_PROBLEM, "unknown", *place,
             hint[0] == '\0' ? NULL : hint, "is not a field of %s",
             dcc_form_noun(c->options->view));
}

static void report_extra(dcc_check *c, const dcc_place *place)
{
  const dcc_extra *extra = place->extra;
  const char *what;
  size_t characters;
  if (extra->is_own)
    return;
  if (c->options->allow_unknown) {
    what = unfit(&extra->value);
    if (!dcc_utf8(extra->name, extra->length, &characters))
      what = "a name that is not UTF-8";
    if (what != NULL) {
      dcc_report(c, DCC_PROBLEM, "type", *place, NULL,
                 "must be a JSON value, got %s", what);
      return;
    }
  }
  report_unknown(c, place, c->options->allow_unknown, extra->object,
                 extra->name, extra->is_index ? 0 : extra->length);
}

static void check_extras(dcc_check *c, const dcc_scope *scope,
                         unsigned object)
{
  size_t count;
  dcc_extra **extras;
  if (c->order->extra_count == 0)
    return;
  extras = dcc_order_extras_of(c->order, object, scope->item, &count);
  for (size_t i = 0; i < count; i++)
    report_extra(c, &(dcc_place){scope, object, DCC_NO_ITEM, extras[i]});
}

static void check_item(dcc_check *c, const dcc_place *place, dcc_value *item)
{
  dcc_scope scope;
  if (dcc_form[place->field].items == DCC_STRING) {
    check_string(c, place, item);
  } else if (item->type != DCC_OBJECT) {
    report_object(c, place, item, "be an object");
  } else if (dcc_order_item(c->order, place->field, (size_t)place->item,
                            &scope)) {
    check_rows(c, &scope, place->field);
  }
}

static void check_array(dcc_check *c, const dcc_place *place, dcc_value *value)
{
  if (value->type != DCC_ARRAY) {
    if (dcc_form[place->field].items == DCC_OBJECT)
      report_object(c, place, value, "be a list of objects");
    else
      report_got(c, "type", place, value, "be a list",
                 value->type == DCC_STRING ? "put it in a list: { \"...\" }"
                                           : NULL);
    return;
  }
  if (value->keyed) {
    dcc_report(c, DCC_PROBLEM, "type", *place,
               value->length == 0 && dcc_form[place->field].items == DCC_OBJECT
                 ? "put the object in a list: { { ... } }" : NULL,
               "must be a list without holes, got keys other than 1..n");
    return;
  }
  dcc_place item = *place;
  for (size_t i = 0; i < value->length; i++) {
    item.item = (int64_t)i;
    check_item(c, &item, &value->as.items[i]);
  }
}

/* ---- rows -------------------------------------------------------------- */

/* Whether a value counts as none where the form demands one. */
static bool is_empty(const dcc_value *value)
{
  return value->type == DCC_ABSENT ||
         ((value->type == DCC_STRING || value->type == DCC_ARRAY) &&
          value->length == 0);
}

static void warn_of_flags(dcc_check *c, const dcc_place *place)
{
  const dcc_field *f = &dcc_form[place->field];
  if (f->flags & DCC_IGNORED)
    dcc_report(c, DCC_WARNING, "ignored", *place, "leave it out",
               "is ignored by the API");
  if (f->flags & DCC_DEPRECATED)
    dcc_report(c, DCC_WARNING, "deprecated", *place, f->instead,
               "is deprecated");
}

static void check_type(dcc_check *c, const dcc_place *place,
                       const dcc_value *value)
{
  const dcc_field *f = &dcc_form[place->field];
  if (value->type == f->type)
    return;
  if (f->type == DCC_OBJECT)
    report_object(c, place, value, "be an object");
  else
    report_got(c, "type", place, value, "be true or false", NULL);
}

static void check_value(dcc_check *c, const dcc_scope *scope, unsigned i,
                        dcc_value *value)
{
  const dcc_field *f = &dcc_form[i];
  const dcc_place place = dcc_place_of(scope, i);
  if (is_empty(value) && c->order->index.glance[i].required & c->body->in) {
    dcc_report(c, DCC_PROBLEM, "missing", place, NULL, "is missing");
    return;
  }
  if (value->type == DCC_ABSENT)
    return;
  if (f->flags & (DCC_DEPRECATED | DCC_IGNORED))
    warn_of_flags(c, &place);
  switch (f->type) {
  case DCC_STRING: check_string(c, &place, value); break;
  case DCC_INTEGER: check_integer(c, &place, value); break;
  case DCC_ARRAY: check_array(c, &place, value); break;
  default: check_type(c, &place, value);
  }
}

static inline bool is_good_text(const dcc_glance *glance, unsigned field,
                                dcc_value *value)
{
  value->plain = value->length - 1 < (uint64_t)glance->max &&
                 (glance->chosen ? is_choice(&dcc_form[field], value)
                                 : dcc_is_common(glance->format,
                                                 value->as.text,
                                                 value->length));
  return value->plain;
}

static bool is_good_list(const dcc_glance *glance, unsigned field,
                         const dcc_value *list)
{
  if (list->keyed || list->length == 0)
    return false;
  for (size_t i = 0; i < list->length; i++)
    if (list->as.items[i].type != DCC_STRING ||
        !is_good_text(glance, field, &list->as.items[i]))
      return false;
  return true;
}

/* Most values are good at a glance: check_value would find nothing. */
static inline bool is_good(const dcc_glance *glance, unsigned in,
                           unsigned field, dcc_value *value)
{
  if (value->type != glance->type)
    return value->type == DCC_ABSENT && (glance->required & in) == 0;
  switch (value->type) {
  case DCC_INTEGER: return value->as.integer >= glance->min &&
                           value->as.integer <= glance->max;
  case DCC_STRING: return is_good_text(glance, field, value);
  case DCC_ARRAY: return is_good_list(glance, field, value);
  default: return true;
  }
}

/* Values of rows that the body lacks are unknown to it; an object is told of
 * as a whole. What passes nevertheless has to suit its row; what is not below
 * the root cannot pass. The root's own row is none of them. */
static void check_outside(dcc_check *c, const dcc_scope *scope,
                          dcc_rows outside)
{
  const uint8_t *ends = c->order->index.end;
  const unsigned root = c->body->root;
  bool is_inside = scope->list == DCC_ORDER ||
                   dcc_rows_has(&c->body->rows, scope->list);
  unsigned told = is_inside ? 0 : ends[scope->list];
  for (unsigned i = 0; (i = dcc_rows_next(&outside, i)) < 128; i++) {
    const unsigned field = scope->first + i;
    const dcc_place place = dcc_place_of(scope, field);
    const dcc_field *f = &dcc_form[field];
    bool passes = c->options->allow_unknown && field > root &&
                  field < ends[root];
    dcc_value *value = &scope->values[i];
    if (field == root || value->type == DCC_ABSENT)
      continue;
    if (field >= told) {
      report_unknown(c, &place, passes, f->parent, f->name, f->name_length);
      told = ends[field];
    }
    if (!passes)
      continue;
    check_value(c, scope, field, value);
    if (value->type == DCC_OBJECT)
      check_extras(c, scope, field);
  }
}

/* Checks the object that the scope is for, and all below it: the rows that
 * have a value, and of each object that is there those it demands. */
static void check_rows(dcc_check *c, const dcc_scope *scope, unsigned object)
{
  const dcc_index *index = &c->order->index;
  const unsigned in = c->body->in;
  const dcc_rows known = dcc_rows_from(&c->body->rows, scope->first);
  dcc_rows rows = *scope->present;
  check_extras(c, scope, object);
  if (!dcc_rows_within(&rows, &known))
    check_outside(c, scope, dcc_rows_without(&rows, &known));
  dcc_rows_join(&rows, &index->demanded[object]);
  dcc_rows_meet(&rows, &known);
  for (unsigned i = 0; (i = dcc_rows_next(&rows, i)) < 128; i++) {
    unsigned field = scope->first + i;
    const dcc_glance *glance = &index->glance[field];
    dcc_value *value = &scope->values[i];
    if (!is_good(glance, in, field, value))
      check_value(c, scope, field, value);
    if (value->type == DCC_OBJECT) {
      dcc_rows more = index->demanded[field];
      check_extras(c, scope, field);
      dcc_rows_meet(&more, &known);
      dcc_rows_join(&rows, &more);
    }
    if (dcc_rules[field] != NULL && glance->ruled & in)
      dcc_rules[field](c, scope, field);
  }
}

size_t dcc_order_check(dcc_order *order, const dcc_options *options)
{
  dcc_scope scope = dcc_order_scope(order);
  dcc_check c = {.order = order, .options = options,
                 .body = &order->index.bodies[options->view],
                 .today = dcc_day_of(options->now)};
  const unsigned root = c.body->root;
  order->checked = false;
  order->view = options->view;
  dcc_order_forget_notes(order);
  dcc_order_sort_extras(order);
  if (order->failed)
    return SIZE_MAX;
  if (options->csr_names != NULL)
    dcc_csr_names_read(&c.csr_names, order, options->csr_names);
  if (order->values[root].type == DCC_OTHER) {
    const dcc_place place = dcc_place_of(&scope, root);
    report_got(&c, "type", &place, &order->values[root], "be a plain table",
               NULL);
  } else {
    check_rows(&c, &scope, root);
  }
  if (order->failed)
    return SIZE_MAX;
  order->checked = order->problems.count == 0;
  return order->problems.count;
}

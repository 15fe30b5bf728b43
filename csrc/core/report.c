/* report.c: paths, values in messages, and the list of problems */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "formats.h"
#include "report.h"
#include "scan.h"

enum { SHOWN_BYTES = 48, NAME_BYTES = 96, MESSAGE_SIZE = 512 };

static bool is_identifier(const char *s, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    bool letter = (s[i] >= 'a' && s[i] <= 'z') ||
                  (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_';
    if (!letter && (i == 0 || s[i] < '0' || s[i] > '9'))
      return false;
  }
  return n > 0;
}

/* Characters that are not seen and change how others are: C1 controls, which
 * a terminal obeys, and those that Unicode calls format characters or line
 * separators, which turn text around (CVE-2021-42574) or hide in it. */
static bool is_unseen(uint32_t c)
{
  static const struct { uint32_t first, last; } ranges[] = {
    {0x80, 0x9F}, {0xAD, 0xAD}, {0x600, 0x605}, {0x61C, 0x61C},
    {0x6DD, 0x6DD}, {0x70F, 0x70F}, {0x180E, 0x180E}, {0x200B, 0x200F},
    {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB},
    {0xE0000, 0xE007F}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (c >= ranges[i].first && c <= ranges[i].last)
      return true;
  return false;
}

/* The character that UTF-8 has at s, and how many bytes it takes. */
static uint32_t character_at(const char *s, size_t *bytes)
{
  unsigned char first = (unsigned char)*s;
  uint32_t c;
  *bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  c = *bytes == 1 ? first : first & (0x7Fu >> *bytes);
  for (size_t i = 1; i < *bytes; i++)
    c = c << 6 | ((unsigned char)s[i] & 0x3Fu);
  return c;
}

void dcc_add_printable(dcc_buffer *b, const char *s, size_t n, size_t most,
                       bool quoted)
{
  size_t shown = n < most ? n : most, characters;
  while (shown < n && shown > 0 && (s[shown] & 0xC0) == 0x80)
    shown--; /* do not cut through a character */
  bool utf8 = dcc_utf8(s, shown, &characters);
  for (size_t i = 0, bytes = 1; i < shown; i += bytes) {
    unsigned char c = (unsigned char)s[i];
    uint32_t character = utf8 ? character_at(s + i, &bytes) : c;
    char escaped[16];
    if (quoted && (c == '"' || c == '\\')) {
      dcc_buffer_addc(b, '\\');
      dcc_buffer_addc(b, (char)c);
    } else if (c < 0x20 || c == 0x7F || (c >= 0x80 && !utf8)) {
      snprintf(escaped, sizeof escaped, "\\x%02X", (unsigned)c);
      dcc_buffer_adds(b, escaped);
    } else if (is_unseen(character)) {
      snprintf(escaped, sizeof escaped, "\\u{%X}", (unsigned)character);
      dcc_buffer_adds(b, escaped);
    } else {
      dcc_buffer_add(b, s + i, bytes);
    }
  }
  if (shown < n)
    dcc_buffer_adds(b, "...");
}

static void add_shown(dcc_buffer *b, const char *s, size_t n, size_t most)
{
  dcc_add_printable(b, s, n, most, true);
}

/* From the body on, whose row is `root`. */
static void add_path(dcc_buffer *b, unsigned root, const dcc_scope *scope,
                     unsigned field)
{
  unsigned parent = dcc_form[field].parent;
  if (parent != root && parent != DCC_ORDER) {
    add_path(b, root, scope, parent);
    if (dcc_form[parent].type == DCC_ARRAY) {
      dcc_buffer_addc(b, '[');
      dcc_buffer_addi(b, (int64_t)scope->item + 1);
      dcc_buffer_addc(b, ']');
    }
    dcc_buffer_addc(b, '.');
  }
  dcc_buffer_adds(b, dcc_form[field].name);
}

static void add_extra(dcc_buffer *b, const dcc_scope *scope,
                      const dcc_extra *extra, bool first)
{
  if (dcc_form[extra->object].type == DCC_ARRAY) {
    dcc_buffer_addc(b, '[');
    dcc_buffer_addi(b, (int64_t)scope->item + 1);
    dcc_buffer_addc(b, ']');
  }
  if (extra->is_index) {
    dcc_buffer_addc(b, '[');
    add_shown(b, extra->name, extra->length, NAME_BYTES);
    dcc_buffer_addc(b, ']');
  } else if (is_identifier(extra->name, extra->length)) {
    if (!first)
      dcc_buffer_addc(b, '.');
    add_shown(b, extra->name, extra->length, NAME_BYTES);
  } else {
    dcc_buffer_adds(b, "[\"");
    add_shown(b, extra->name, extra->length, NAME_BYTES);
    dcc_buffer_adds(b, "\"]");
  }
}

static void add_place(dcc_check *c, dcc_buffer *b, dcc_place place)
{
  const unsigned root = c->body->root;
  if (place.field != root)
    add_path(b, root, place.scope, place.field);
  else if (place.extra == NULL)
    dcc_buffer_adds(b, dcc_view_name(c->options->view));
  if (place.extra != NULL)
    add_extra(b, place.scope, place.extra, place.field == root);
  if (place.item != DCC_NO_ITEM) {
    dcc_buffer_addc(b, '[');
    dcc_buffer_addi(b, place.item + 1);
    dcc_buffer_addc(b, ']');
  }
}

/* ---- values ------------------------------------------------------------ */

static void show_string(dcc_buffer *b, const dcc_value *value, bool secret)
{
  const char *s = value->as.text;
  size_t n = value->length, characters;
  char text[48];
  if (n == 0) {
    dcc_buffer_adds(b, "an empty string");
  } else if (dcc_has_private_key(s, n)) {
    dcc_buffer_adds(b, "a private key");
  } else if (secret) {
    bool utf8 = dcc_utf8(s, n, &characters);
    snprintf(text, sizeof text, "a string of %zu %s", utf8 ? characters : n,
             utf8 ? "characters" : "bytes");
    dcc_buffer_adds(b, text);
  } else {
    dcc_buffer_addc(b, '"');
    add_shown(b, s, n, SHOWN_BYTES);
    dcc_buffer_addc(b, '"');
  }
}

static void show_number(dcc_buffer *b, double number)
{
  char text[40];
  snprintf(text, sizeof text, "%.14g", number);
  dcc_ascii_point(text);
  dcc_buffer_adds(b, number == number ? text : "nan");
}

static void show(dcc_buffer *b, const dcc_value *value, bool secret)
{
  static const char *const kinds[] = {
    [DCC_ABSENT] = "nothing",     [DCC_OBJECT] = "an object",
    [DCC_ARRAY] = "a list",       [DCC_STRING] = "a string",
    [DCC_INTEGER] = "an integer", [DCC_BOOLEAN] = "a boolean",
    [DCC_NUMBER] = "a number",
  };
  if (value->type == DCC_STRING)
    show_string(b, value, secret);
  else if (value->type == DCC_OTHER)
    dcc_buffer_adds(b, value->as.text);
  else if (value->type == DCC_INTEGER && !secret)
    dcc_buffer_addi(b, value->as.integer);
  else if (value->type == DCC_NUMBER && !secret)
    show_number(b, value->as.number);
  else if (value->type == DCC_BOOLEAN && !secret)
    dcc_buffer_adds(b, value->as.boolean ? "true" : "false");
  else
    dcc_buffer_adds(b, kinds[value->type]);
}

const char *dcc_show(dcc_check *c, char to[DCC_SHOWN_SIZE],
                     const dcc_value *value, bool secret)
{
  dcc_buffer b = {0};
  size_t n;
  show(&b, value, secret);
  n = b.length < DCC_SHOWN_SIZE - 1 ? b.length : DCC_SHOWN_SIZE - 1;
  if (n > 0)
    memcpy(to, b.data, n);
  to[n] = '\0';
  c->order->failed |= b.failed;
  dcc_buffer_free(&b);
  return to;
}

/* ---- the list ---------------------------------------------------------- */

static const char *keep(dcc_check *c, const char *s, size_t n)
{
  char *copy = dcc_order_note(c->order, n + 1);
  if (copy == NULL)
    return "";
  memcpy(copy, s, n);
  copy[n] = '\0';
  return copy;
}

static void add(dcc_check *c, dcc_problems *list, const dcc_problem *problem)
{
  list->count++;
  if (list->kept == DCC_PROBLEMS_MAX)
    return;
  dcc_buffer_add(&list->entries, (const char *)problem, sizeof *problem);
  if (list->entries.failed)
    c->order->failed = true;
  else
    list->kept++;
}

static dcc_problems *list_for(dcc_check *c, enum dcc_severity severity)
{
  bool warns = severity == DCC_WARNING && !c->options->strict;
  return warns ? &c->order->warnings : &c->order->problems;
}

bool dcc_report_has_room(dcc_check *c, enum dcc_severity severity)
{
  return list_for(c, severity)->count < DCC_PROBLEMS_MAX;
}

void dcc_report(dcc_check *c, enum dcc_severity severity, const char *code,
                dcc_place place, const char *hint, const char *format, ...)
{
  dcc_problems *list = list_for(c, severity);
  dcc_problem problem = {.code = code};
  dcc_buffer b = {0};
  char message[MESSAGE_SIZE];
  va_list arguments;
  if (!dcc_report_has_room(c, severity)) { /* counted, not kept */
    list->count++;
    return;
  }
  add_place(c, &b, place);
  problem.path = keep(c, b.data == NULL ? "" : b.data, b.length);
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  c->order->failed |= b.failed;
  dcc_buffer_clear(&b);
  dcc_buffer_addc(&b, '\'');
  dcc_buffer_adds(&b, problem.path);
  dcc_buffer_adds(&b, "' ");
  dcc_buffer_adds(&b, message);
  problem.message = keep(c, b.data == NULL ? "" : b.data, b.length);
  if (hint != NULL)
    problem.hint = keep(c, hint, strlen(hint));
  c->order->failed |= b.failed;
  dcc_buffer_free(&b);
  add(c, list, &problem);
}

static const dcc_problem *entries(const dcc_problems *list, size_t *count)
{
  *count = list->kept;
  return (const dcc_problem *)(const void *)list->entries.data;
}

const dcc_problem *dcc_order_problems(const dcc_order *order, size_t *count)
{
  return entries(&order->problems, count);
}

const dcc_problem *dcc_order_warnings(const dcc_order *order, size_t *count)
{
  return entries(&order->warnings, count);
}

/* json.c: an order that was checked, as the body of a request */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "formats.h"
#include "order.h"
#include "scan.h"

enum { PEM_COLUMNS = 64 };

/* What begins a member or an item: all of one size, so that copying takes no
 * loop. */
typedef struct lead {
  char text[39];
  uint8_t length;
} lead;

static const lead keys[DCC_FIELDS] = {
#define FIELD(id, parent, name_text, ...) \
  [DCC_##id] = {",\"" name_text "\":", sizeof name_text + 3},
#include "form.def"
#undef FIELD
};
static const lead comma = {",", 1};

static inline void write_lead(dcc_buffer *b, const lead *what)
{
  char *to = dcc_buffer_reserve(b, sizeof *what);
  if (to != NULL) {
    memcpy(to, what, sizeof *what);
    b->length += what->length;
  }
}

/* ---- strings ----------------------------------------------------------- */

static char escape_letter(char c)
{
  switch (c) {
  case '"': case '\\': return c;
  case '\n': return 'n';
  case '\r': return 'r';
  case '\t': return 't';
  default: return '\0';
  }
}

static void write_escape(dcc_buffer *b, char c)
{
  char letter = escape_letter(c);
  char *to = dcc_buffer_reserve(b, 7);
  if (to == NULL)
    return;
  if (letter != '\0') {
    to[0] = '\\';
    to[1] = letter;
    b->length += 2;
  } else {
    b->length += (size_t)snprintf(to, 7, "\\u%04x",
                                  (unsigned)(unsigned char)c);
  }
}

/* Writes the bytes before the first that must be escaped; returns how many
 * they are. */
static size_t write_run(dcc_buffer *b, const char *s, size_t n)
{
  char *to = dcc_buffer_reserve(b, n + DCC_COPY_ROOM);
  size_t run = to == NULL ? n : dcc_copy_plain(to, s, n);
  if (to != NULL)
    b->length += run;
  return run;
}

static void write_string(dcc_buffer *b, const char *s, size_t n)
{
  dcc_buffer_addc(b, '"');
  while (n > 0) {
    size_t run = write_run(b, s, n);
    if (run == n)
      break;
    write_escape(b, s[run]);
    s += run + 1;
    n -= run + 1;
  }
  dcc_buffer_addc(b, '"');
}

/* Where the BEGIN line of PEM ends, or `end` where it does not. */
static const char *after_label(const char *s, const char *end)
{
  static const char begin[] = "-----BEGIN ", dashes[] = "-----";
  const char *at = s + sizeof begin - 1;
  if ((size_t)(end - s) < sizeof begin)
    return end;
  at = memchr(at, '-', (size_t)(end - at));
  return at == NULL || (size_t)(end - at) < sizeof dashes
           ? end : at + sizeof dashes - 1;
}

/* A good CSR's PEM in the form that all can read (RFC 7468 2: lines of 64
 * characters), whatever the white space in it. */
static void write_csr(dcc_buffer *b, const char *s, size_t n)
{
  const char *end = s + n, *at = after_label(s, end);
  unsigned column = PEM_COLUMNS;
  dcc_buffer_addc(b, '"');
  dcc_buffer_add(b, s, (size_t)(at - s));
  for (; at < end && *at != '-'; at++) {
    if (strchr(" \t\r\n\f\v", *at) != NULL)
      continue;
    if (column == PEM_COLUMNS) {
      dcc_buffer_adds(b, "\\n");
      column = 0;
    }
    dcc_buffer_addc(b, *at);
    column++;
  }
  dcc_buffer_adds(b, "\\n");
  dcc_buffer_add(b, at, (size_t)(end - at));
  dcc_buffer_addc(b, '"');
}

/* What nobody looked at: lines that end in LF. */
static void write_pem(dcc_buffer *b, const char *s, size_t n)
{
  dcc_buffer_addc(b, '"');
  while (n > 0) {
    size_t run = write_run(b, s, n);
    if (run == n)
      break;
    if (s[run] != '\r')
      write_escape(b, s[run]);
    else if (run + 1 == n || s[run + 1] != '\n')
      write_escape(b, '\n');
    s += run + 1;
    n -= run + 1;
  }
  dcc_buffer_addc(b, '"');
}

/* Text in which LF is all that must be escaped. */
static void write_lines(dcc_buffer *b, const char *s, size_t n)
{
  char *to = dcc_buffer_reserve(b, 2 * n + 2 + DCC_COPY_ROOM);
  const char *end = s + n;
  if (to == NULL)
    return;
  *to++ = '"';
  for (;;) {
    size_t length = dcc_copy_plain(to, s, (size_t)(end - s));
    to += length;
    s += length;
    if (s == end)
      break;
    memcpy(to, "\\n", 2);
    to += 2;
    s++;
  }
  *to++ = '"';
  b->length = (size_t)(to - b->data);
}

/* Writes PEM that is as write_csr would write it, but for the escapes; false
 * where it is not. */
static bool write_canonical(dcc_buffer *b, const char *s, size_t n)
{
  const char *end = s + n, *body = after_label(s, end), *at;
  char *to = dcc_buffer_reserve(b, 2 * n + 2 + DCC_COPY_ROOM);
  size_t run = PEM_COLUMNS;
  bool is_last = false;
  if (to == NULL || body == end || *body != '\n')
    return false;
  *to++ = '"';
  memcpy(to, s, (size_t)(body - s));
  to += body - s;
  for (at = body; at < end && *at == '\n'; at += run) {
    bool may_go_on = run == PEM_COLUMNS;
    memcpy(to, "\\n", 2);
    at++;
    run = dcc_copy_plain(to + 2, at, (size_t)(end - at));
    to += 2 + run;
    is_last = run > 0 && *at == '-';
    if (is_last)
      break;
    if (!may_go_on || run > PEM_COLUMNS || run == 0)
      return false;
  }
  if (!is_last || at == body + 1 || at + run != end ||
      memchr(body, ' ', (size_t)(at - body)) != NULL)
    return false;
  *to++ = '"';
  b->length = (size_t)(to - b->data);
  return true;
}

static void write_text(dcc_buffer *b, const dcc_field *f,
                       const dcc_value *value)
{
  const char *s = value->as.text;
  size_t n = value->length;
  bool csr = f->format == DCC_FORMAT_CSR;
  dcc_refusal why;
  if (csr)
    dcc_csr_trim(&s, &n);
  if (csr && value->lines && write_canonical(b, s, n))
    return;
  if (csr && dcc_format_check(DCC_FORMAT_CSR, s, n, NULL, &why))
    write_csr(b, s, n);
  else if (value->lines && memchr(s, '\r', n) == NULL)
    write_lines(b, s, n);
  else
    (csr ? write_pem : write_string)(b, s, n);
}

/* ---- values ------------------------------------------------------------ */

/* The shortest decimal that reads back as the same number. */
static void write_number(dcc_buffer *b, double number)
{
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, number);
    if (strtod(text, NULL) == number)
      break;
  }
  dcc_ascii_point(text);
  dcc_buffer_adds(b, text);
}

/* Writes a value that the form does not know; a list's items by index. */
static void write_any(dcc_buffer *b, const dcc_value *value)
{
  const dcc_member *member;
  switch (value->type) {
  case DCC_OBJECT:
    dcc_buffer_addc(b, '{');
    for (member = value->as.members; member != NULL; member = member->next) {
      write_string(b, member->name, member->length);
      dcc_buffer_addc(b, ':');
      write_any(b, &member->value);
      if (member->next != NULL)
        dcc_buffer_addc(b, ',');
    }
    dcc_buffer_addc(b, '}');
    break;
  case DCC_ARRAY:
    dcc_buffer_addc(b, '[');
    for (size_t i = 0; i < value->length; i++) {
      if (i > 0)
        dcc_buffer_addc(b, ',');
      write_any(b, &value->as.items[i]);
    }
    dcc_buffer_addc(b, ']');
    break;
  case DCC_STRING:
    write_string(b, value->as.text, value->length);
    break;
  case DCC_INTEGER:
    dcc_buffer_addi(b, value->as.integer);
    break;
  case DCC_BOOLEAN:
    dcc_buffer_adds(b, value->as.boolean ? "true" : "false");
    break;
  case DCC_NUMBER:
    write_number(b, value->as.number);
    break;
  default:
    dcc_buffer_adds(b, "null");
  }
}

static inline void write_plain(dcc_buffer *b, const lead *before,
                               const char *s, size_t n)
{
  char *to = dcc_buffer_reserve(b, sizeof *before + n + 2);
  if (to == NULL)
    return;
  memcpy(to, before, sizeof *before);
  to += before->length;
  *to++ = '"';
  dcc_copy(to, s, n);
  to[n] = '"';
  b->length += before->length + n + 2;
}

static void write_integer(dcc_buffer *b, const lead *before, int64_t i)
{
  char *to = dcc_buffer_reserve(b, sizeof *before + DCC_INTEGER_ROOM);
  if (to == NULL)
    return;
  memcpy(to, before, sizeof *before);
  b->length = (size_t)(dcc_put_integer(to + before->length, i) - b->data);
}

/* Writes a value that is no object and no list, and what stands before it. */
static void write_scalar(dcc_buffer *b, const lead *before,
                         const dcc_field *f, const dcc_value *value)
{
  if (value->type == DCC_INTEGER) {
    write_integer(b, before, value->as.integer);
  } else if (value->type == DCC_BOOLEAN && f->flags & DCC_FLAG) {
    write_integer(b, before, value->as.boolean);
  } else {
    write_lead(b, before);
    if (value->type == DCC_STRING)
      write_text(b, f, value);
    else
      write_any(b, value);
  }
}

/* What was written since `begin` starts with a comma, which becomes the
 * opening bracket; where it is nothing, the bracket is added. */
static void enclose(dcc_buffer *b, size_t begin, char open, char close)
{
  if (b->length == begin)
    dcc_buffer_addc(b, open);
  else if (!b->failed)
    b->data[begin] = open;
  dcc_buffer_addc(b, close);
}

static void write_object(dcc_order *order, const dcc_scope *scope,
                         unsigned object);

static void write_array(dcc_order *order, unsigned field,
                        const dcc_value *array)
{
  const dcc_field *f = &dcc_form[field];
  dcc_buffer *b = &order->json;
  size_t begin = b->length;
  dcc_scope scope;
  for (size_t i = 0; i < array->length; i++) {
    const dcc_value *item = &array->as.items[i];
    if (item->plain) {
      write_plain(b, &comma, item->as.text, item->length);
    } else if (f->items == DCC_STRING) {
      write_scalar(b, &comma, f, item);
    } else if (dcc_order_item(order, field, i, &scope)) {
      write_lead(b, &comma);
      write_object(order, &scope, field);
    }
  }
  enclose(b, begin, '[', ']');
}

static void write_extras(dcc_order *order, const dcc_scope *scope,
                         unsigned object)
{
  size_t count;
  dcc_extra **extras = dcc_order_extras_of(order, object, scope->item, &count);
  for (size_t i = 0; i < count; i++) {
    dcc_buffer_addc(&order->json, ',');
    write_string(&order->json, extras[i]->name, extras[i]->length);
    dcc_buffer_addc(&order->json, ':');
    write_any(&order->json, &extras[i]->value);
  }
}

static void write_object(dcc_order *order, const dcc_scope *scope,
                         unsigned object)
{
  const dcc_rows *present = scope->present;
  const uint8_t *ends = order->index.end;
  dcc_buffer *b = &order->json;
  size_t begin = b->length;
  unsigned first = scope->first, end = ends[object] - first;
  unsigned i = dcc_rows_next(present, object + 1 - first);
  for (; i < end; i = dcc_rows_next(present, ends[first + i] - first)) {
    const dcc_value *value = &scope->values[i];
    const lead *key = &keys[first + i];
    if (value->plain) {
      write_plain(b, key, value->as.text, value->length);
    } else if (value->type == DCC_OBJECT) {
      write_lead(b, key);
      write_object(order, scope, first + i);
    } else if (value->type == DCC_ARRAY) {
      write_lead(b, key);
      write_array(order, first + i, value);
    } else if (value->type != DCC_ABSENT) {
      write_scalar(b, key, &dcc_form[first + i], value);
    }
  }
  if (order->extra_count > 0)
    write_extras(order, scope, object);
  enclose(b, begin, '{', '}');
}

const char *dcc_order_json(dcc_order *order, size_t *length)
{
  dcc_scope scope = dcc_order_scope(order);
  if (!order->checked || order->failed)
    return NULL;
  dcc_buffer_clear(&order->json);
  write_object(order, &scope, order->index.bodies[order->view].root);
  *length = order->json.length;
  dcc_buffer_addc(&order->json, '\0');
  return order->json.failed ? NULL : order->json.data;
}

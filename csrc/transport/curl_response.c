#include "curl_internal.h"

#include <string.h>

enum { KEEP_MAX = 256 << 10 }; /* bytes that a buffer may keep unused */

static size_t stop(dcc_curl *h, dcc_curl_stop why)
{
  h->stop = why;
  return 0; /* fewer than libcurl gave: it ends the transfer */
}

static bool blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds the text without the white space around it, and a NUL. */
static void add_value(dcc_buffer *to, const char *s, size_t n)
{
  while (n > 0 && blank(*s))
    s++, n--;
  while (n > 0 && blank(s[n - 1]))
    n--;
  dcc_buffer_add(to, s, n);
  dcc_buffer_addc(to, '\0');
}

static void add_name(dcc_buffer *to, const char *s, size_t n)
{
  char *name = dcc_buffer_reserve(to, n + 1);
  size_t i;
  if (name == NULL)
    return;
  for (i = 0; i < n; i++)
    name[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + ('a' - 'A') : s[i]);
  name[n] = '\0';
  to->length += n + 1;
}

/* A field of the block: "name", NUL, "value", NUL. A line that begins with
 * white space goes on with the value of the line before. */
static void add_field(dcc_curl *h, const char *line, size_t n)
{
  dcc_buffer *to = &h->response->headers;
  const char *colon = memchr(line, ':', n);
  size_t name_length;
  if (memchr(line, '\0', n) != NULL)
    return;
  if (n > 0 && (*line == ' ' || *line == '\t')) {
    if (to->length == 0)
      return;
    to->data[to->length - 1] = ' ';
    add_value(to, line, n);
    return;
  }
  if (colon == NULL)
    return;
  name_length = (size_t)(colon - line);
  h->fields++;
  add_name(to, line, name_length);
  add_value(to, colon + 1, n - name_length - 1);
}

/* Interim answers but 101 are followed by another block. */
static bool is_interim(const char *line, size_t n)
{
  const char *space = memchr(line, ' ', n);
  size_t at = space ? (size_t)(space - line) + 1 : n;
  return n - at >= 3 && line[at] == '1' && memcmp(line + at, "101", 3) != 0;
}

/* libcurl gives each line by itself: a status line, fields, a blank line;
 * then perhaps the next block, or fields behind a chunked body, which do not
 * count. Those of a CONNECT to a proxy are not shown to us. */
size_t dcc_curl_on_header(char *line, size_t size, size_t n, void *handle)
{
  dcc_curl *h = handle;
  (void)size; /* always 1 */
  h->header_bytes += n;
  if (h->header_bytes > DCC_CURL_HEADER_BYTES_MAX)
    return stop(h, STOP_HEADERS);
  if (h->final && !h->in_headers)
    return n;
  if (!h->in_headers) {
    h->in_headers = true;
    h->final = !is_interim(line, n);
    h->fields = 0;
    dcc_buffer_clear(&h->response->headers);
  } else if (n > 0 && (*line == '\r' || *line == '\n')) {
    h->in_headers = false;
  } else {
    add_field(h, line, n);
  }
  if (h->fields > DCC_CURL_RESPONSE_HEADERS_MAX)
    return stop(h, STOP_HEADERS);
  return h->response->headers.failed ? stop(h, STOP_MEMORY) : n;
}

size_t dcc_curl_on_body(char *bytes, size_t size, size_t n, void *handle)
{
  dcc_curl *h = handle;
  dcc_buffer *body = &h->response->body;
  (void)size; /* always 1 */
  if (n > h->body_max - body->length)
    return stop(h, STOP_BODY);
  dcc_buffer_add(body, bytes, n);
  return body->failed ? stop(h, STOP_MEMORY) : n;
}

bool dcc_curl_next_header(const dcc_curl_response *response, size_t *at,
                          dcc_curl_header *header)
{
  const dcc_buffer *from = &response->headers;
  if (*at >= from->length)
    return false;
  header->name.at = from->data + *at;
  header->name.n = strlen(header->name.at);
  *at += header->name.n + 1;
  header->value.at = from->data + *at;
  header->value.n = strlen(header->value.at);
  *at += header->value.n + 1;
  return true;
}

void dcc_curl_response_trim(dcc_curl_response *response)
{
  if (response->body.capacity > KEEP_MAX)
    dcc_buffer_free(&response->body);
}

void dcc_curl_response_free(dcc_curl_response *response)
{
  dcc_buffer_free(&response->headers);
  dcc_buffer_free(&response->body);
  response->status = 0;
}

/* fuzz_headers.c: the input as the header lines of an answer, given to
 * libcurl's callback as libcurl gives them, a line a call, and some bytes of
 * a body. What comes out must be names and values that a second, plain
 * reading finds too, and within the limits. */
#include "../transport/curl_internal.h"
#include "fuzz.h"

/* Header lines as libcurl cuts them: to the LF, it included. */
static size_t line_of(const char *s, size_t n)
{
  const char *end = memchr(s, '\n', n);
  return end == NULL ? n : (size_t)(end - s) + 1;
}

static void check_fields(const dcc_curl_response *response)
{
  dcc_curl_header field;
  size_t at = 0, count = 0;
  while (dcc_curl_next_header(response, &at, &field)) {
    must(at <= response->headers.length, "a field beyond the end");
    must(strlen(field.name.at) == field.name.n &&
         strlen(field.value.at) == field.value.n, "a NUL inside");
    for (size_t i = 0; i < field.name.n; i++)
      must(field.name.at[i] < 'A' || field.name.at[i] > 'Z',
           "a name in capitals");
    must(memchr(field.value.at, '\n', field.value.n) == NULL,
         "a line break in a value");
    count++;
  }
  must(at == response->headers.length, "fields end before the block does");
  must(count <= DCC_CURL_RESPONSE_HEADERS_MAX + 1, "too many fields");
}

/* Gives the lines; returns false when the callback stopped the transfer. */
static bool give_lines(dcc_curl *h, const char *s, size_t n)
{
  size_t length;
  for (size_t at = 0; at < n; at += length) {
    char *line;
    size_t taken;
    length = line_of(s + at, n - at);
    line = malloc(length);
    if (line == NULL)
      abort();
    memcpy(line, s + at, length);
    taken = dcc_curl_on_header(line, 1, length, h);
    free(line);
    must(taken == length || (taken == 0 && h->stop != STOP_NONE),
         "%zu of %zu bytes", taken, length);
    if (taken != length)
      return false;
  }
  return true;
}

static void give_body(dcc_curl *h, stream *in)
{
  size_t n, had = 0;
  char *body = take_block(in, 200, &n);
  h->body_max = 100;
  while (had < n) {
    size_t part = n - had < 64 ? n - had : 64;
    if (dcc_curl_on_body(body + had, 1, part, h) != part) {
      must(h->stop == STOP_BODY && had + part > 100, "a body cut short");
      break;
    }
    had += part;
  }
  must(h->response->body.length <= 100, "a body beyond its limit");
  must(memcmp(h->response->body.length > 0 ? h->response->body.data : "",
              body, h->response->body.length) == 0, "another body");
  free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static dcc_curl_response response;
  static dcc_curl h;
  stream in = {data, data + size};
  size_t n;
  char *block;
  h = (dcc_curl){.response = &response, .header_bytes = 0};
  /* a counter near its limits, so that they are met */
  if (take(&in) & 1)
    h.header_bytes = DCC_CURL_HEADER_BYTES_MAX - 200;
  block = take_block(&in, 4096, &n);
  if (give_lines(&h, block, n))
    give_body(&h, &in);
  else
    must(h.stop == STOP_HEADERS, "stopped for another reason");
  check_fields(&response);
  free(block);
  dcc_curl_response_free(&response);
  return 0;
}

#include "curl_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "../core/ascii.h"

/* --- method and body --- */

/* A body goes out as POSTFIELDS whatever the method: libcurl then sends it
 * in one write with the header lines, up to 64 kB. */
static const struct {
  const char *method;
  bool body;
  const char *custom; /* what the request line says instead */
} shapes[] = {
  { "GET", false, NULL },     { "POST", true, NULL },
  { "PUT", true, "PUT" },     { "DELETE", false, "DELETE" },
  { "DELETE", true, "DELETE" }
};

/* A POST and a PUT always have a body, if an empty one. */
static int find_shape(const dcc_curl_request *request,
                      dcc_curl_failure *failure)
{
  bool body = request->body.n > 0;
  int found = -1, i;
  for (i = 0; i < (int)(sizeof shapes / sizeof *shapes); i++)
    if (dcc_text_is(request->method, shapes[i].method)
        && (found < 0 || shapes[i].body == body))
      found = i;
  if (found < 0)
    dcc_curl_refuse(failure, "'method' must be GET, POST, PUT or DELETE");
  else if (body && !shapes[found].body) {
    dcc_curl_refuse(failure, "a %s carries no body", shapes[found].method);
    found = -1;
  }
  return found;
}

static bool set_body(dcc_curl *h, const dcc_curl_request *request, int shape,
                     dcc_curl_failure *failure)
{
  dcc_text body = request->body;
  if (h->shape != shape) {
    h->shape = -1; /* unknown while it changes */
    SET(CURLOPT_CUSTOMREQUEST, shapes[shape].custom);
    if (!shapes[shape].body)
      SET(CURLOPT_HTTPGET, 1L);
    h->shape = shape;
  }
  if (shapes[shape].body) {
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    SET(CURLOPT_POSTFIELDS, body.n > 0 ? body.at : "");
  }
  return true;
}

/* --- URL --- */

static bool is_same(const char *a, const char *b)
{
  return strlen(a) == strlen(b) && dcc_ascii_same(a, b, strlen(a));
}

static bool is_loopback(const char *host)
{
  struct in_addr ip4;
  struct in6_addr ip6;
  char bare[HOST_SIZE];
  size_t n = strlen(host);
  if (is_same(host, "localhost"))
    return true; /* libcurl asks no name server for it */
  if (inet_pton(AF_INET, host, &ip4) == 1)
    return (ntohl(ip4.s_addr) >> 24) == 127;
  if (n < 2 || n >= sizeof bare || host[0] != '[')
    return false;
  memcpy(bare, host + 1, n - 2);
  bare[n - 2] = '\0';
  return inet_pton(AF_INET6, bare, &ip6) == 1 && IN6_IS_ADDR_LOOPBACK(&ip6);
}

static bool refuse_url(dcc_curl_failure *failure, const char *why)
{
  dcc_curl_refuse(failure, "'url' %s", why);
  failure->code = CURLE_URL_MALFORMAT;
  return false;
}

/* Stores what messages and the rules need of a URL that curl has parsed. */
static bool judge_url(dcc_curl *h, CURLU *parsed, bool *https,
                      dcc_curl_failure *failure)
{
  char *scheme = NULL, *host = NULL, *port = NULL;
  CURLUcode code = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
  if (!code)
    code = curl_url_get(parsed, CURLUPART_HOST, &host, 0);
  if (!code)
    code = curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
  if (!code) {
    *https = strcmp(scheme, "https") == 0;
    (void)snprintf(h->host, sizeof h->host, "%s", host);
    (void)snprintf(h->port, sizeof h->port, "%s", port);
    h->loopback = is_loopback(host);
  }
  if (code)
    refuse_url(failure, "has no host");
  else if (!*https && strcmp(scheme, "http") != 0)
    code = (CURLUcode)!refuse_url(failure, "must begin with https://");
  else if (!*https && !h->loopback)
    code = (CURLUcode)!refuse_url(
      failure, "must begin with https://: plain http is allowed only to a "
               "loopback address");
  curl_free(scheme);
  curl_free(host);
  curl_free(port);
  return code == CURLUE_OK;
}

static bool parse_url(dcc_curl *h, const char *url, bool *https,
                      dcc_curl_failure *failure)
{
  CURLU *parsed = curl_url();
  CURLUcode code;
  bool good = false;
  if (parsed == NULL)
    return dcc_curl_no_memory(failure);
  code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);
  if (code == CURLUE_USER_NOT_ALLOWED)
    refuse_url(failure, "must not contain a user name or password");
  else if (code == CURLUE_UNSUPPORTED_SCHEME || code == CURLUE_BAD_SCHEME)
    refuse_url(failure, "must begin with https://");
  else if (code != CURLUE_OK)
    refuse_url(failure, "is not a URL");
  else
    good = judge_url(h, parsed, https, failure);
  curl_url_cleanup(parsed);
  return good;
}

/* Plain http stays on this machine: no proxy, which would see the key. */
static bool apply_url(dcc_curl *h, dcc_curl_failure *failure)
{
  bool https = true;
  if (!parse_url(h, h->url.data, &https, failure))
    return false;
  SET(CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
  SET(CURLOPT_PROXY, h->loopback ? "" : h->proxy);
  SET(CURLOPT_URL, h->url.data);
  return true;
}

static bool set_url(dcc_curl *h, dcc_text url, dcc_curl_failure *failure)
{
  dcc_buffer *last = &h->url;
  if (last->length == url.n + 1 && memcmp(last->data, url.at, url.n) == 0)
    return true;
  if (url.n == 0 || memchr(url.at, '\0', url.n) != NULL)
    return refuse_url(failure, "is not a URL");
  dcc_buffer_clear(last);
  dcc_buffer_add(last, url.at, url.n);
  dcc_buffer_addc(last, '\0');
  if (last->failed) {
    dcc_buffer_clear(last);
    return dcc_curl_no_memory(failure);
  }
  if (apply_url(h, failure))
    return true;
  dcc_buffer_clear(last); /* the next request starts anew */
  return false;
}

/* --- headers --- */

bool dcc_curl_printable(dcc_text text)
{
  size_t i;
  for (i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.at[i];
    if ((c < 0x20 && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

/* RFC 9110: the characters of a field's name. */
static bool is_token(dcc_text text)
{
  static const char others[] = "!#$%&'*+-.^_`|~";
  size_t i;
  for (i = 0; i < text.n; i++) {
    char c = text.at[i];
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                 || (c >= '0' && c <= '9');
    if (!alnum && (c == '\0' || strchr(others, c) == NULL))
      return false;
  }
  return text.n > 0;
}

static bool is_header(dcc_text name, const char *s)
{
  return strlen(s) == name.n && dcc_ascii_same(name.at, s, name.n);
}

/* Headers that frame the message, or that must agree with what is done. */
static const char *const own_headers[] = {
  "Host", "Content-Length", "Transfer-Encoding", "Accept-Encoding",
  "Connection", "Expect", "TE", "Trailer", "Upgrade"
};

static bool check_header(const dcc_curl *h, const dcc_curl_header *header,
                         dcc_curl_failure *failure)
{
  const char *own = NULL;
  size_t i;
  if (!is_token(header->name))
    return dcc_curl_refuse(failure, "a header's name must be an HTTP token");
  for (i = 0; i < sizeof own_headers / sizeof *own_headers; i++)
    if (is_header(header->name, own_headers[i]))
      own = own_headers[i];
  if (h->api_key.length && is_header(header->name, DCC_CURL_KEY_HEADER))
    own = DCC_CURL_KEY_HEADER;
  if (own != NULL)
    return dcc_curl_refuse(
      failure, "header '%s' is set by the transport and must not be given",
      own);
  if (!dcc_curl_printable(header->value))
    return dcc_curl_refuse(
      failure, "header '%.*s' must not contain a line break or control "
               "character",
      (int)(header->name.n < 64 ? header->name.n : 64),
      header->name.at);
  return true;
}

/* "Name: value", or "Name;", which is how libcurl writes an empty value;
 * "Name:" would mean to leave the header out. */
static void add_line(dcc_buffer *lines, dcc_text name, dcc_text value)
{
  while (value.n > 0 && (*value.at == ' ' || *value.at == '\t'))
    value.at++, value.n--;
  dcc_buffer_add(lines, name.at, name.n);
  if (value.n > 0) {
    dcc_buffer_add(lines, ": ", 2);
    dcc_buffer_add(lines, value.at, value.n);
  } else {
    dcc_buffer_addc(lines, ';');
  }
  dcc_buffer_addc(lines, '\0');
}

/* Headers that libcurl would add by itself, and must not: the Content-Type
 * of a form, and a wait for "100 Continue" before a large body. */
static void add_blanks(dcc_buffer *lines, bool type)
{
  static const char no_coding[] = "Accept-Encoding:";
  static const char no_expect[] = "Expect:", no_type[] = "Content-Type:";
  dcc_buffer_add(lines, no_coding, sizeof no_coding);
  dcc_buffer_add(lines, no_expect, sizeof no_expect);
  if (!type)
    dcc_buffer_add(lines, no_type, sizeof no_type);
}

/* The user agent is a line of ours too: libcurl would format its own for
 * each request anew. */
static bool write_lines(dcc_curl *h, const dcc_curl_request *request,
                        dcc_curl_failure *failure)
{
  static const dcc_text key_name = DCC_TEXT(DCC_CURL_KEY_HEADER);
  static const dcc_text agent_name = DCC_TEXT("User-Agent");
  dcc_buffer *lines = &h->fresh;
  dcc_text key = { h->api_key.bytes, h->api_key.length };
  dcc_text agent = { h->user_agent, strlen(h->user_agent) };
  bool type = false, named = false;
  size_t i;
  dcc_buffer_clear(lines);
  if (key.n > 0)
    add_line(lines, key_name, key);
  for (i = 0; i < request->header_count; i++) {
    const dcc_curl_header *header = &request->headers[i];
    if (!check_header(h, header, failure))
      return false;
    type = type || is_header(header->name, "Content-Type");
    named = named || is_header(header->name, "User-Agent");
    add_line(lines, header->name, header->value);
  }
  if (!named)
    add_line(lines, agent_name, agent);
  add_blanks(lines, type);
  return !lines->failed || dcc_curl_no_memory(failure);
}

/* The list lies in the handle, its text in `lines`: nothing of the key is
 * left in memory that only libcurl knows of. */
static bool link_lines(dcc_curl *h, dcc_curl_failure *failure)
{
  char *line = h->lines.data, *end = line + h->lines.length;
  struct curl_slist *node = h->nodes;
  while (line < end) {
    node->data = line;
    line += strlen(line) + 1;
    node->next = line < end ? node + 1 : NULL;
    node++;
  }
  SET(CURLOPT_HTTPHEADER, h->nodes);
  return true;
}

static bool set_headers(dcc_curl *h, const dcc_curl_request *request,
                        dcc_curl_failure *failure)
{
  dcc_buffer last = h->lines;
  if (request->header_count > DCC_CURL_HEADERS_MAX)
    return dcc_curl_refuse(failure, "a request has at most %d headers",
                           DCC_CURL_HEADERS_MAX);
  if (!write_lines(h, request, failure))
    return false;
  if (last.length == h->fresh.length
      && memcmp(last.data, h->fresh.data, last.length) == 0)
    return true;
  h->lines = h->fresh;
  h->fresh = last;
  return link_lines(h, failure);
}

/* --- all of it --- */

static bool set_times(dcc_curl *h, const dcc_curl_request *request,
                      dcc_curl_failure *failure)
{
  long whole = request->timeout_ms, connect = request->connect_timeout_ms;
  whole = whole > 0 ? whole : DCC_CURL_TIMEOUT_MS;
  connect = connect > 0 ? connect : DCC_CURL_CONNECT_TIMEOUT_MS;
  if (h->timeout_ms != whole)
    SET(CURLOPT_TIMEOUT_MS, whole);
  h->timeout_ms = whole;
  if (h->connect_timeout_ms != connect)
    SET(CURLOPT_CONNECTTIMEOUT_MS, connect);
  h->connect_timeout_ms = connect;
  return true;
}

bool dcc_curl_prepare(dcc_curl *h, const dcc_curl_request *request,
                      dcc_curl_failure *failure)
{
  int shape = find_shape(request, failure);
  h->bare = request->bare;
  return shape >= 0 && set_url(h, request->url, failure)
         && set_headers(h, request, failure)
         && set_times(h, request, failure)
         && set_body(h, request, shape, failure);
}

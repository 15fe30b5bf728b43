#include "curl_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* libcurl, pinned down: every option that is a number. Certificates are
 * always checked, nothing is followed, nothing is read from files of the
 * user, nothing is written anywhere, no signal is touched. Cookies, HSTS and
 * alt-svc are off as long as nobody names a file for them. */
static const struct {
  CURLoption option;
  long value;
} pins[] = {
  { CURLOPT_SSL_VERIFYPEER, 1 },
  { CURLOPT_SSL_VERIFYHOST, 2 },
  { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
  { CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
  { CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
  { CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
  { CURLOPT_FOLLOWLOCATION, 0 },
  { CURLOPT_UNRESTRICTED_AUTH, 0 },
  { CURLOPT_NETRC, CURL_NETRC_IGNORED },
  { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
  { CURLOPT_HTTP09_ALLOWED, 0 },
  { CURLOPT_HEADEROPT, CURLHEADER_SEPARATE }, /* no key to a proxy */
  { CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
  { CURLOPT_VERBOSE, 0 },
  { CURLOPT_NOPROGRESS, 1 },
  { CURLOPT_NOSIGNAL, 1 },
  { CURLOPT_QUICK_EXIT, 1 }, /* the time-out bounds a name look-up too */
  { CURLOPT_TCP_KEEPALIVE, 1 },
  { CURLOPT_TCP_NODELAY, 1 },
  { CURLOPT_UPLOAD_BUFFERSIZE, 16384 }, /* each request has one, wiped */
  { CURLOPT_MAXCONNECTS, 1 }, /* the one that stale() looks at */
  { CURLOPT_CA_CACHE_TIMEOUT, 24L * 60 * 60 } /* new roots within a day */
};

/* Once a request was put on a connection, libcurl may want to send it on
 * another one (the first died before it answered). An order is paid for:
 * the second attempt is stopped wherever it shows up first. */
static bool second_attempt(dcc_curl *h)
{
  if (h->sent)
    h->again = true;
  return h->sent;
}

/* Called once for each time a request is about to go out on a connection
 * that is up, TLS and proxy included, new or used before. */
static int on_request(void *handle, char *ip, char *local_ip, int port,
                      int local_port)
{
  dcc_curl *h = handle;
  (void)ip, (void)local_ip, (void)port, (void)local_port;
  if (second_attempt(h))
    return CURL_PREREQFUNC_ABORT;
  h->sent = true;
  if (h->owner != NULL)
    h->connected(h->owner);
  return CURL_PREREQFUNC_OK;
}

static bool note_socket(dcc_curl *h, int fd)
{
  h->found = true;
  return h->owner != NULL ? h->opened(h->owner, fd)
                          : dcc_sockets_open(&h->sockets, fd);
}

static int on_close(void *handle, curl_socket_t fd)
{
  dcc_curl *h = handle;
  dcc_sockets_close(&h->sockets, fd);
  return close(fd);
}

/* A socket that programs which the host starts do not inherit. */
static curl_socket_t on_socket(void *handle, curlsocktype purpose,
                               struct curl_sockaddr *address)
{
  dcc_curl *h = handle;
  int s;
  (void)purpose;
  if (second_attempt(h))
    return CURL_SOCKET_BAD;
  s = socket(address->family, address->socktype, address->protocol);
  if (s < 0)
    return CURL_SOCKET_BAD;
  (void)fcntl(s, F_SETFD, FD_CLOEXEC);
  if (note_socket(h, s))
    return s;
  close(s);
  return CURL_SOCKET_BAD;
}

static int on_resolve(void *state, void *reserved, void *handle)
{
  (void)state, (void)reserved;
  return second_attempt(handle);
}

/* With a CA file alone libcurl keeps the parsed certificates; with a CA
 * directory beside it, which Debian's libcurl has by default, it reads the
 * whole bundle again for each connection. */
static bool single_ca_file(const dcc_curl *h)
{
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  return h->ca_file != NULL
         || (info->age >= CURLVERSION_SEVENTH && info->cainfo != NULL);
}

static bool set_callbacks(dcc_curl *h, dcc_curl_failure *failure)
{
  SET(CURLOPT_ERRORBUFFER, h->error);
  SET(CURLOPT_PREREQFUNCTION, on_request);
  SET(CURLOPT_PREREQDATA, h);
  SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
  SET(CURLOPT_OPENSOCKETDATA, h);
  SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
  SET(CURLOPT_CLOSESOCKETDATA, h);
  SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
  SET(CURLOPT_RESOLVER_START_DATA, h);
  SET(CURLOPT_HEADERFUNCTION, dcc_curl_on_header);
  SET(CURLOPT_HEADERDATA, h);
  SET(CURLOPT_WRITEFUNCTION, dcc_curl_on_body);
  SET(CURLOPT_WRITEDATA, h);
  return true;
}

/* No content coding is asked for: a short JSON gains nothing from it. An
 * answer that comes compressed all the same is decoded, and its decoded
 * bytes are counted; curl_request.c keeps the request header away. */
static bool pin(dcc_curl *h, dcc_curl_failure *failure)
{
  size_t i;
  for (i = 0; i < sizeof pins / sizeof *pins; i++)
    SET(pins[i].option, pins[i].value);
  SET(CURLOPT_PROTOCOLS_STR, "https");
  SET(CURLOPT_ACCEPT_ENCODING, "");
  SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->body_max);
  if (h->ca_file != NULL) {
    SET(CURLOPT_CAINFO, h->ca_file);
    SET(CURLOPT_PROXY_CAINFO, h->ca_file);
  }
  if (single_ca_file(h)) {
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_PROXY_CAPATH, NULL);
  }
  SET(CURLOPT_PROXY, h->proxy);
  return set_callbacks(h, failure) && dcc_curl_stop_keylog(h, failure);
}

static bool usable(dcc_curl_failure *failure)
{
  const curl_version_info_data *info;
  CURLcode code = dcc_curl_init();
  if (code != CURLE_OK)
    return dcc_curl_refuse(failure, "libcurl cannot be initialised: %s",
                           curl_easy_strerror(code));
  info = curl_version_info(CURLVERSION_NOW);
  if (info->version_num < 0x075700)
    return dcc_curl_refuse(failure, "libcurl must be 7.87.0 or newer, got %s",
                           info->version);
  if (!(info->features & CURL_VERSION_SSL))
    return dcc_curl_refuse(failure, "this libcurl is built without TLS");
  return true;
}

static bool check_options(const dcc_curl_options *options,
                          dcc_curl_failure *failure)
{
  dcc_text agent = { options->user_agent, 0 };
  if (!dcc_curl_printable(options->api_key))
    return dcc_curl_refuse(
      failure, "the API key contains a control character, which is not "
               "allowed in a header");
  if (agent.at != NULL)
    agent.n = strlen(agent.at);
  if (!dcc_curl_printable(agent))
    return dcc_curl_refuse(failure,
                           "'user_agent' must not contain control characters");
  return true;
}

/* A copy of s in *copy, NULL for NULL; false when out of memory. */
static bool copy(char **to, const char *s)
{
  size_t size = s ? strlen(s) + 1 : 0;
  if (s == NULL)
    return true;
  *to = malloc(size);
  if (*to != NULL)
    memcpy(*to, s, size);
  return *to != NULL;
}

/* Its own libcurl handle, as good as new. */
static bool begin(dcc_curl *h, dcc_curl_failure *failure)
{
  h->process = getpid();
  h->shape = -1;
  h->easy = curl_easy_init();
  if (h->easy == NULL)
    return dcc_curl_no_memory(failure);
  if (pin(h, failure))
    return true;
  curl_easy_cleanup(h->easy);
  h->easy = NULL;
  return false;
}

/* Gives up the libcurl handle, and with it the connections: for another
 * process than the one that opened them, without a word to the other side.
 * Where that cannot be, the memory stays. */
static void end(dcc_curl *h)
{
  bool inherited = h->process != getpid();
  if (!inherited || dcc_sockets_replace(&h->sockets))
    curl_easy_cleanup(h->easy);
  else
    dcc_sockets_abandon(&h->sockets);
  h->easy = NULL;
}

/* What the handle knows of its libcurl handle's state is forgotten, too. */
static bool begin_anew(dcc_curl *h, dcc_curl_failure *failure)
{
  end(h);
  dcc_buffer_clear(&h->url);
  dcc_buffer_clear(&h->lines);
  h->timeout_ms = h->connect_timeout_ms = 0;
  h->fresh_connect = false;
  return begin(h, failure);
}

static bool fill(dcc_curl *h, const dcc_curl_options *options,
                 dcc_curl_failure *failure)
{
  dcc_text key = options->api_key;
  const char *agent = options->user_agent;
  if (agent == NULL)
    agent = "certcentral";
  h->body_max = options->body_max ? options->body_max : DCC_CURL_BODY_MAX;
  if (!copy(&h->ca_file, options->ca_file)
      || !copy(&h->proxy, options->proxy)
      || !copy(&h->user_agent, agent)
      || (key.n && !dcc_secret_set(&h->api_key, key.at, key.n)))
    return dcc_curl_no_memory(failure);
  return begin(h, failure);
}

dcc_curl *dcc_curl_new(const dcc_curl_options *options,
                       dcc_curl_failure *failure)
{
  dcc_curl *h;
  if (!check_options(options, failure) || !usable(failure))
    return NULL;
  h = calloc(1, sizeof *h);
  if (h == NULL) {
    dcc_curl_no_memory(failure);
    return NULL;
  }
  if (fill(h, options, failure))
    return h;
  dcc_curl_free(h);
  return NULL;
}

void dcc_curl_free(dcc_curl *h)
{
  if (h == NULL)
    return;
  end(h);
  dcc_sockets_free(&h->sockets);
  dcc_secret_wipe(&h->api_key);
  dcc_buffer_free(&h->lines);
  dcc_buffer_free(&h->fresh);
  dcc_buffer_free(&h->url);
  if (h->proxy != NULL) /* may hold a password */
    dcc_wipe(h->proxy, strlen(h->proxy));
  free(h->proxy);
  free(h->ca_file);
  free(h->user_agent);
  free(h);
}

/* Whether the open connection has something to read although nothing was
 * asked: its end, or a TLS alert that announces it. libcurl before 8.0 takes
 * the latter for a sign of life and would send a request into nowhere. */
static bool stale(const dcc_curl *h)
{
  curl_socket_t s = CURL_SOCKET_BAD;
  char byte;
  return curl_easy_getinfo(h->easy, CURLINFO_ACTIVESOCKET, &s) == CURLE_OK
         && s != CURL_SOCKET_BAD
         && (recv(s, &byte, 1, MSG_PEEK) >= 0
             || (errno != EAGAIN && errno != EWOULDBLOCK));
}

static bool set_fresh(dcc_curl *h, dcc_curl_failure *failure)
{
  bool fresh = stale(h);
  if (h->fresh_connect != fresh)
    SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
  h->fresh_connect = fresh;
  return true;
}

void dcc_curl_begin(dcc_curl *h, dcc_curl_response *response)
{
  dcc_curl_response_trim(response);
  dcc_buffer_clear(&response->headers);
  dcc_buffer_clear(&response->body);
  response->status = 0;
  h->response = response;
  h->found = h->sent = h->again = h->in_headers = h->final = false;
  h->fields = 0;
  h->header_bytes = 0;
  h->stop = STOP_NONE;
  h->error[0] = '\0';
}

CURLcode dcc_curl_finish(dcc_curl *h, dcc_curl_response *response)
{
  CURLcode code = curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE,
                                    &response->status);
  if (code == CURLE_OK && h->bare && response->status / 100 == 2)
    dcc_buffer_clear(&response->headers);
  return code;
}

bool dcc_curl_perform(dcc_curl *h, const dcc_curl_request *request,
                      dcc_curl_response *response, dcc_curl_failure *failure)
{
  CURLcode code;
  dcc_curl_begin(h, response);
  if ((h->process != getpid() || h->easy == NULL) && !begin_anew(h, failure))
    return false;
  if (!dcc_curl_prepare(h, request, failure) || !set_fresh(h, failure))
    return false;
  code = curl_easy_perform(h->easy);
  h->response = NULL;
  if (code == CURLE_OK)
    code = dcc_curl_finish(h, response);
  return code == CURLE_OK || dcc_curl_explain(h, code, failure);
}

/* curl_internal.h: what the transport's files share */
#ifndef DCC_CURL_INTERNAL_H
#define DCC_CURL_INTERNAL_H

#include <curl/curl.h>
#include <sys/types.h>

#include "curl_sockets.h"
#include "dcc_curl.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87.0 or newer is needed (QUICK_EXIT, CA_CACHE_TIMEOUT)"
#endif

enum {
  FIXED_HEADERS = 5, /* of write_lines() in curl_request.c */
  HOST_SIZE = 256
};

/* What ended a transfer from inside one of our callbacks. */
typedef enum dcc_curl_stop {
  STOP_NONE,
  STOP_BODY,    /* the body is longer than body_max */
  STOP_HEADERS, /* too many header fields or bytes */
  STOP_MEMORY
} dcc_curl_stop;

/* OpenSSL's SSL_CTX_set_keylog_callback(). */
typedef void dcc_set_keylog(void *ssl_ctx, void (*callback)(void));

struct dcc_curl {
  CURL *easy;
  dcc_set_keylog *set_keylog;
  dcc_secret api_key;
  char *ca_file;
  char *proxy;
  char *user_agent;
  size_t body_max;
  bool (*opened)(void *owner, int fd); /* told of a new socket */
  void (*connected)(void *owner);      /* of a connection that is up */
  void *owner;      /* whom these two tell; NULL: the handle works alone */
  pid_t process;    /* that opened its connections: see dcc_curl_perform() */
  dcc_sockets sockets; /* where it works alone */

  /* What the easy handle holds now, to set only what changes. */
  dcc_buffer url;
  char host[HOST_SIZE];
  char port[8];
  bool loopback;
  dcc_buffer lines; /* header lines, each ending in NUL; nodes point in */
  dcc_buffer fresh; /* the lines of the next request */
  struct curl_slist nodes[DCC_CURL_HEADERS_MAX + FIXED_HEADERS];
  int shape; /* of curl_request.c: method and body or not; -1: none */
  long timeout_ms;
  long connect_timeout_ms;
  bool fresh_connect;
  bool bare; /* see dcc_curl_request */

  /* The transfer in progress. */
  dcc_curl_response *response;
  bool found;      /* an address to connect to was found */
  bool sent;       /* the request was put on a connection */
  bool again;      /* libcurl wanted to send it a second time */
  bool in_headers; /* between a status line and its blank line */
  bool final;      /* that block is not an interim answer */
  int fields;
  size_t header_bytes;
  dcc_curl_stop stop;
  char error[CURL_ERROR_SIZE];
};

/* curl_library.c: initialises libcurl, once. */
CURLcode dcc_curl_init(void);

/* curl_keylog.c: sees to it that no secret of a connection is written to the
 * file that $SSLKEYLOGFILE names. Returns false with *failure filled where
 * that cannot be. */
bool dcc_curl_stop_keylog(dcc_curl *h, dcc_curl_failure *failure);

/* curl_handle.c: forgets the last transfer. The answer of the next one goes
 * to *response. */
void dcc_curl_begin(dcc_curl *h, dcc_curl_response *response);

/* Fills in the status of an answer that has come whole. */
CURLcode dcc_curl_finish(dcc_curl *h, dcc_curl_response *response);

/* curl_request.c: tells the easy handle what differs from the last request.
 * Returns false with *failure filled; nothing was sent then. */
bool dcc_curl_prepare(dcc_curl *h, const dcc_curl_request *request,
                      dcc_curl_failure *failure);

/* Whether the text has no control character (a tab is one too, but allowed
 * inside a header's value). */
bool dcc_curl_printable(dcc_text text);

/* curl_response.c: libcurl's callbacks for what comes in. */
size_t dcc_curl_on_header(char *line, size_t size, size_t n, void *handle);
size_t dcc_curl_on_body(char *bytes, size_t size, size_t n, void *handle);

/* curl_failure.c: fill *failure and return false. The first is for what the
 * request itself has wrong, with a printf format; then for memory that ran
 * out before anything was sent, for an option of libcurl that cannot be set,
 * and for a transfer that failed. */
bool dcc_curl_refuse(dcc_curl_failure *failure, const char *format, ...);
bool dcc_curl_no_memory(dcc_curl_failure *failure);
bool dcc_curl_no_option(dcc_curl_failure *failure, CURLoption option,
                        CURLcode code);
bool dcc_curl_explain(const dcc_curl *h, CURLcode code,
                      dcc_curl_failure *failure);

/* Sets an option of the handle h. Where that cannot be, the function that
 * this stands in returns false, with *failure filled. */
#define SET(option, value) \
  do { \
    CURLcode code_ = curl_easy_setopt(h->easy, option, value); \
    if (code_ != CURLE_OK) \
      return dcc_curl_no_option(failure, option, code_); \
  } while (0)

#endif

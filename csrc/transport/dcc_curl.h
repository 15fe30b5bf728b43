/* dcc_curl.h: HTTPS for certcentral over libcurl, usable from C alone
 *
 *   dcc_curl_failure failure;
 *   dcc_curl_response response = {0};
 *   dcc_curl *handle = dcc_curl_new(&(dcc_curl_options){0}, &failure);
 *   dcc_curl_request request = { .method = DCC_TEXT("GET"), ... };
 *   if (handle && dcc_curl_perform(handle, &request, &response, &failure))
 *     printf("%ld\n", response.status);
 *   dcc_curl_response_free(&response);
 *   dcc_curl_free(handle);
 *
 * A handle keeps its connections open between requests and its CA store in
 * memory. One thread at a time may use it; several handles in several
 * threads are fine. Nothing is global but libcurl's own initialisation. */
#ifndef DCC_CURL_H
#define DCC_CURL_H

#include <stdbool.h>
#include <stddef.h>

#include "../core/buffer.h"
#include "../core/text.h"

typedef struct dcc_curl dcc_curl;

/* The header that carries the API key. */
#define DCC_CURL_KEY_HEADER "X-DC-DEVKEY"

enum {
  DCC_CURL_BODY_MAX = 16 << 20,         /* bytes: default of body_max */
  DCC_CURL_TIMEOUT_MS = 30000,          /* default of timeout_ms */
  DCC_CURL_CONNECT_TIMEOUT_MS = 10000,  /* default of connect_timeout_ms */
  DCC_CURL_HEADERS_MAX = 64,            /* headers of a request */
  DCC_CURL_RESPONSE_HEADERS_MAX = 1000, /* header fields of an answer */
  DCC_CURL_HEADER_BYTES_MAX = 256 << 10 /* bytes of all its header lines */
};

/* All zero is a handle without a key, with the system's CA certificates.
 * Everything is copied. */
typedef struct dcc_curl_options {
  dcc_text api_key;       /* none: no key header */
  const char *ca_file;    /* PEM file; NULL: the system's certificates */
  const char *proxy;      /* NULL: as $https_proxy and $no_proxy say; "":
                             none. A loopback address is never asked for
                             through a proxy */
  const char *user_agent; /* NULL: "certcentral" */
  size_t body_max;        /* bytes of an answer's body, decoded; 0: default */
} dcc_curl_options;

typedef struct dcc_curl_header {
  dcc_text name;
  dcc_text value;
} dcc_curl_header;

typedef struct dcc_curl_request {
  dcc_text method; /* GET, POST, PUT or DELETE */
  dcc_text url;    /* https; http to a loopback address alone */
  const dcc_curl_header *headers;
  size_t header_count;     /* at most DCC_CURL_HEADERS_MAX */
  dcc_text body;           /* not copied */
  long timeout_ms;         /* of the whole call; 0: default */
  long connect_timeout_ms; /* name, connection and TLS; 0: default */
  bool bare; /* an answer with a status of 2xx is to have no headers */
} dcc_curl_request;

/* An answer. All zero is empty; the buffers keep their memory from one
 * request to the next. */
typedef struct dcc_curl_response {
  long status;        /* of the final answer, not of an interim 1xx */
  dcc_buffer headers; /* read it with dcc_curl_next_header() */
  dcc_buffer body;    /* content coding undone */
} dcc_curl_response;

/* Why there is no answer. */
typedef struct dcc_curl_failure {
  int code;       /* libcurl's CURLcode; 43 where the request was refused
                     before libcurl saw it */
  bool maybe;     /* false: certainly nothing of the request left. true:
                     the request was put on a connection, and what the
                     server did with it is unknown */
  bool permanent; /* trying again cannot help */
  bool config;    /* the CA file cannot be read */
  char message[640];
} dcc_curl_failure;

/* Makes a handle. Returns NULL and fills *failure when out of memory, an
 * option is not fit for a header, or this libcurl lacks what is needed. No
 * file is read and nothing is connected yet. Free it with dcc_curl_free(). */
dcc_curl *dcc_curl_new(const dcc_curl_options *options,
                       dcc_curl_failure *failure);

/* Sends one request, once, and waits for the whole answer. Returns true and
 * fills *response, whatever the status; or returns false, fills *failure and
 * leaves in *response what had come. No redirect is followed, and a request
 * whose connection died is never sent again.
 *
 * Refused before anything is sent (code 43 or CURLE_URL_MALFORMAT,
 * permanent): another method, a GET with a body, a URL with user and
 * password, plain http to any but 127.0.0.0/8, ::1 and localhost, header
 * names that are no HTTP tokens, control characters in a value, and headers
 * that the transport sets by itself (X-DC-DEVKEY where there is a key, Host,
 * Content-Length, Transfer-Encoding, Accept-Encoding, Connection, Expect,
 * TE, Trailer, Upgrade). No message shows a header's value or a URL.
 *
 * A process that has inherited the handle by fork(2) opens connections of its
 * own, and leaves those it shares as they are: the first call there drops
 * them without a byte sent. */
bool dcc_curl_perform(dcc_curl *handle, const dcc_curl_request *request,
                      dcc_curl_response *response, dcc_curl_failure *failure);

/* Closes the connections, wipes the key and every header that carried it,
 * and frees. NULL is fine. */
void dcc_curl_free(dcc_curl *handle);

/* Walks the header fields of an answer in order: *at is 0 at first. Returns
 * false behind the last. Names are in lower case; a name may come more than
 * once; both texts end in NUL and live as long as the response does. */
bool dcc_curl_next_header(const dcc_curl_response *response, size_t *at,
                          dcc_curl_header *header);

/* Gives back the memory of an answer too large to keep, or all of it. */
void dcc_curl_response_trim(dcc_curl_response *response);
void dcc_curl_response_free(dcc_curl_response *response);

/* Whether libcurl wipes the memory that it frees, with the requests that were
 * in it: where it is glibc's, or another allocator's that tells how large a
 * block is, and the host has not initialised libcurl before. Initialises
 * libcurl. */
bool dcc_curl_wipes(void);

/* libcurl's version, as "7.88.1". */
const char *dcc_curl_version(void);

#endif

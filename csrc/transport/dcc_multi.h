/* dcc_multi.h: many HTTPS requests at once over libcurl, from C alone
 *
 *   dcc_multi *multi = dcc_multi_new(&(dcc_curl_options){0}, 0, &failure);
 *   int64_t id = dcc_multi_add(multi, &request, &failure);
 *   while (dcc_multi_count(multi) > 0) {
 *     dcc_multi_step(multi, 1000);
 *     dcc_multi_result *done = dcc_multi_take(multi), *r;
 *     for (r = done; r != NULL; r = r->next)
 *       ...       r->id, r->answered, r->response or r->failure
 *     dcc_multi_result_free(done);
 *   }
 *   dcc_multi_free(multi);
 *
 * Each request is sent as dcc_curl_perform() sends it: the same rules, the
 * same failures, and never a second time. All share the connections, which
 * stay open, and the CA store. HTTP/2 is used where the server offers it,
 * with many requests on one connection.
 *
 * While no connection is open, the requests wait for the first one that gets
 * one: a name is looked up once and not a hundred times, and a server that
 * speaks HTTP/2 gets one connection. One thread at a time may use a multi.
 *
 * A process that has inherited a multi by fork(2) begins anew with
 * connections of its own. Requests that were in progress are the other
 * process's: here each of them fails, with `maybe` set. */
#ifndef DCC_MULTI_H
#define DCC_MULTI_H

#include <stdint.h>

#include "dcc_curl.h"

typedef struct dcc_multi dcc_multi;

/* What became of a request: an answer, or why there is none. */
typedef struct dcc_multi_result {
  struct dcc_multi_result *next;
  int64_t id;
  bool answered;
  dcc_curl_response response;
  dcc_curl_failure failure; /* where it was not answered */
} dcc_multi_result;

/* A file descriptor that a multi waits for. */
typedef struct dcc_multi_fd {
  int fd;
  bool read;
  bool write;
} dcc_multi_fd;

/* Makes a multi with the options that a handle takes, and at most so many
 * connections at once (0: no limit). Returns NULL and fills *failure as
 * dcc_curl_new() does. Everything is copied. Free it with
 * dcc_multi_free(). */
dcc_multi *dcc_multi_new(const dcc_curl_options *options, long connections,
                         dcc_curl_failure *failure);

/* Takes a request; all of it is copied. Nothing is sent before the next
 * dcc_multi_step(). Returns its id, above 0 and never the same twice, or 0
 * and fills *failure where the request is refused or out of memory. */
int64_t dcc_multi_add(dcc_multi *m, const dcc_curl_request *request,
                      dcc_curl_failure *failure);

/* Does what can be done. Returns once a request has finished, at once where
 * none is under way, and at the latest after timeout_ms milliseconds; 0 never
 * waits, neither for the network nor for a name server, and leaves the rest of
 * much work for the next call. A signal may end it early. */
void dcc_multi_step(dcc_multi *m, long timeout_ms);

/* Takes what has finished, in the order it did; NULL: nothing has. The list
 * is the caller's from then on, whatever becomes of the multi: free it with
 * dcc_multi_result_free(), or give it back for the next dcc_multi_take(),
 * before all that has finished since. */
dcc_multi_result *dcc_multi_take(dcc_multi *m);
void dcc_multi_give_back(dcc_multi *m, dcc_multi_result *list);

/* Wipes and frees the whole list; NULL is fine. */
void dcc_multi_result_free(dcc_multi_result *list);

/* How many requests were added and not taken by dcc_multi_take(). */
size_t dcc_multi_count(const dcc_multi *m);

/* Gives a request up. Never waits. Returns false where no such request is
 * there; else sets *maybe: false where certainly nothing of it has reached
 * the server. */
bool dcc_multi_cancel(dcc_multi *m, int64_t id, bool *maybe);

/* For a host with an event loop of its own: dcc_multi_step(m, 0) is due when
 * one of these is ready, or after dcc_multi_timeout() milliseconds (-1: no
 * limit). Both change with every other call. dcc_multi_fds() fills at most
 * `room` elements and returns how many there are. */
size_t dcc_multi_fds(dcc_multi *m, dcc_multi_fd *fds, size_t room);
long dcc_multi_timeout(dcc_multi *m);

/* Gives all requests up, closes all connections, wipes the key and every
 * copy of it, and frees. Never waits, not even for a name server. NULL is
 * fine. */
void dcc_multi_free(dcc_multi *m);

#endif

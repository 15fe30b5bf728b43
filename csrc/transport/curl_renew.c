/* curl_renew.c: a multi that begins anew, when libcurl's ran out of memory and
 * in a process that has inherited it */
#include "curl_transfer.h"

#include <unistd.h>

enum { CONNECTIONS_KEPT = 256 };

/* --- libcurl's multi --- */

static int on_watch(CURL *easy, curl_socket_t fd, int what, void *multi,
                    void *unused)
{
  dcc_multi *m = multi;
  short events = 0;
  (void)easy, (void)unused;
  if (what == CURL_POLL_REMOVE) {
    dcc_sockets_unwatch(&m->sockets, fd);
    return 0;
  }
  if (what & CURL_POLL_IN)
    events = POLLIN;
  if (what & CURL_POLL_OUT)
    events |= POLLOUT;
  return dcc_sockets_watch(&m->sockets, fd, events) ? 0 : -1;
}

static bool set_up(dcc_multi *m, CURLM *c)
{
  long most = m->max_connections, kept = most > 0 ? most : CONNECTIONS_KEPT;
  return curl_multi_setopt(c, CURLMOPT_SOCKETFUNCTION, on_watch) == CURLM_OK
         && curl_multi_setopt(c, CURLMOPT_SOCKETDATA, m) == CURLM_OK
         && curl_multi_setopt(c, CURLMOPT_MAX_TOTAL_CONNECTIONS, most)
              == CURLM_OK
         && curl_multi_setopt(c, CURLMOPT_MAXCONNECTS, kept) == CURLM_OK;
}

CURLM *dcc_multi_new_curlm(dcc_multi *m)
{
  CURLM *fresh = curl_multi_init();
  if (fresh == NULL || set_up(m, fresh))
    return fresh;
  (void)curl_multi_cleanup(fresh);
  return NULL;
}

void dcc_multi_mend(dcc_multi *m)
{
  CURLM *fresh = NULL;
  while (m->lists[ACTIVE].first != NULL)
    dcc_transfer_fail(m, m->lists[ACTIVE].first, CURLE_OUT_OF_MEMORY);
  fresh = dcc_multi_new_curlm(m);
  if (fresh == NULL)
    return;
  if (m->curlm != NULL)
    (void)curl_multi_cleanup(m->curlm);
  m->curlm = fresh;
  m->broken = false;
}

/* --- after a fork --- */

/* A look-up of libcurl's has a thread, which no other process has: neither
 * may be touched there. */
static bool looks_up(const dcc_multi *m)
{
  const dcc_transfer *t = m->lists[ACTIVE].first;
  while (t != NULL && t->curl->found)
    t = t->after;
  return t != NULL;
}

static void fail_inherited(dcc_multi *m, dcc_state state)
{
  static const dcc_curl_failure failure = {
    .code = CURLE_ABORTED_BY_CALLBACK, .maybe = true,
    .message = "the process was forked while the request was in progress, "
               "and this is the new process: the original one gets the "
               "response" };
  dcc_transfer *t, *after;
  for (t = m->lists[state].first; t != NULL; t = after) {
    after = t->after;
    t->result->failure = failure;
    dcc_transfer_withdraw(m, t);
    dcc_curl_response_free(&t->result->response);
    dcc_transfer_end(m, t);
  }
}

/* Leaves libcurl's memory of what is in progress as it is. */
static void abandon(dcc_multi *m)
{
  dcc_transfer *t, *after;
  for (t = m->lists[ACTIVE].first; t != NULL; t = after) {
    after = t->after;
    t->curl->easy = NULL;
    dcc_transfer_move(m, t, WAITING);
  }
  m->curlm = NULL;
  dcc_sockets_abandon(&m->sockets);
}

void dcc_multi_leave_inherited(dcc_multi *m)
{
  dcc_transfer *t, *after;
  if (m->process == getpid())
    return;
  m->process = getpid();
  if (looks_up(m) || !dcc_sockets_replace(&m->sockets))
    abandon(m);
  fail_inherited(m, WAITING);
  fail_inherited(m, ACTIVE);
  for (t = m->lists[IDLE].first; t != NULL; t = after) {
    after = t->after;
    dcc_transfer_leave(m, t);
    dcc_transfer_free(t);
  }
  if (m->curlm != NULL)
    (void)curl_multi_cleanup(m->curlm);
  m->curlm = NULL;
  m->connected = m->http2 = false;
  m->broken = true; /* until dcc_multi_mend() */
}

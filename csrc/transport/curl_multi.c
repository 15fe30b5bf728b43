/* curl_multi.c: many requests at once, in steps */
#include "curl_transfer.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
  SLICE_MS = 2,          /* of work, after which a step looks at the time */
  BATCH = 16,            /* finished requests that are enough for a step */
  GRACE_MS = 100         /* libcurl's own time-outs come first */
};

static int64_t now_ms(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- adding --- */

static bool prepare(dcc_transfer *t, const dcc_curl_request *request,
                    dcc_curl_failure *failure)
{
  dcc_curl_request own = *request;
  dcc_buffer_add(&t->body, request->body.at, request->body.n);
  if (t->body.failed)
    return dcc_curl_no_memory(failure);
  if (request->body.at != NULL)
    own.body.at = t->body.length > 0 ? t->body.data : "";
  dcc_curl_begin(t->curl, &t->result->response);
  return dcc_curl_prepare(t->curl, &own, failure);
}

int64_t dcc_multi_add(dcc_multi *m, const dcc_curl_request *request,
                      dcc_curl_failure *failure)
{
  dcc_transfer *t;
  int64_t now = now_ms();
  dcc_multi_leave_inherited(m);
  t = dcc_transfer_take(m, failure);
  if (t == NULL)
    return 0;
  if (!prepare(t, request, failure)) {
    dcc_transfer_give_back(m, t);
    return 0;
  }
  t->result->id = ++m->last_id;
  t->ends = now + t->curl->timeout_ms;
  t->connect_ends = now + t->curl->connect_timeout_ms;
  if (t->connect_ends < m->guard_at)
    m->guard_at = t->connect_ends;
  if (t->ends < m->guard_at)
    m->guard_at = t->ends;
  dcc_transfer_enter(m, t, WAITING);
  return t->result->id;
}

/* --- time-outs --- */

/* When a transfer has to be looked after: libcurl does not count the time of
 * those that wait for a connection. */
static int64_t due(const dcc_transfer *t)
{
  int64_t at = t->ends;
  if (!t->curl->sent && t->connect_ends < at)
    at = t->connect_ends;
  return t->state == ACTIVE ? at + GRACE_MS : at;
}

static void guard_list(dcc_multi *m, dcc_state state, int64_t now)
{
  dcc_transfer *t = m->lists[state].first, *after;
  for (; t != NULL; t = after) {
    int64_t at = due(t);
    after = t->after;
    if (at <= now)
      dcc_transfer_fail(m, t, CURLE_OPERATION_TIMEDOUT);
    else if (at < m->guard_at)
      m->guard_at = at;
  }
}

static void guard(dcc_multi *m)
{
  int64_t now = now_ms();
  if (now < m->guard_at)
    return;
  m->guard_at = INT64_MAX;
  guard_list(m, WAITING, now);
  guard_list(m, ACTIVE, now);
}

/* --- a step --- */

/* Whether a waiting transfer may go: while there is no connection, one at a
 * time. */
static bool may_start(const dcc_multi *m)
{
  return m->lists[WAITING].count > 0
         && (m->connected || m->lists[ACTIVE].count == 0);
}

/* Over HTTP/2 a request rather waits for a connection that is about to come
 * up than to open another one. */
static bool set_pipewait(dcc_transfer *t, bool pipewait)
{
  if (t->pipewait != pipewait
      && curl_easy_setopt(t->curl->easy, CURLOPT_PIPEWAIT, (long)pipewait)
           != CURLE_OK)
    return false;
  t->pipewait = pipewait;
  return true;
}

static void run(dcc_multi *m, curl_socket_t fd, int what)
{
  int running;
  if (m->broken)
    dcc_multi_mend(m);
  if (m->broken)
    return;
  if (curl_multi_socket_action(m->curlm, fd, what, &running) != CURLM_OK)
    m->broken = true;
  dcc_multi_collect(m);
  if (m->broken)
    dcc_multi_mend(m);
}

static void start(dcc_multi *m, dcc_transfer *t)
{
  if (m->broken)
    dcc_multi_mend(m);
  if (m->broken || !set_pipewait(t, m->http2)
      || curl_multi_add_handle(m->curlm, t->curl->easy) != CURLM_OK) {
    dcc_transfer_fail(m, t, CURLE_OUT_OF_MEMORY);
    return;
  }
  dcc_transfer_move(m, t, ACTIVE);
  run(m, CURL_SOCKET_TIMEOUT, 0);
}

/* Starts what may start, until the slice of time is over; one at least, lest
 * none ever begins on a slow machine. */
static void start_waiting(dcc_multi *m, int64_t slice_ends)
{
  if (may_start(m))
    dcc_sockets_end_stale(&m->sockets);
  while (may_start(m)) {
    start(m, m->lists[WAITING].first);
    if (now_ms() >= slice_ends)
      return;
  }
}

static void run_ready(dcc_multi *m, long timeout_ms, int64_t *slice_ends)
{
  size_t i, n = dcc_sockets_poll(&m->sockets, timeout_ms);
  const struct pollfd *polled = m->sockets.polled;
  if (timeout_ms > 0)
    *slice_ends = now_ms() + SLICE_MS;
  for (i = 0; i < n; i++) {
    short got = m->sockets.polled[i].revents;
    int fd = polled[i].fd, what = 0;
    if (got == 0 || !dcc_sockets_is_watched(&m->sockets, fd))
      continue;
    if (got & (POLLIN | POLLHUP))
      what |= CURL_CSELECT_IN;
    if (got & POLLOUT)
      what |= CURL_CSELECT_OUT;
    if (got & (POLLERR | POLLNVAL))
      what |= CURL_CSELECT_ERR;
    run(m, fd, what);
    if (m->done_count >= BATCH || now_ms() >= *slice_ends)
      return;
  }
}

static size_t under_way(const dcc_multi *m)
{
  return m->lists[WAITING].count + m->lists[ACTIVE].count;
}

static long least(long a, int64_t b)
{
  return a < 0 || b < a ? (long)(b < 0 ? 0 : b > INT_MAX ? INT_MAX : b) : a;
}

long dcc_multi_timeout(dcc_multi *m)
{
  long ms = -1;
  dcc_multi_leave_inherited(m);
  if (m->done_count > 0 || may_start(m))
    return 0;
  if (m->curlm != NULL)
    (void)curl_multi_timeout(m->curlm, &ms);
  if (under_way(m) > 0)
    ms = least(ms, m->guard_at - now_ms());
  return ms;
}

void dcc_multi_step(dcc_multi *m, long timeout_ms)
{
  int64_t now = now_ms(), ends = now, slice_ends;
  dcc_multi_leave_inherited(m);
  if (under_way(m) > 0)
    ends += timeout_ms;
  do {
    long wait = least(dcc_multi_timeout(m), ends - now);
    slice_ends = now + SLICE_MS;
    run_ready(m, wait, &slice_ends);
    run(m, CURL_SOCKET_TIMEOUT, 0);
    guard(m);
    start_waiting(m, slice_ends);
    now = now_ms();
  } while (now < ends && m->done_count == 0
           && under_way(m) > 0);
}

/* --- results --- */

dcc_multi_result *dcc_multi_take(dcc_multi *m)
{
  dcc_multi_result *list = m->done;
  m->done = NULL;
  m->done_end = &m->done;
  m->done_count = 0;
  return list;
}

void dcc_multi_give_back(dcc_multi *m, dcc_multi_result *list)
{
  dcc_multi_result *since = dcc_multi_take(m);
  *m->done_end = list;
  for (; *m->done_end != NULL; m->done_end = &(*m->done_end)->next)
    m->done_count++;
  *m->done_end = since;
  for (; *m->done_end != NULL; m->done_end = &(*m->done_end)->next)
    m->done_count++;
}

size_t dcc_multi_count(const dcc_multi *m)
{
  return under_way(m) + m->done_count;
}

static dcc_transfer *find(const dcc_multi *m, int64_t id)
{
  int state;
  for (state = WAITING; state <= ACTIVE; state++) {
    dcc_transfer *t = m->lists[state].first;
    for (; t != NULL; t = t->after)
      if (t->result->id == id)
        return t;
  }
  return NULL;
}

/* Takes a result that has finished off the list; NULL: it is not there. */
static dcc_multi_result *drop_done(dcc_multi *m, int64_t id)
{
  dcc_multi_result **link = &m->done, *result;
  while (*link != NULL && (*link)->id != id)
    link = &(*link)->next;
  result = *link;
  if (result == NULL)
    return NULL;
  *link = result->next;
  if (*link == NULL)
    m->done_end = link;
  m->done_count--;
  result->next = NULL;
  return result;
}

bool dcc_multi_cancel(dcc_multi *m, int64_t id, bool *maybe)
{
  dcc_transfer *t;
  dcc_multi_result *done;
  dcc_multi_leave_inherited(m);
  t = find(m, id);
  done = t == NULL ? drop_done(m, id) : NULL;
  if (t == NULL && done == NULL)
    return false;
  if (done != NULL) {
    *maybe = done->answered || done->failure.maybe;
    dcc_multi_result_free(done);
    return true;
  }
  *maybe = t->curl->sent;
  dcc_transfer_withdraw(m, t);
  dcc_transfer_leave(m, t);
  dcc_transfer_give_back(m, t);
  return true;
}

size_t dcc_multi_fds(dcc_multi *m, dcc_multi_fd *fds, size_t room)
{
  size_t i, n = 0;
  dcc_multi_leave_inherited(m);
  for (i = 0; i < m->sockets.count; i++) {
    const dcc_socket *s = &m->sockets.list[i];
    if (s->events != 0 && n++ < room)
      fds[n - 1] = (dcc_multi_fd){ s->fd, (s->events & POLLIN) != 0,
                                   (s->events & POLLOUT) != 0 };
  }
  return n;
}

/* --- making and closing --- */

dcc_multi *dcc_multi_new(const dcc_curl_options *options, long connections,
                         dcc_curl_failure *failure)
{
  dcc_multi *m = calloc(1, sizeof *m);
  if (m == NULL) {
    dcc_curl_no_memory(failure);
    return NULL;
  }
  m->guard_at = INT64_MAX;
  m->done_end = &m->done;
  m->max_connections = connections;
  m->model = dcc_curl_new(options, failure);
  if (m->model == NULL) {
    free(m);
    return NULL;
  }
  m->process = getpid();
  m->curlm = dcc_multi_new_curlm(m);
  if (m->curlm != NULL)
    return m;
  dcc_curl_no_memory(failure);
  dcc_multi_free(m);
  return NULL;
}

void dcc_multi_free(dcc_multi *m)
{
  int state;
  if (m == NULL)
    return;
  dcc_multi_leave_inherited(m);
  for (state = IDLE; state < STATES; state++) {
    dcc_transfer *t = m->lists[state].first, *after;
    for (; t != NULL; t = after) {
      after = t->after;
      dcc_transfer_withdraw(m, t);
      dcc_transfer_free(t);
    }
  }
  dcc_multi_result_free(m->done);
  (void)curl_multi_cleanup(m->curlm);
  dcc_curl_free(m->model);
  dcc_sockets_free(&m->sockets);
  free(m);
}

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "curl_internal.h"

enum {
  IDLE_MAX = 256,        /* handles that are kept for the next requests */
  CONNECTIONS_KEPT = 256,
  SLICE_MS = 2,          /* of work, after which a step looks at the time */
  BATCH = 16,            /* finished requests that are enough for a step */
  GRACE_MS = 100         /* libcurl's own time-outs come first */
};

typedef enum dcc_state { IDLE, WAITING, ACTIVE, STATES } dcc_state;

typedef struct dcc_transfer dcc_transfer;

/* One request on its way. */
struct dcc_transfer {
  dcc_multi_result *result;     /* of its own until it ends; NULL: idle */
  dcc_transfer *before, *after; /* in the list of its state */
  dcc_state state;
  dcc_curl *curl;
  dcc_buffer body;      /* wiped when it is freed: it may hold card data */
  int64_t connect_ends; /* of now_ms() */
  int64_t ends;
  bool pipewait;        /* as libcurl knows it */
};

typedef struct dcc_list {
  dcc_transfer *first, *last;
  size_t count;
} dcc_list;

struct dcc_multi {
  CURLM *curlm; /* NULL where there was no memory for it: broken */
  pid_t process; /* that opened the connections */
  dcc_curl *model; /* holds the options of all handles */
  dcc_sockets sockets;
  dcc_list lists[STATES]; /* by state */
  dcc_multi_result *done, **done_end; /* what has finished; its last link */
  size_t done_count;
  int64_t last_id;
  int64_t guard_at; /* no transfer is overdue before */
  long max_connections; /* as dcc_multi_new() got it */
  bool broken;      /* libcurl ran out of memory within it: to be replaced */
  bool connected;   /* there is a connection */
  bool http2;       /* the last answer came over HTTP/2 */
};

static int64_t now_ms(void)
{
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- lists --- */

static void leave(dcc_multi *m, dcc_transfer *t)
{
  dcc_list *list = &m->lists[t->state];
  *(t->before ? &t->before->after : &list->first) = t->after;
  *(t->after ? &t->after->before : &list->last) = t->before;
  list->count--;
}

static void enter(dcc_multi *m, dcc_transfer *t, dcc_state state)
{
  dcc_list *list = &m->lists[state];
  t->state = state;
  t->before = list->last;
  t->after = NULL;
  *(list->last ? &list->last->after : &list->first) = t;
  list->last = t;
  list->count++;
}

static void move(dcc_multi *m, dcc_transfer *t, dcc_state state)
{
  leave(m, t);
  enter(m, t, state);
}

/* --- what libcurl and the handles tell --- */

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

static int on_close(void *multi, curl_socket_t fd)
{
  dcc_multi *m = multi;
  dcc_sockets_close(&m->sockets, fd);
  if (m->sockets.connections == 0)
    m->connected = false;
  return close(fd);
}

bool dcc_multi_opened(dcc_multi *m, int fd)
{
  return dcc_sockets_open(&m->sockets, fd);
}

void dcc_multi_connected(dcc_multi *m)
{
  m->connected = true;
}

/* --- making and freeing transfers --- */

static void free_transfer(dcc_transfer *t)
{
  if (t == NULL)
    return;
  dcc_curl_free(t->curl);
  dcc_multi_result_free(t->result);
  dcc_buffer_free(&t->body);
  free(t);
}

/* A handle of the multi's own options. Without HTTP/2 in this libcurl the
 * first option is refused, and HTTP/1.1 stays. */
static bool adapt(dcc_multi *m, dcc_transfer *t)
{
  CURL *easy = t->curl->easy;
  t->curl->multi = m;
  (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                         (long)CURL_HTTP_VERSION_2TLS);
  return curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK
         && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close)
              == CURLE_OK
         && curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, m) == CURLE_OK;
}

static dcc_transfer *new_transfer(dcc_multi *m, dcc_curl_failure *failure)
{
  const dcc_curl *model = m->model;
  dcc_curl_options options = {
    .api_key = { model->api_key.bytes, model->api_key.length },
    .ca_file = model->ca_file, .proxy = model->proxy,
    .user_agent = model->user_agent, .body_max = model->body_max };
  dcc_transfer *t = calloc(1, sizeof *t);
  if (t == NULL) {
    dcc_curl_no_memory(failure);
    return NULL;
  }
  t->curl = dcc_curl_new(&options, failure);
  if (t->curl != NULL && adapt(m, t))
    return t;
  if (t->curl != NULL)
    dcc_curl_no_memory(failure);
  free_transfer(t);
  return NULL;
}

/* With a result, and in no list. */
static dcc_transfer *take_transfer(dcc_multi *m, dcc_curl_failure *failure)
{
  dcc_multi_result *result = calloc(1, sizeof *result);
  dcc_transfer *t = m->lists[IDLE].last;
  if (result == NULL) {
    dcc_curl_no_memory(failure);
    return NULL;
  }
  if (t != NULL)
    leave(m, t);
  else
    t = new_transfer(m, failure);
  if (t != NULL)
    t->result = result;
  else
    free(result);
  return t;
}

/* Into the pool, or away. */
static void give_back(dcc_multi *m, dcc_transfer *t)
{
  dcc_wipe(t->body.data, t->body.length);
  dcc_buffer_clear(&t->body);
  t->curl->response = NULL;
  dcc_multi_result_free(t->result);
  t->result = NULL;
  if (m->lists[IDLE].count < IDLE_MAX)
    enter(m, t, IDLE);
  else
    free_transfer(t);
}

/* --- adding --- */

static void leave_inherited(dcc_multi *m);

static bool prepare(dcc_transfer *t, const dcc_curl_request *request,
                    dcc_curl_failure *failure)
{
  dcc_curl_request own = *request;
  dcc_buffer_add(&t->body, request->body.bytes, request->body.length);
  if (t->body.failed)
    return dcc_curl_no_memory(failure);
  if (request->body.bytes != NULL)
    own.body.bytes = t->body.length > 0 ? t->body.data : "";
  dcc_curl_begin(t->curl, &t->result->response);
  return dcc_curl_prepare(t->curl, &own, failure);
}

int64_t dcc_multi_add(dcc_multi *m, const dcc_curl_request *request,
                      dcc_curl_failure *failure)
{
  dcc_transfer *t;
  int64_t now = now_ms();
  leave_inherited(m);
  t = take_transfer(m, failure);
  if (t == NULL)
    return 0;
  if (!prepare(t, request, failure)) {
    give_back(m, t);
    return 0;
  }
  t->result->id = ++m->last_id;
  t->ends = now + t->curl->timeout_ms;
  t->connect_ends = now + t->curl->connect_timeout_ms;
  if (t->connect_ends < m->guard_at)
    m->guard_at = t->connect_ends;
  if (t->ends < m->guard_at)
    m->guard_at = t->ends;
  enter(m, t, WAITING);
  return t->result->id;
}

/* --- ends of transfers --- */

/* Takes an active transfer out of libcurl's hands. Does not wait for a name
 * server: QUICK_EXIT of curl_handle.c sees to that. */
static void withdraw(dcc_multi *m, dcc_transfer *t)
{
  if (t->state == ACTIVE)
    (void)curl_multi_remove_handle(m->curlm, t->curl->easy);
}

/* Its result is on the list of what has finished, the transfer idle. */
static void end(dcc_multi *m, dcc_transfer *t)
{
  dcc_multi_result *result = t->result;
  t->result = NULL;
  *m->done_end = result;
  m->done_end = &result->next;
  m->done_count++;
  leave(m, t);
  give_back(m, t);
}

static void fail(dcc_multi *m, dcc_transfer *t, CURLcode code)
{
  dcc_curl_explain(t->curl, code, &t->result->failure);
  withdraw(m, t);
  dcc_curl_response_free(&t->result->response); /* what had come of it */
  end(m, t);
}

/* Notes what the connection speaks, while libcurl still tells. */
static void note_version(dcc_multi *m, const dcc_transfer *t)
{
  curl_socket_t fd = CURL_SOCKET_BAD;
  long version = 0;
  (void)curl_easy_getinfo(t->curl->easy, CURLINFO_HTTP_VERSION, &version);
  m->http2 = version >= CURL_HTTP_VERSION_2_0;
  if (m->http2
      && curl_easy_getinfo(t->curl->easy, CURLINFO_ACTIVESOCKET, &fd)
           == CURLE_OK && fd != CURL_SOCKET_BAD)
    dcc_sockets_set_http2(&m->sockets, fd);
}

static void finish(dcc_multi *m, dcc_transfer *t, CURLcode code)
{
  long status = 0;
  if (code == CURLE_OK)
    code = curl_easy_getinfo(t->curl->easy, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) {
    fail(m, t, code);
    return;
  }
  note_version(m, t);
  t->result->response.status = status;
  t->result->answered = true;
  withdraw(m, t);
  end(m, t);
}

static void collect(dcc_multi *m)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(m->curlm, &left)) != NULL) {
    char *t = NULL;
    CURLcode code = message->data.result;
    if (message->msg == CURLMSG_DONE
        && curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t)
             == CURLE_OK && t != NULL)
      finish(m, (dcc_transfer *)(void *)t, code);
  }
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
      fail(m, t, CURLE_OPERATION_TIMEDOUT);
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

/* --- beginning anew --- */

static bool set_up(dcc_multi *m, CURLM *c)
{
  long most = m->max_connections, kept = most > 0 ? most : CONNECTIONS_KEPT;
  return curl_multi_setopt(c, CURLMOPT_SOCKETFUNCTION, on_watch) == CURLM_OK
         && curl_multi_setopt(c, CURLMOPT_SOCKETDATA, m) == CURLM_OK
         && curl_multi_setopt(c, CURLMOPT_MAX_TOTAL_CONNECTIONS, most)
              == CURLM_OK
         && curl_multi_setopt(c, CURLMOPT_MAXCONNECTS, kept) == CURLM_OK;
}

static CURLM *new_curlm(dcc_multi *m)
{
  CURLM *fresh = curl_multi_init();
  if (fresh == NULL || set_up(m, fresh))
    return fresh;
  (void)curl_multi_cleanup(fresh);
  return NULL;
}

/* libcurl's multi does not survive every want of memory: it may divide by
 * zero when a socket is used again, or refuse everything. Gives up what is
 * under way and takes another one. Where there is no memory for that either,
 * it stays broken. */
static void mend(dcc_multi *m)
{
  CURLM *fresh = NULL;
  while (m->lists[ACTIVE].first != NULL)
    fail(m, m->lists[ACTIVE].first, CURLE_OUT_OF_MEMORY);
  fresh = new_curlm(m);
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
    .message = "the process was forked while the request was under way, and "
               "this is the new process: the other one has the answer" };
  dcc_transfer *t, *after;
  for (t = m->lists[state].first; t != NULL; t = after) {
    after = t->after;
    t->result->failure = failure;
    withdraw(m, t);
    dcc_curl_response_free(&t->result->response);
    end(m, t);
  }
}

/* Leaves libcurl's memory of what is under way as it is. */
static void abandon(dcc_multi *m)
{
  dcc_transfer *t, *after;
  for (t = m->lists[ACTIVE].first; t != NULL; t = after) {
    after = t->after;
    t->curl->easy = NULL;
    move(m, t, WAITING);
  }
  m->curlm = NULL;
  dcc_sockets_abandon(&m->sockets);
}

/* Gives up what is another process's; does nothing in the process that
 * opened the connections. */
static void leave_inherited(dcc_multi *m)
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
    leave(m, t);
    free_transfer(t);
  }
  if (m->curlm != NULL)
    (void)curl_multi_cleanup(m->curlm);
  m->curlm = NULL;
  m->connected = m->http2 = false;
  m->broken = true; /* until mend() */
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
    mend(m);
  if (m->broken)
    return;
  if (curl_multi_socket_action(m->curlm, fd, what, &running) != CURLM_OK)
    m->broken = true;
  collect(m);
  if (m->broken)
    mend(m);
}

static void start(dcc_multi *m, dcc_transfer *t)
{
  if (m->broken)
    mend(m);
  if (m->broken || !set_pipewait(t, m->http2)
      || curl_multi_add_handle(m->curlm, t->curl->easy) != CURLM_OK) {
    fail(m, t, CURLE_OUT_OF_MEMORY);
    return;
  }
  move(m, t, ACTIVE);
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
  leave_inherited(m);
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
  leave_inherited(m);
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

void dcc_multi_result_free(dcc_multi_result *list)
{
  while (list != NULL) {
    dcc_multi_result *next = list->next;
    dcc_curl_response_free(&list->response);
    free(list);
    list = next;
  }
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
  leave_inherited(m);
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
  withdraw(m, t);
  leave(m, t);
  give_back(m, t);
  return true;
}

size_t dcc_multi_fds(dcc_multi *m, dcc_multi_fd *fds, size_t room)
{
  size_t i, n = 0;
  leave_inherited(m);
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
  m->curlm = new_curlm(m);
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
  leave_inherited(m);
  for (state = IDLE; state < STATES; state++) {
    dcc_transfer *t = m->lists[state].first, *after;
    for (; t != NULL; t = after) {
      after = t->after;
      withdraw(m, t);
      free_transfer(t);
    }
  }
  dcc_multi_result_free(m->done);
  (void)curl_multi_cleanup(m->curlm);
  dcc_curl_free(m->model);
  dcc_sockets_free(&m->sockets);
  free(m);
}

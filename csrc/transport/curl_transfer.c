/* curl_transfer.c: the requests of a multi, from their making to their end */
#include "curl_transfer.h"

#include <stdlib.h>
#include <unistd.h>

enum { IDLE_MAX = 256 /* handles that are kept for the next requests */ };

/* --- lists --- */

void dcc_transfer_leave(dcc_multi *m, dcc_transfer *t)
{
  dcc_list *list = &m->lists[t->state];
  *(t->before ? &t->before->after : &list->first) = t->after;
  *(t->after ? &t->after->before : &list->last) = t->before;
  list->count--;
}

void dcc_transfer_enter(dcc_multi *m, dcc_transfer *t, dcc_state state)
{
  dcc_list *list = &m->lists[state];
  t->state = state;
  t->before = list->last;
  t->after = NULL;
  *(list->last ? &list->last->after : &list->first) = t;
  list->last = t;
  list->count++;
}

void dcc_transfer_move(dcc_multi *m, dcc_transfer *t, dcc_state state)
{
  dcc_transfer_leave(m, t);
  dcc_transfer_enter(m, t, state);
}

/* --- what libcurl and the handles tell --- */

static int on_close(void *multi, curl_socket_t fd)
{
  dcc_multi *m = multi;
  dcc_sockets_close(&m->sockets, fd);
  if (m->sockets.connections == 0)
    m->connected = false;
  return close(fd);
}

static bool on_opened(void *multi, int fd)
{
  dcc_multi *m = multi;
  return dcc_sockets_open(&m->sockets, fd);
}

static void on_connected(void *multi)
{
  dcc_multi *m = multi;
  m->connected = true;
}

/* --- making and freeing transfers --- */

void dcc_multi_result_free(dcc_multi_result *list)
{
  while (list != NULL) {
    dcc_multi_result *next = list->next;
    dcc_curl_response_free(&list->response);
    free(list);
    list = next;
  }
}

void dcc_transfer_free(dcc_transfer *t)
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
  t->curl->opened = on_opened;
  t->curl->connected = on_connected;
  t->curl->owner = m;
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
  dcc_transfer_free(t);
  return NULL;
}

dcc_transfer *dcc_transfer_take(dcc_multi *m, dcc_curl_failure *failure)
{
  dcc_multi_result *result = calloc(1, sizeof *result);
  dcc_transfer *t = m->lists[IDLE].last;
  if (result == NULL) {
    dcc_curl_no_memory(failure);
    return NULL;
  }
  if (t != NULL)
    dcc_transfer_leave(m, t);
  else
    t = new_transfer(m, failure);
  if (t != NULL)
    t->result = result;
  else
    free(result);
  return t;
}

void dcc_transfer_give_back(dcc_multi *m, dcc_transfer *t)
{
  dcc_wipe(t->body.data, t->body.length);
  dcc_buffer_clear(&t->body);
  t->curl->response = NULL;
  dcc_multi_result_free(t->result);
  t->result = NULL;
  if (m->lists[IDLE].count < IDLE_MAX)
    dcc_transfer_enter(m, t, IDLE);
  else
    dcc_transfer_free(t);
}

/* --- ends of transfers --- */

void dcc_transfer_withdraw(dcc_multi *m, dcc_transfer *t)
{
  if (t->state == ACTIVE)
    (void)curl_multi_remove_handle(m->curlm, t->curl->easy);
}

void dcc_transfer_end(dcc_multi *m, dcc_transfer *t)
{
  dcc_multi_result *result = t->result;
  t->result = NULL;
  *m->done_end = result;
  m->done_end = &result->next;
  m->done_count++;
  dcc_transfer_leave(m, t);
  dcc_transfer_give_back(m, t);
}

void dcc_transfer_fail(dcc_multi *m, dcc_transfer *t, CURLcode code)
{
  dcc_curl_explain(t->curl, code, &t->result->failure);
  dcc_transfer_withdraw(m, t);
  dcc_curl_response_free(&t->result->response); /* what had come of it */
  dcc_transfer_end(m, t);
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
  if (code == CURLE_OK)
    code = dcc_curl_finish(t->curl, &t->result->response);
  if (code != CURLE_OK) {
    dcc_transfer_fail(m, t, code);
    return;
  }
  note_version(m, t);
  t->result->answered = true;
  dcc_transfer_withdraw(m, t);
  dcc_transfer_end(m, t);
}

void dcc_multi_collect(dcc_multi *m)
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

/* curl_transfer.h: what the files of a multi share */
#ifndef DCC_CURL_TRANSFER_H
#define DCC_CURL_TRANSFER_H

#include "curl_internal.h"
#include "dcc_multi.h"

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

/* ---- curl_transfer.c ---- */

/* Out of the list of its state; into one; from one into another. */
void dcc_transfer_leave(dcc_multi *m, dcc_transfer *t);
void dcc_transfer_enter(dcc_multi *m, dcc_transfer *t, dcc_state state);
void dcc_transfer_move(dcc_multi *m, dcc_transfer *t, dcc_state state);

/* One of the pool or a new one, with a result and in no list. Returns NULL
 * and fills *failure when out of memory. */
dcc_transfer *dcc_transfer_take(dcc_multi *m, dcc_curl_failure *failure);

/* Into the pool, or away. */
void dcc_transfer_give_back(dcc_multi *m, dcc_transfer *t);

/* NULL is fine. */
void dcc_transfer_free(dcc_transfer *t);

/* Takes an active transfer out of libcurl's hands. Does not wait for a name
 * server: QUICK_EXIT of curl_handle.c sees to that. */
void dcc_transfer_withdraw(dcc_multi *m, dcc_transfer *t);

/* Its result is on the list of what has finished, the transfer idle; the
 * second has it fail for libcurl's reason before. */
void dcc_transfer_end(dcc_multi *m, dcc_transfer *t);
void dcc_transfer_fail(dcc_multi *m, dcc_transfer *t, CURLcode code);

/* Ends the transfers that libcurl has finished. */
void dcc_multi_collect(dcc_multi *m);

/* ---- curl_renew.c ---- */

/* A multi of libcurl's for m; NULL when out of memory. */
CURLM *dcc_multi_new_curlm(dcc_multi *m);

/* libcurl's multi does not survive every want of memory: it may divide by
 * zero when a socket is used again, or refuse everything. Gives up what is
 * in progress and takes another one. Where there is no memory for that either,
 * it stays broken. */
void dcc_multi_mend(dcc_multi *m);

/* Gives up what is another process's; does nothing in the process that
 * opened the connections. */
void dcc_multi_leave_inherited(dcc_multi *m);

#endif

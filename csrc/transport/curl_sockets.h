/* curl_sockets.h: the sockets of a handle or a multi: which there are, and
 * for a multi what libcurl waits for on them, and which are idle */
#ifndef DCC_CURL_SOCKETS_H
#define DCC_CURL_SOCKETS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct dcc_socket {
  int fd;
  short events; /* as poll(2) names them; 0: no request uses it now */
  bool ours;    /* of a connection; else of libcurl's name look-up */
  bool http2;
} dcc_socket;

/* All zero is an empty table. */
typedef struct dcc_sockets {
  dcc_socket *list;
  struct pollfd *polled; /* as much room as `list` */
  size_t count;
  size_t room;
  size_t connections; /* of the sockets, how many are ours */
  size_t from;        /* where the next look at what is ready begins */
} dcc_sockets;

/* Notes a new socket of a connection, or what libcurl waits for on a socket;
 * false when out of memory. */
bool dcc_sockets_open(dcc_sockets *s, int fd);
bool dcc_sockets_watch(dcc_sockets *s, int fd, short events);

/* Forgets a socket, which is about to be closed. */
void dcc_sockets_close(dcc_sockets *s, int fd);

/* Forgets what libcurl waited for on a socket. */
void dcc_sockets_unwatch(dcc_sockets *s, int fd);

/* Notes that the connection speaks HTTP/2. */
void dcc_sockets_set_http2(dcc_sockets *s, int fd);

/* Waits at most timeout_ms. Returns how many entries of `polled` there are;
 * the caller looks at their revents. They stay as they are until the next
 * call. */
size_t dcc_sockets_poll(dcc_sockets *s, long timeout_ms);

/* Whether libcurl still waits for something on the socket. */
bool dcc_sockets_is_watched(const dcc_sockets *s, int fd);

/* Ends idle HTTP/1.1 connections that have something to read although
 * nothing was asked: their end, or a TLS alert that announces it. libcurl
 * before 8.0 takes the latter for a sign of life and would send a request
 * into nowhere; so it gets to see the end and nothing else. Those of HTTP/2
 * libcurl reads by itself. */
void dcc_sockets_end_stale(dcc_sockets *s);

/* For a process that has inherited them: puts a socket that is connected to
 * nobody in the place of each, so that what libcurl sends as it closes them
 * reaches nobody. Returns false where the system has no such socket now. */
bool dcc_sockets_replace(const dcc_sockets *s);

/* Closes and forgets all of them, where libcurl will not. */
void dcc_sockets_abandon(dcc_sockets *s);

void dcc_sockets_free(dcc_sockets *s);

#endif

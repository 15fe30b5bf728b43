#include "curl_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_ROOM = 16, DRAIN = 4096 };

static dcc_socket *find(const dcc_sockets *s, int fd)
{
  size_t i;
  for (i = s->count; i > 0; i--)
    if (s->list[i - 1].fd == fd)
      return &s->list[i - 1];
  return NULL;
}

static bool grow(dcc_sockets *s)
{
  size_t room = s->room ? s->room * 2 : FIRST_ROOM;
  dcc_socket *list = realloc(s->list, room * sizeof *list);
  struct pollfd *polled;
  if (list == NULL)
    return false;
  s->list = list;
  polled = realloc(s->polled, room * sizeof *polled);
  if (polled == NULL)
    return false;
  s->polled = polled;
  s->room = room;
  return true;
}

static dcc_socket *find_or_add(dcc_sockets *s, int fd)
{
  dcc_socket *known = find(s, fd);
  if (known != NULL || (s->count == s->room && !grow(s)))
    return known;
  s->list[s->count] = (dcc_socket){ .fd = fd };
  return &s->list[s->count++];
}

static void forget(dcc_sockets *s, dcc_socket *one)
{
  *one = s->list[--s->count];
}

bool dcc_sockets_open(dcc_sockets *s, int fd)
{
  dcc_socket *one = find_or_add(s, fd);
  if (one == NULL)
    return false;
  s->connections += !one->ours;
  one->ours = true;
  return true;
}

bool dcc_sockets_watch(dcc_sockets *s, int fd, short events)
{
  dcc_socket *one = find_or_add(s, fd);
  if (one != NULL)
    one->events = events;
  return one != NULL;
}

void dcc_sockets_close(dcc_sockets *s, int fd)
{
  dcc_socket *one = find(s, fd);
  if (one == NULL)
    return;
  s->connections -= one->ours;
  forget(s, one);
}

void dcc_sockets_unwatch(dcc_sockets *s, int fd)
{
  dcc_socket *one = find(s, fd);
  if (one != NULL && one->ours)
    one->events = 0;
  else if (one != NULL)
    forget(s, one);
}

void dcc_sockets_set_http2(dcc_sockets *s, int fd)
{
  dcc_socket *one = find(s, fd);
  if (one != NULL)
    one->http2 = true;
}

/* From another place each time, so that none waits for ever where the time
 * is not enough for all. */
size_t dcc_sockets_poll(dcc_sockets *s, long timeout_ms)
{
  size_t i, n = 0;
  for (i = 0; i < s->count; i++) {
    const dcc_socket *one = &s->list[(i + s->from) % s->count];
    if (one->events != 0)
      s->polled[n++] = (struct pollfd){ .fd = one->fd,
                                        .events = one->events };
  }
  s->from += 7;
  if (poll(s->polled, (nfds_t)n, (int)timeout_ms) <= 0)
    return 0;
  return n;
}

bool dcc_sockets_is_watched(const dcc_sockets *s, int fd)
{
  const dcc_socket *one = find(s, fd);
  return one != NULL && one->events != 0;
}

/* Sockets do not block: libcurl has made them so. */
static void end_if_stale(int fd)
{
  char bytes[DRAIN];
  ssize_t got = recv(fd, bytes, 1, MSG_PEEK);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return;
  while (got > 0)
    got = recv(fd, bytes, sizeof bytes, 0);
  (void)shutdown(fd, SHUT_RDWR);
}

void dcc_sockets_end_stale(dcc_sockets *s)
{
  size_t i;
  for (i = 0; i < s->count; i++) {
    const dcc_socket *one = &s->list[i];
    if (one->ours && one->events == 0 && !one->http2)
      end_if_stale(one->fd);
  }
}

/* What is sent there fails at once, by an error and without a signal, and so
 * does reading. */
static int nowhere(void)
{
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  if (s >= 0)
    (void)fcntl(s, F_SETFL, O_NONBLOCK);
  return s;
}

bool dcc_sockets_replace(const dcc_sockets *s)
{
  size_t i;
  bool good = true;
  int other = s->connections > 0 ? nowhere() : -1;
  if (s->connections > 0 && other < 0)
    return false;
  for (i = 0; i < s->count; i++)
    if (s->list[i].ours)
      good = dup2(other, s->list[i].fd) >= 0
             && fcntl(s->list[i].fd, F_SETFD, FD_CLOEXEC) >= 0 && good;
  if (other >= 0)
    (void)close(other);
  return good;
}

void dcc_sockets_abandon(dcc_sockets *s)
{
  size_t i;
  for (i = 0; i < s->count; i++)
    if (s->list[i].ours)
      (void)close(s->list[i].fd);
  s->count = s->connections = 0;
}

void dcc_sockets_free(dcc_sockets *s)
{
  free(s->list);
  free(s->polled);
  *s = (dcc_sockets){ .count = 0 };
}

/* test_server.h: a server on loopback in a thread of the test, by plain
 * HTTP */
#ifndef DCC_TEST_SERVER_H
#define DCC_TEST_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 64 };

/* The listener, then the connections; fd -1: none. */
static struct pollfd ends[CONNECTIONS + 1];

/* Receives what connection `i` has to read, as recv(2) does; closes it at its
 * end. */
static ssize_t receive(int i, char *to, size_t size)
{
  ssize_t n = recv(ends[i].fd, to, size, 0);
  if (n <= 0) {
    close(ends[i].fd);
    ends[i].fd = -1;
  }
  return n;
}

/* Takes a new connection; returns its number. */
static int accept_one(void)
{
  int i = 1;
  while (i <= CONNECTIONS && ends[i].fd >= 0)
    i++;
  if (i > CONNECTIONS)
    abort();
  ends[i] = (struct pollfd){.fd = accept(ends[0].fd, NULL, NULL),
                            .events = POLLIN};
  return i;
}

/* Looks after a connection that has something to read; a new one has nothing
 * yet, and is only shown. The test's own. */
static void serve(int i, bool is_new);

static void *run_server(void *nothing)
{
  (void)nothing;
  while (poll(ends, CONNECTIONS + 1, -1) > 0) {
    for (int i = 1; i <= CONNECTIONS; i++)
      if (ends[i].fd >= 0 && ends[i].revents != 0)
        serve(i, false);
    if (ends[0].revents != 0)
      serve(accept_one(), true);
  }
  return NULL;
}

/* Starts it. Returns its port. */
static int start_server(void)
{
  static pthread_t thread;
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 1; i <= CONNECTIONS; i++)
    ends[i].fd = -1;
  ends[0] = (struct pollfd){.fd = socket(AF_INET, SOCK_STREAM, 0),
                            .events = POLLIN};
  if (bind(ends[0].fd, (struct sockaddr *)&address, size) != 0 ||
      listen(ends[0].fd, CONNECTIONS) != 0 ||
      getsockname(ends[0].fd, (struct sockaddr *)&address, &size) != 0 ||
      pthread_create(&thread, NULL, run_server, NULL) != 0)
    abort();
  return ntohs(address.sin_port);
}

#endif

/* test_curl_slow.c: a machine so slow that a step's time is over whenever the
 * clock is read. Each step starts a request all the same. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

static int slow_clock(clockid_t id, struct timespec *t)
{
  static long readings;
  (void)id;
  *t = (struct timespec){ .tv_nsec = ++readings * 10000000 };
  return 0;
}

#define clock_gettime slow_clock
#include "../transport/curl_multi.c"
#include "test.h"

enum { REQUESTS = 3 };

/* A port on loopback that takes connections and never answers. */
static int listen_anywhere(int *port)
{
  struct sockaddr_in at = { .sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t n = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) != 0
      || listen(fd, REQUESTS) != 0
      || getsockname(fd, (struct sockaddr *)&at, &n) != 0)
    abort();
  *port = ntohs(at.sin_port);
  return fd;
}

int main(void)
{
  int i, port, fd = listen_anywhere(&port);
  char url[64];
  dcc_curl_options options = { .proxy = "" };
  dcc_curl_failure failure;
  dcc_multi *m = dcc_multi_new(&options, 0, &failure);
  dcc_curl_request request = { .method = DCC_TEXT("GET"),
                               .timeout_ms = 60000 };
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
  request.url = (dcc_text){ url, strlen(url) };
  for (i = 0; i < REQUESTS; i++)
    expect(dcc_multi_add(m, &request, &failure) != 0, "%s", failure.message);
  m->connected = true; /* none waits for the connection of the first */
  for (i = 1; i <= REQUESTS; i++) {
    dcc_multi_step(m, 0);
    expect(m->lists[ACTIVE].count == (size_t)i, "%zu requests after step %d",
           m->lists[ACTIVE].count, i);
  }
  dcc_multi_free(m);
  close(fd);
  return end_of_test();
}

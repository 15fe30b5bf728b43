/* nameserver.c: a name server on loopback that knows one answer
 *
 *   nameserver [SECONDS]
 *
 * prints "PORT PID" once it listens, goes to the background, and from then on
 * answers every question for an A record with 127.0.0.1, after so many
 * seconds (default 0; below 0: never), and any other with no record. It ends
 * by SIGTERM, and by itself after LIFETIME seconds. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  LIFETIME = 900,
  HEADER = 12,      /* bytes of a message's header */
  MESSAGE = 512,    /* bytes of a message over UDP */
  RESPONSE = 0x84,  /* an answer, by who must know */
  TYPE_A = 1
};

/* Where the question ends, behind its type and class; 0: there is none. */
static size_t question_end(const unsigned char *m, size_t n)
{
  size_t at = HEADER;
  while (at < n && m[at] != 0)
    at += m[at] + 1u;
  return at + 5 <= n ? at + 5 : 0;
}

/* Turns a question into its answer, in place; returns its length. */
static size_t answer(unsigned char *m, size_t n)
{
  static const unsigned char record[] = {
    0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1
  };
  size_t end = n > HEADER ? question_end(m, n) : 0;
  int known;
  if (end == 0 || end + sizeof record > MESSAGE)
    return 0;
  known = m[end - 4] == 0 && m[end - 3] == TYPE_A;
  m[2] = RESPONSE;
  m[3] = 0;
  memset(m + 6, 0, HEADER - 6); /* no records but the question */
  m[7] = (unsigned char)known;
  if (known)
    memcpy(m + end, record, sizeof record);
  return known ? end + sizeof record : end;
}

static void serve(int fd, int seconds)
{
  unsigned char message[MESSAGE];
  struct sockaddr_in from;
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t n = recvfrom(fd, message, sizeof message, 0,
                         (struct sockaddr *)&from, &length);
    size_t size = n > 0 ? answer(message, (size_t)n) : 0;
    if (size == 0 || seconds < 0)
      continue;
    sleep((unsigned)seconds);
    (void)sendto(fd, message, size, 0, (struct sockaddr *)&from, length);
  }
}

int main(int argc, char **argv)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  pid_t pid;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0
      || getsockname(fd, (struct sockaddr *)&address, &length) != 0)
    return 1;
  pid = fork();
  if (pid != 0) {
    printf("%d %ld\n", (int)ntohs(address.sin_port), (long)pid);
    return pid < 0;
  }
  (void)close(STDOUT_FILENO);
  (void)close(STDERR_FILENO);
  (void)signal(SIGTERM, SIG_DFL);
  (void)alarm(LIFETIME);
  serve(fd, argc > 1 ? atoi(argv[1]) : 0);
}

/* curl_alone.c: the transport from C alone
 *
 *   curl_alone PORT
 *
 * asks a server on loopback four times (201 each) and checks what a script
 * cannot see: that a request leaves in one write, that no proxy of the
 * environment is asked for a loopback address, that child processes do not
 * get the connection, and that no copy of the key stays in memory. Prints
 * what failed and ends with 1, or prints "ok". */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../transport/dcc_curl.h"

static int failures;
static int writes;
static int connection = -1;

static void expect(bool good, const char *what)
{
  if (!good) {
    printf("failed: %s\n", what);
    failures++;
  }
}

/* --- memory --- */

/* Read-only memory holds these; whatever can be written is searched. The
 * search is for the tail: allocators write over the first bytes of what is
 * given back to them. */
static const char key[] = "0123456789abcdef0123456789abcdef-a-key-that-goes";
#define TAIL "-a-key-that-goes"
enum { TAIL_LENGTH = sizeof TAIL - 1, CHUNK = 1 << 16 };

static int count_in(const char *bytes, size_t n)
{
  int count = 0;
  size_t at;
  for (at = 0; at + TAIL_LENGTH <= n; at++)
    count += memcmp(bytes + at, key + sizeof key - 1 - TAIL_LENGTH,
                    TAIL_LENGTH) == 0;
  return count;
}

/* Chunks overlap by less than the tail's length, so each is found once. */
static int count_between(int memory, unsigned long from, unsigned long to)
{
  static char chunk[CHUNK];
  int count = 0;
  while (from < to) {
    size_t want = to - from < CHUNK ? to - from : CHUNK;
    ssize_t got = pread(memory, chunk, want, (off_t)from);
    if (got <= 0)
      return count;
    count += count_in(chunk, (size_t)got);
    if ((size_t)got == to - from)
      return count;
    from += (unsigned long)got > TAIL_LENGTH
              ? (unsigned long)got - TAIL_LENGTH + 1 : (unsigned long)got;
  }
  memset(chunk, 0, sizeof chunk);
  return count;
}

/* A line of maps: "from-to rw-p ... name"; files and the stack aside. */
static int count_in_line(int memory, const char *line)
{
  char *end;
  unsigned long from = strtoul(line, &end, 16);
  unsigned long to = strtoul(end + (*end == '-'), &end, 16);
  if (strncmp(end, " rw", 3) != 0 || strchr(line, '/') != NULL
      || strstr(line, "[stack]") != NULL || to - from >= 1UL << 30)
    return 0;
  return count_between(memory, from, to);
}

/* How often the key is in memory that can be written; -1 where this system
 * does not tell. Allocates nothing: that would change what it looks at. */
static int count_keys(void)
{
  static char maps[1 << 18];
  int file = open("/proc/self/maps", O_RDONLY);
  int memory = open("/proc/self/mem", O_RDONLY), count = 0;
  size_t n = 0;
  ssize_t got = 1;
  char *line;
  if (file < 0 || memory < 0)
    return -1;
  for (; got > 0 && n + 1 < sizeof maps; n += (size_t)(got > 0 ? got : 0))
    got = read(file, maps + n, sizeof maps - 1 - n);
  maps[n] = '\0';
  for (line = strtok(maps, "\n"); line != NULL; line = strtok(NULL, "\n"))
    count += count_in_line(memory, line);
  close(memory);
  close(file);
  return count;
}

/* --- requests --- */

/* libcurl's writes come here. */
__attribute__((visibility("default")))
ssize_t send(int s, const void *bytes, size_t n, int flags)
{
  if (n > 100 && memcmp(bytes, "POST", 4) == 0)
    connection = s;
  writes += s == connection;
  return sendto(s, bytes, n, flags, NULL, 0);
}

static bool ask(dcc_curl *handle, const dcc_curl_request *request)
{
  dcc_curl_response response = { 0 };
  dcc_curl_failure failure;
  dcc_curl_header header;
  size_t at = 0, headers = 0;
  bool good = dcc_curl_perform(handle, request, &response, &failure);
  while (dcc_curl_next_header(&response, &at, &header))
    headers++;
  good = good && response.status == 201 && response.body.length > 0
         && headers > 0;
  dcc_curl_response_free(&response);
  return good;
}

/* Four requests with header lists that grow, so that their buffers move. */
static void ask_all(dcc_curl *handle, const char *url, bool answered)
{
  static char body[8192], value[900];
  dcc_curl_header headers[] = {
    { DCC_TEXT("Content-Type"), DCC_TEXT("application/json") },
    { DCC_TEXT("X-Long"), { value, sizeof value } },
    { DCC_TEXT("X-Longer"), { value, sizeof value } }
  };
  dcc_curl_request request = { .method = DCC_TEXT("POST"),
                               .url = { url, strlen(url) },
                               .headers = headers,
                               .body = { body, sizeof body } };
  memset(body, 'b', sizeof body);
  memset(value, 'v', sizeof value);
  for (request.header_count = 0; request.header_count <= 3;
       request.header_count++) {
    writes = 0;
    expect(ask(handle, &request) == answered, "an answer, or none");
    expect(writes == answered, "a request leaves in one write");
  }
}

static dcc_curl *new_handle(void)
{
  dcc_curl_options options = { .api_key = { key, sizeof key - 1 } };
  dcc_curl_failure failure;
  dcc_curl *handle = dcc_curl_new(&options, &failure);
  if (handle == NULL) {
    printf("failed: %s\n", failure.message);
    exit(1);
  }
  return handle;
}

/* Nobody listens on port 1. Of a request that is sent, libcurl and the TLS
 * library have copies that are theirs to wipe; here there are only ours. */
static void check_wiping(void)
{
  dcc_curl *handle = new_handle();
  ask_all(handle, "http://127.0.0.1:1/", false);
  expect(count_keys() != 0, "the search finds the key where it is");
  dcc_curl_free(handle);
  expect(count_keys() <= 0, "the key is wiped");
}

static void check_requests(const char *port)
{
  dcc_curl *handle = new_handle();
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%s/", port);
  ask_all(handle, url, true);
  expect(fcntl(connection, F_GETFD) & FD_CLOEXEC,
         "the connection is closed on exec");
  dcc_curl_free(handle);
}

int main(int argc, char **argv)
{
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  setenv("no_proxy", "", 1);
  dcc_curl_free(NULL);
  check_wiping();
  check_requests(argc > 1 ? argv[1] : "1");
  if (failures == 0)
    printf("ok\n");
  return failures > 0;
}

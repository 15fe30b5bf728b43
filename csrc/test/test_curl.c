/* test_curl.c: the transport from C alone
 *
 *   test_curl PORT
 *
 * asks a server on loopback four times (201 each) and checks what a script
 * cannot see: that the request leaves in one write, that no memory goes back
 * to the heap with the key in it, that no proxy of the environment is asked
 * for a loopback address, and that child processes do not get the
 * connection. Prints what failed and ends with 1, or prints "ok".
 *
 * Link with -Wl,--wrap=free: free() of the transport comes here first. */
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../transport/dcc_curl.h"

#define KEY "a-key-that-must-not-stay-in-memory"

static int failures;
static int writes;
static int keys_freed;
static int connection = -1;

void *__real_free(void *p);
void __wrap_free(void *p);

static void expect(bool good, const char *what)
{
  if (!good) {
    printf("failed: %s\n", what);
    failures++;
  }
}

static bool has_key(const char *s, size_t n)
{
  size_t length = strlen(KEY), at;
  for (at = 0; at + length <= n; at++)
    if (memcmp(s + at, KEY, length) == 0)
      return true;
  return false;
}

void __wrap_free(void *p)
{
  if (p != NULL && has_key(p, malloc_usable_size(p)))
    keys_freed++;
  __real_free(p);
}

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
  if (!good)
    printf("failure: %s\n", failure.message);
  while (dcc_curl_next_header(&response, &at, &header))
    headers++;
  good = good && response.status == 201 && response.body.length > 0
         && headers > 0;
  dcc_curl_response_free(&response);
  return good;
}

/* Header lists that grow, so that their buffers move. */
static void ask_all(dcc_curl *handle, const char *url)
{
  static char body[8192], value[900];
  dcc_curl_header headers[] = {
    { DCC_CURL_TEXT("Content-Type"), DCC_CURL_TEXT("application/json") },
    { DCC_CURL_TEXT("X-Long"), { value, sizeof value } },
    { DCC_CURL_TEXT("X-Longer"), { value, sizeof value } }
  };
  dcc_curl_request request = { .method = DCC_CURL_TEXT("POST"),
                               .url = { url, strlen(url) },
                               .headers = headers,
                               .body = { body, sizeof body } };
  memset(body, 'b', sizeof body);
  memset(value, 'v', sizeof value);
  for (request.header_count = 0; request.header_count <= 3;
       request.header_count++) {
    writes = 0;
    expect(ask(handle, &request), "201 with headers and a body");
    expect(writes == 1, "a request leaves in one write");
  }
  expect(fcntl(connection, F_GETFD) & FD_CLOEXEC,
         "the connection is closed on exec");
}

int main(int argc, char **argv)
{
  dcc_curl_options options = { .api_key = DCC_CURL_TEXT(KEY) };
  dcc_curl_failure failure;
  dcc_curl *handle;
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%s/",
           argc > 1 ? argv[1] : "1");
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  setenv("no_proxy", "", 1);
  handle = dcc_curl_new(&options, &failure);
  expect(handle != NULL, "a handle");
  if (handle != NULL)
    ask_all(handle, url);
  dcc_curl_free(handle);
  dcc_curl_free(NULL);
  expect(keys_freed == 0, "memory is wiped before it is freed");
  if (failures == 0)
    printf("ok\n");
  return failures > 0;
}

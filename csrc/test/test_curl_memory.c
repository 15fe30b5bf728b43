/* test_curl_memory.c: memory that runs out inside libcurl, at every
 * allocation of a request: an error each time, nothing sent that is said to
 * be unsent, nothing twice, no leak, and the same handle works again. */
#include <curl/curl.h>
#include <stdatomic.h>

#include "../transport/dcc_curl.h"
#include "../transport/dcc_multi.h"
#include "test.h"
#include "test_server.h"

/* ---- libcurl's allocations ---------------------------------------------- */

static atomic_long left = -1; /* until they fail; below 0: they do not */
static atomic_bool armed;
static atomic_long failures;
static atomic_long live;      /* blocks */

static bool fails(void)
{
  bool bad = armed && left-- <= 0;
  failures += bad;
  return bad;
}

static void *take_memory(size_t n)
{
  void *p = fails() ? NULL : malloc(n);
  live += p != NULL;
  return p;
}

static void *take_zeros(size_t n, size_t size)
{
  void *p = fails() ? NULL : calloc(n, size);
  live += p != NULL;
  return p;
}

static void give_back(void *p)
{
  live -= p != NULL;
  free(p);
}

static void *take_more(void *p, size_t n)
{
  void *moved = fails() ? NULL : realloc(p, n);
  live += moved != NULL && p == NULL;
  return moved;
}

static char *take_copy(const char *s)
{
  size_t n = strlen(s) + 1;
  char *copy = take_memory(n);
  return copy == NULL ? NULL : memcpy(copy, s, n);
}

static void fail_after(long n)
{
  failures = 0;
  left = n;
  armed = n >= 0;
}

/* ---- a server ------------------------------------------------------------ */

#define BODY "{\"order\":1}"
#define ANSWER "HTTP/1.1 201 Created\r\nContent-Length: 8\r\n" \
               "Content-Type: application/json\r\nX-A: b\r\n\r\n{\"id\":1}"

static atomic_long requests; /* that have come whole */
static char url[64];

/* A request ends with its body here, and comes in one piece. */
static void serve(int i, bool is_new)
{
  char bytes[4096];
  if (is_new || receive(i, bytes, sizeof bytes) <= 0)
    return;
  requests++;
  (void)!send(ends[i].fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL);
}

/* ---- requests ------------------------------------------------------------ */

static const dcc_curl_options options = {
  .api_key = DCC_TEXT("canary-key"), .proxy = "",
};

static const dcc_curl_request *a_request(void)
{
  static const dcc_curl_header headers[] = {
    {DCC_TEXT("Content-Type"), DCC_TEXT("application/json")},
  };
  static dcc_curl_request request = {
    .method = DCC_TEXT("POST"), .headers = headers, .header_count = 1,
    .body = DCC_TEXT(BODY), .timeout_ms = 20000,
  };
  request.url.at = url;
  request.url.n = strlen(url);
  return &request;
}

/* What is to be true of a request, whatever came of it. */
static void judge(bool good, bool maybe, const char *message, long before,
                  const char *what, long n)
{
  long sent = requests - before;
  expect(sent <= 1, "%s: sent %ld times (allocation %ld)", what, sent, n);
  expect(good || maybe || sent == 0,
         "%s: sent, though it says not (allocation %ld)", what, n);
  expect(good || *message != '\0', "%s: no message (allocation %ld)", what,
         n);
  expect(good || failures > 0, "%s: failed with memory: %s", what, message);
}

static bool perform(dcc_curl *handle, const char *what, long n)
{
  dcc_curl_response response = {0};
  dcc_curl_failure failure = {0};
  long before = requests;
  bool good = dcc_curl_perform(handle, a_request(), &response, &failure);
  armed = false;
  /* what is still on its way has come when another has been answered */
  if (!good) {
    dcc_curl_response again = {0};
    dcc_curl_failure why = {0};
    dcc_curl *other = dcc_curl_new(&options, &why);
    expect(other != NULL && dcc_curl_perform(other, a_request(), &again,
                                             &why), "another: %s",
           why.message);
    before++;
    dcc_curl_response_free(&again);
    dcc_curl_free(other);
  }
  judge(good, failure.maybe, failure.message, before, what, n);
  expect(!good || response.status == 201, "%s: status %ld", what,
         response.status);
  dcc_curl_response_free(&response);
  return good;
}

/* Returns whether an allocation failed. */
static bool try_handle(long n, bool used)
{
  dcc_curl_failure failure = {0};
  dcc_curl *handle;
  bool reached;
  if (!used)
    fail_after(n);
  handle = dcc_curl_new(&options, &failure);
  if (handle == NULL) {
    armed = false;
    expect(failures > 0 && *failure.message != '\0' && !failure.maybe,
           "no handle and no reason (allocation %ld)", n);
    return true;
  }
  if (used) {
    perform(handle, "a first request", n);
    fail_after(n);
  }
  perform(handle, used ? "a used handle" : "a new handle", n);
  reached = failures > 0;
  fail_after(-1);
  expect(perform(handle, "again", n), "usable afterwards (allocation %ld)",
         n);
  dcc_curl_free(handle);
  return reached;
}

/* The first request of a multi to end: true where it was answered. */
static bool finish(dcc_multi *m, dcc_curl_failure *failure)
{
  dcc_multi_result *result = NULL;
  bool good;
  for (int i = 0; i < 200 && result == NULL; i++) {
    dcc_multi_step(m, 100);
    result = dcc_multi_take(m);
  }
  if (result == NULL) {
    snprintf(failure->message, sizeof failure->message, "no end");
    return false;
  }
  good = result->answered;
  if (!good)
    *failure = result->failure;
  dcc_multi_result_free(result);
  return good;
}

static bool try_multi(long n)
{
  dcc_curl_failure failure = {0};
  dcc_multi *m;
  bool good, reached;
  long before = requests;
  fail_after(n);
  m = dcc_multi_new(&options, 2, &failure);
  good = m != NULL && dcc_multi_add(m, a_request(), &failure) > 0 &&
         finish(m, &failure);
  reached = failures > 0;
  fail_after(-1);
  failures = reached;
  if (m == NULL) {
    expect(reached && *failure.message != '\0', "no multi and no reason");
    return true;
  }
  memset(failure.message, good ? 0 : failure.message[0], 1);
  bool maybe = failure.maybe;
  char first = failure.message[0];
  expect(dcc_multi_add(m, a_request(), &failure) > 0 && finish(m, &failure),
         "a multi: usable afterwards (allocation %ld): %s", n,
         failure.message);
  judge(good, maybe, (char[]){first, '\0'}, before + 1, "a multi", n);
  dcc_multi_free(m);
  return reached;
}

int main(void)
{
  long n, rest;
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, take_memory, give_back,
                           take_more, take_copy, take_zeros) != CURLE_OK)
    return 1;
  snprintf(url, sizeof url, "http://127.0.0.1:%d/order", start_server());
  try_handle(-1, false);
  try_multi(-1);
  rest = live;
  for (n = 0; try_handle(n, false); n++)
    expect(live == rest, "%ld blocks left (allocation %ld)", live - rest, n);
  expect(n > 20, "a handle: several allocations, got %ld", n);
  for (n = 0; try_handle(n, true); n++)
    expect(live == rest, "%ld blocks left (allocation %ld)", live - rest, n);
  for (n = 0; try_multi(n); n++)
    expect(live == rest, "multi: %ld blocks left (allocation %ld)",
           live - rest, n);
  expect(n > 20, "a multi: several allocations, got %ld", n);
  return end_of_test();
}

/* multi_alone.c: many requests from C alone, with a name server that hangs
 *
 * Looks up names by a getaddrinfo of its own that does not return before the
 * end of the program: what waits for it never ends, and an alarm then ends
 * the program. Checks that neither a step, nor a cancel, nor the end of a
 * multi waits for it, nor a child process, that many requests for one name
 * ask for it once, and that no copy of a body stays in memory that is freed.
 * Prints what failed and ends with 1, or prints "ok". */
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../transport/dcc_multi.h"

enum { LIFETIME = 60, MANY = 100 };

static int failures;
static int lookups;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER;

static void expect(bool good, const char *what)
{
  if (!good) {
    printf("failed: %s\n", what);
    failures++;
  }
}

/* libcurl's look-ups come here, each in a thread of its own. */
__attribute__((visibility("default")))
int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
  (void)name, (void)service, (void)hints, (void)result;
  pthread_mutex_lock(&lock);
  lookups++;
  pthread_cond_signal(&asked);
  pthread_mutex_unlock(&lock);
  for (;;)
    pause();
}

static dcc_multi *new_multi(void)
{
  dcc_curl_options options = { .proxy = "" };
  dcc_curl_failure failure;
  dcc_multi *m = dcc_multi_new(&options, 0, &failure);
  if (m == NULL) {
    printf("failed: %s\n", failure.message);
    exit(1);
  }
  return m;
}

static int64_t add(dcc_multi *m, long connect_timeout_ms)
{
  dcc_curl_request request = {
    .method = DCC_TEXT("POST"),
    .url = DCC_TEXT("https://name.invalid/order"),
    .body = DCC_TEXT("{}"),
    .connect_timeout_ms = connect_timeout_ms };
  dcc_curl_failure failure;
  int64_t id = dcc_multi_add(m, &request, &failure);
  expect(id > 0, "a request is taken");
  return id;
}

static void await_lookup(int count)
{
  pthread_mutex_lock(&lock);
  while (lookups < count)
    pthread_cond_wait(&asked, &lock);
  pthread_mutex_unlock(&lock);
}

static void check_hanging(void)
{
  dcc_multi *m = new_multi();
  int64_t first = add(m, 0);
  bool maybe = true;
  int i;
  for (i = 1; i < MANY; i++)
    add(m, 0);
  for (i = 0; i < MANY; i++)
    dcc_multi_step(m, 0);
  await_lookup(1);
  dcc_multi_step(m, 0);
  expect(lookups == 1, "a name is looked up once");
  expect(dcc_multi_take(m) == NULL, "nothing has finished");
  expect(dcc_multi_cancel(m, first, &maybe) && !maybe,
         "nothing was sent to an unknown address");
  dcc_multi_step(m, 0);
  await_lookup(2);
  expect(dcc_multi_count(m) == MANY - 1, "the others are there");
  dcc_multi_free(m);
}

static void check_time_out(void)
{
  dcc_multi *m = new_multi();
  dcc_multi_result *list, *r;
  int i, done = 0;
  for (i = 0; i < MANY; i++)
    add(m, 50);
  while (dcc_multi_count(m) > 0) {
    dcc_multi_step(m, 1000L * LIFETIME);
    list = dcc_multi_take(m);
    for (r = list; r != NULL; r = r->next, done++)
      expect(!r->answered && !r->failure.maybe && r->failure.code == 28,
             "it timed out, unsent");
    dcc_multi_result_free(list);
  }
  expect(done == MANY, "all have timed out");
  dcc_multi_free(m);
}

/* The child has no thread that looks a name up: it waits for none, and asks
 * anew. */
static void check_fork(void)
{
  dcc_multi *m = new_multi();
  int before = lookups, status = 1;
  pid_t child;
  add(m, 0);
  dcc_multi_step(m, 0);
  await_lookup(before + 1);
  child = fork();
  if (child == 0) {
    dcc_multi_result *r;
    alarm(LIFETIME);
    failures = 0;
    dcc_multi_step(m, 0);
    r = dcc_multi_take(m);
    expect(r != NULL && !r->answered && r->failure.maybe,
           "what was under way is unclear in the child");
    dcc_multi_result_free(r);
    add(m, 50);
    while ((r = dcc_multi_take(m)) == NULL)
      dcc_multi_step(m, 1000L * LIFETIME);
    expect(!r->answered && !r->failure.maybe, "a request of its own");
    dcc_multi_result_free(r);
    dcc_multi_free(m);
    fflush(stdout);
    _exit(failures > 0);
  }
  (void)waitpid(child, &status, 0);
  expect(status == 0, "the child ends well");
  expect(dcc_multi_take(m) == NULL && dcc_multi_count(m) == 1,
         "the parent's request goes on");
  dcc_multi_free(m);
}

int main(void)
{
  alarm(LIFETIME);
  dcc_multi_free(NULL);
  check_hanging();
  check_time_out();
  check_fork();
  if (failures == 0)
    printf("ok\n");
  fflush(stdout);
  _exit(failures > 0); /* threads still hang */
}

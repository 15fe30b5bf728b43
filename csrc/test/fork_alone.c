/* fork_alone.c: connections and a fork, from C alone
 *
 *   fork_alone handle|free|multi|away URL CA
 *
 * asks a server, forks, and asks again: the child first, then the parent.
 * Prints what each of them got, as "first: BODY", "child: BODY" and "second:
 * BODY". With "free" the child asks for nothing: it ends as a host does, which
 * frees all it has. With "away" the first request of a multi is under way
 * when the process forks; "lost: sent" is what the child learns of it, and
 * the parent gets its answer. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../transport/dcc_multi.h"

enum { LIFETIME = 60, STEPS = 1000, PATIENCE_MS = 30000 };

static dcc_curl_options options = { .proxy = "" };
static const char *url;
static dcc_curl *handle;
static dcc_multi *multi;

static dcc_curl_request request(const char *body)
{
  dcc_curl_request made = { .method = DCC_TEXT("POST"),
                            .url = { url, strlen(url) },
                            .body = { body, strlen(body) },
                            .timeout_ms = PATIENCE_MS };
  return made;
}

static void show(const char *who, bool good, const dcc_curl_response *got,
                 const dcc_curl_failure *failure)
{
  if (good)
    printf("%s: %.*s\n", who, (int)got->body.length, got->body.data);
  else
    printf("%s: %s (%s)\n", who, failure->message,
           failure->maybe ? "maybe" : "no");
  fflush(stdout);
}

/* What has been added to the multi ends. */
static void finish(const char *who)
{
  dcc_multi_result *list = NULL, *r;
  int i;
  for (i = 0; i < STEPS && list == NULL && dcc_multi_count(multi) > 0; i++) {
    dcc_multi_step(multi, 1000);
    list = dcc_multi_take(multi);
  }
  for (r = list; r != NULL; r = r->next)
    show(who, r->answered, &r->response, &r->failure);
  dcc_multi_result_free(list);
}

static void ask(const char *who)
{
  dcc_curl_request asked = request(who);
  dcc_curl_response response = { 0 };
  dcc_curl_failure failure = { 0 };
  if (multi != NULL) {
    if (dcc_multi_add(multi, &asked, &failure) == 0)
      show(who, false, NULL, &failure);
    finish(who);
    return;
  }
  show(who, dcc_curl_perform(handle, &asked, &response, &failure), &response,
       &failure);
  dcc_curl_response_free(&response);
}

/* Whether the server has been spoken to and is listened to. */
static bool waits_for_server(void)
{
  dcc_multi_fd fd;
  return dcc_multi_fds(multi, &fd, 1) == 1 && fd.read;
}

static void start_first(void)
{
  dcc_curl_request asked = request("first");
  dcc_curl_failure failure = { 0 };
  if (dcc_multi_add(multi, &asked, &failure) == 0)
    show("first", false, NULL, &failure);
  while (!waits_for_server() && dcc_multi_count(multi) > 0)
    dcc_multi_step(multi, 0);
}

static void learn_lost(void)
{
  dcc_multi_result *list;
  dcc_multi_step(multi, 0);
  list = dcc_multi_take(multi);
  if (list != NULL)
    printf("lost: %s\n", list->failure.maybe && !list->answered ? "sent"
                                                                : "?");
  dcc_multi_result_free(list);
}

int main(int argc, char **argv)
{
  const char *mode = argc > 3 ? argv[1] : "";
  bool away = strcmp(mode, "away") == 0;
  dcc_curl_failure failure = { 0 };
  pid_t child;
  int status = 1;
  if (argc < 4)
    return 2;
  alarm(LIFETIME);
  url = argv[2];
  options.ca_file = argv[3];
  if (away || strcmp(mode, "multi") == 0)
    multi = dcc_multi_new(&options, 0, &failure);
  else
    handle = dcc_curl_new(&options, &failure);
  if (away)
    start_first();
  else
    ask("first");
  child = fork();
  if (child == 0) {
    alarm(LIFETIME);
    if (away)
      learn_lost();
    if (strcmp(mode, "free") != 0)
      ask("child");
  } else {
    (void)waitpid(child, &status, 0);
    if (away)
      finish("first");
    else
      ask("second");
  }
  dcc_curl_free(handle);
  dcc_multi_free(multi);
  return child == 0 || status == 0 ? 0 : 1;
}

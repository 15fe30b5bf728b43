/* base.c: what the client is measured against: bare libcurl that posts the
 * same bytes.
 *
 *   base KIND COUNT CONCURRENCY URL CA_FILE BODY_FILE
 *
 * KIND: "kept" for one handle, "fresh" for a new connection each time, "many"
 * for a curl_multi loop with so many at once (up to 1,000).
 *
 * Prints the wall time and the CPU time of the loop, in seconds, after the
 * requests that open the connections. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static char body[65536];

static size_t ignore(char *data, size_t size, size_t n, void *user)
{
  (void)data;
  (void)user;
  return size * n;
}

static double wall(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void post(CURL *easy)
{
  long status = 0;
  CURLcode code = curl_easy_perform(easy);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK || status != 201) {
    fprintf(stderr, "%s, status %ld\n", curl_easy_strerror(code), status);
    exit(1);
  }
}

static struct curl_slist *headers(void)
{
  struct curl_slist *list = NULL;
  list = curl_slist_append(list, "X-DC-DEVKEY: 0123456789abcdef");
  list = curl_slist_append(list, "Content-Type: application/json");
  list = curl_slist_append(list, "Accept: application/json");
  return curl_slist_append(list, "Expect:");
}

static const char *url, *ca_file;
static size_t length;

static CURL *new_easy(void)
{
  CURL *easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  return easy;
}

static void one_by_one(long count, int fresh)
{
  double wall_start, cpu_start;
  CURL *easy = new_easy();
  post(easy);
  if (fresh)
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  wall_start = wall();
  cpu_start = cpu();
  for (long i = 0; i < count; i++)
    post(easy);
  printf("%.6f %.6f\n", wall() - wall_start, cpu() - cpu_start);
}

/* Lets the transfers go on, and begins others in the place of those that have
 * ended. Returns how many have ended. */
static long turn(CURLM *multi, long *left)
{
  CURLMsg *message;
  long ended = 0;
  int running, messages;
  curl_multi_perform(multi, &running);
  while ((message = curl_multi_info_read(multi, &messages)) != NULL) {
    CURL *easy = message->easy_handle;
    if (message->data.result != CURLE_OK)
      exit(1);
    curl_multi_remove_handle(multi, easy);
    if ((*left)-- > 0)
      curl_multi_add_handle(multi, easy);
    ended++;
  }
  return ended;
}

static void all_of(CURLM *multi, CURL **easies, long at_once, long count)
{
  long left = count - at_once;
  for (long i = 0; i < at_once; i++)
    curl_multi_add_handle(multi, easies[i]);
  while (count > 0) {
    count -= turn(multi, &left);
    curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
}

/* The first orders open the connections. */
static void many(long count, long at_once)
{
  static CURL *easies[1000];
  double wall_start, cpu_start;
  CURLM *multi = curl_multi_init();
  for (long i = 0; i < at_once; i++)
    easies[i] = new_easy();
  all_of(multi, easies, at_once, at_once);
  wall_start = wall();
  cpu_start = cpu();
  all_of(multi, easies, at_once, count);
  printf("%.6f %.6f\n", wall() - wall_start, cpu() - cpu_start);
}

int main(int argc, char **argv)
{
  long count;
  FILE *f;
  if (argc != 7)
    return 2;
  count = strtol(argv[2], NULL, 10);
  url = argv[4];
  ca_file = argv[5];
  f = fopen(argv[6], "rb");
  if (f == NULL)
    return 2;
  length = fread(body, 1, sizeof body, f);
  fclose(f);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (strcmp(argv[1], "many") == 0)
    many(count, strtol(argv[3], NULL, 10));
  else
    one_by_one(count, strcmp(argv[1], "fresh") == 0);
  return 0;
}

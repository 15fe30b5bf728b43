/* base.c: what place_order is measured against: a bare loop over one libcurl
 * handle that posts the same bytes.
 *
 *   base COUNT URL CA_FILE BODY_FILE
 *   base fresh COUNT URL CA_FILE BODY_FILE    a new connection each time
 *
 * Prints the wall time and the CPU time of the loop, in seconds, after one
 * request that opens the connection. */
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

int main(int argc, char **argv)
{
  CURL *easy;
  FILE *f;
  size_t length;
  long count;
  double wall_start, cpu_start;
  int fresh = argc > 1 && strcmp(argv[1], "fresh") == 0;
  argv += fresh;
  if (argc - fresh != 5)
    return 2;
  count = strtol(argv[1], NULL, 10);
  f = fopen(argv[4], "rb");
  if (f == NULL)
    return 2;
  length = fread(body, 1, sizeof body, f);
  fclose(f);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, argv[2]);
  curl_easy_setopt(easy, CURLOPT_CAINFO, argv[3]);
  curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  post(easy);
  if (fresh)
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  wall_start = wall();
  cpu_start = cpu();
  for (long i = 0; i < count; i++)
    post(easy);
  printf("%.6f %.6f\n", wall() - wall_start, cpu() - cpu_start);
  return 0;
}

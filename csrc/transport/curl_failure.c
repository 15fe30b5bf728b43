#include "curl_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/ascii.h"

/* What came from the other side may be anything: a message keeps to ASCII
 * that can be printed. */
static void clean(char *message)
{
  for (; *message != '\0'; message++)
    if (*message < 0x20 || *message > 0x7e)
      *message = '?';
}

bool dcc_curl_refuse(dcc_curl_failure *failure, const char *format, ...)
{
  va_list arguments;
  *failure = (dcc_curl_failure){ .code = CURLE_BAD_FUNCTION_ARGUMENT,
                                 .permanent = true };
  va_start(arguments, format);
  (void)vsnprintf(failure->message, sizeof failure->message, format,
                  arguments);
  va_end(arguments);
  return false;
}

bool dcc_curl_no_memory(dcc_curl_failure *failure)
{
  dcc_curl_refuse(failure, "out of memory");
  failure->code = CURLE_OUT_OF_MEMORY;
  failure->permanent = false;
  return false;
}

bool dcc_curl_no_option(dcc_curl_failure *failure, CURLoption option,
                        CURLcode code)
{
  const struct curl_easyoption *known = curl_easy_option_by_id(option);
  dcc_curl_refuse(failure, "libcurl %s does not accept its option %s: %s",
                  dcc_curl_version(), known ? known->name : "(unknown)",
                  curl_easy_strerror(code));
  failure->code = (int)code;
  return false;
}

/* CURLE_TOO_LARGE of libcurl 8.6 and newer. */
enum { TOO_LARGE = 100 };

/* One row for each way to fail that deserves its own words; %H is the host,
 * %P the port, %R libcurl's reason, %T the time limit in seconds. The
 * first row that fits counts, code 0 fits all. */
static const struct {
  int code;
  enum { ANY, UNSENT, SENT } when;
  bool permanent;
  const char *text;
} causes[] = {
  { CURLE_COULDNT_RESOLVE_HOST, ANY, false, "no address found for %H" },
  { CURLE_COULDNT_RESOLVE_PROXY, ANY, false,
    "no address found for the proxy" },
  { CURLE_COULDNT_CONNECT, ANY, false, "no connection to %H port %P: %R" },
  { CURLE_OPERATION_TIMEDOUT, UNSENT, false,
    "no connection to %H port %P within %T seconds" },
  { CURLE_OPERATION_TIMEDOUT, SENT, false,
    "no complete response from %H within %T seconds" },
  { CURLE_PEER_FAILED_VERIFICATION, ANY, true,
    "certificate of %H refused: %R" },
  { CURLE_SSL_ISSUER_ERROR, ANY, true, "certificate of %H refused: %R" },
  { CURLE_SSL_CONNECT_ERROR, ANY, false,
    "no TLS connection to %H port %P: %R" },
  { CURLE_SSL_CACERT_BADFILE, ANY, true,
    "the system's CA certificates cannot be read: %R" },
  { CURLE_GOT_NOTHING, ANY, false,
    "the connection to %H closed before a response arrived" },
  { CURLE_SEND_ERROR, ANY, false,
    "the connection to %H broke while sending: %R" },
  { CURLE_RECV_ERROR, SENT, false,
    "the connection to %H broke while reading: %R" },
  { CURLE_PARTIAL_FILE, ANY, false, "the response from %H was cut short: %R" },
  { TOO_LARGE, ANY, false,
    "the response from %H has more or longer header fields than libcurl "
    "accepts: %R" },
  { CURLE_UNSUPPORTED_PROTOCOL, SENT, false, "no HTTP response from %H: %R" },
  { CURLE_WEIRD_SERVER_REPLY, ANY, false, "no HTTP response from %H: %R" },
  { CURLE_URL_MALFORMAT, ANY, true, "'url' is not a URL: %R" },
  { 0, UNSENT, false, "no connection to %H port %P: %R" },
  { 0, SENT, false, "request to %H failed: %R" }
};

/* The length without a full stop and white space at the end. */
static size_t bare_length(const char *s)
{
  size_t n = strlen(s);
  while (n > 0 && (s[n - 1] == '.' || s[n - 1] == ' ' || s[n - 1] == '\n'))
    n--;
  return n;
}

/* libcurl's reason, or the operating system's where that says more, with
 * its first letter in lower case where a small one follows: not in "SSL". */
static void add_reason(const dcc_curl *h, CURLcode code, char *to,
                       size_t size)
{
  char text[CURL_ERROR_SIZE];
  long number = 0;
  (void)snprintf(text, sizeof text, "%s",
                 h->error[0] ? h->error : curl_easy_strerror(code));
  if (code == CURLE_COULDNT_CONNECT
      && curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK
      && number > 0)
    (void)strerror_r((int)number, text, sizeof text);
  if (text[0] >= 'A' && text[0] <= 'Z'
      && ((text[1] >= 'a' && text[1] <= 'z') || text[1] == ' '))
    text[0] = (char)(text[0] + ('a' - 'A'));
  (void)snprintf(to, size, "%.*s", (int)bare_length(text), text);
}

static double seconds(long ms)
{
  return (double)ms / 1000;
}

/* The limit of the time before the request was sent that ran out: that for
 * connecting or that for the whole call, whichever is nearer. */
static long connect_limit_ms(const dcc_curl *h)
{
  curl_off_t us = 0;
  long ms;
  if (curl_easy_getinfo(h->easy, CURLINFO_TOTAL_TIME_T, &us) != CURLE_OK)
    return h->timeout_ms;
  ms = (long)(us / 1000);
  return labs(ms - h->connect_timeout_ms) < labs(ms - h->timeout_ms)
           ? h->connect_timeout_ms : h->timeout_ms;
}

static void expand(const dcc_curl *h, CURLcode code, const char *text,
                   char *to, size_t size)
{
  double limit = seconds(h->sent ? h->timeout_ms : connect_limit_ms(h));
  size_t n = 0;
  to[0] = '\0';
  for (; *text != '\0' && n + 1 < size; text++) {
    if (*text != '%') {
      to[n++] = *text;
      to[n] = '\0';
      continue;
    }
    switch (*++text) {
    case 'H': (void)snprintf(to + n, size - n, "%s", h->host); break;
    case 'P': (void)snprintf(to + n, size - n, "%s", h->port); break;
    case 'T': (void)snprintf(to + n, size - n, "%g", limit);
      dcc_ascii_point(to + n);
      break;
    default: add_reason(h, code, to + n, size - n); break;
    }
    n += strlen(to + n);
  }
}

/* The transfer that we ended ourselves, or an announced body too long. */
static bool explain_stop(const dcc_curl *h, CURLcode code,
                         dcc_curl_failure *failure)
{
  char *to = failure->message;
  size_t size = sizeof failure->message;
  if (h->stop == STOP_BODY || code == CURLE_FILESIZE_EXCEEDED)
    (void)snprintf(to, size, "the response from %s is longer than %zu bytes",
                   h->host, h->body_max);
  else if (h->stop == STOP_HEADERS)
    (void)snprintf(to, size,
                   "the response from %s has more than %d header fields or "
                   "%d bytes of them", h->host,
                   DCC_CURL_RESPONSE_HEADERS_MAX, DCC_CURL_HEADER_BYTES_MAX);
  else if (h->stop == STOP_MEMORY)
    (void)snprintf(to, size, "out of memory while reading the response from %s",
                   h->host);
  else
    return false;
  return true;
}

/* Who runs this: where nginx's workers are nobody, a file that root wrote is
 * not theirs to read. */
static void add_user(char *to, size_t size)
{
  struct passwd entry, *found = NULL;
  char text[1024];
  if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) == 0
      && found != NULL)
    (void)snprintf(to, size, "%s", found->pw_name);
  else
    (void)snprintf(to, size, "%ld", (long)geteuid());
}

/* libcurl says the same of a file that cannot be read and of one that holds
 * nothing for it: the file is looked at again. */
static bool explain_ca_file(const dcc_curl *h, CURLcode code,
                            dcc_curl_failure *failure)
{
  char user[64];
  struct stat about;
  int fd, reason = 0;
  if (code != CURLE_SSL_CACERT_BADFILE || h->ca_file == NULL)
    return false;
  failure->permanent = true;
  fd = open(h->ca_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    reason = errno;
  else if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode))
    reason = EISDIR;
  if (fd >= 0)
    (void)close(fd);
  if (reason == 0)
    (void)snprintf(failure->message, sizeof failure->message,
                   "CA file '%s' contains no PEM certificate", h->ca_file);
  else {
    char words[128];
    add_user(user, sizeof user);
    (void)strerror_r(reason, words, sizeof words);
    (void)snprintf(failure->message, sizeof failure->message,
                   "CA file '%s' cannot be read by user '%s': %s",
                   h->ca_file, user, words);
  }
  return true;
}

bool dcc_curl_explain(const dcc_curl *h, CURLcode code,
                      dcc_curl_failure *failure)
{
  size_t i = 0;
  if (h->again) /* stopped by us: what libcurl says of a new connection */
    code = CURLE_GOT_NOTHING;
  *failure = (dcc_curl_failure){ .code = (int)code, .maybe = h->sent };
  failure->config = code == CURLE_SSL_CACERT_BADFILE;
  if (!explain_stop(h, code, failure) && !explain_ca_file(h, code, failure)) {
    while ((causes[i].code != 0 && causes[i].code != (int)code)
           || (causes[i].when != ANY
               && (causes[i].when == SENT) != h->sent))
      i++;
    failure->permanent = causes[i].permanent;
    expand(h, code, causes[i].text, failure->message,
           sizeof failure->message);
  }
  clean(failure->message);
  return false;
}

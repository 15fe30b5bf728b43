/* curl_keylog.c: no key log. libcurl with OpenSSL writes the secrets of each
 * TLS connection to the file that $SSLKEYLOGFILE names, for whoever may read
 * it: with them, a recording of the traffic shows the API key and card data.
 * The variable is the host's; what is sent here is not its to give away. */
#define _GNU_SOURCE /* dladdr */
#include "curl_internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* How libcurl names the TLS libraries that have OpenSSL's interface; one that
 * it could use and does not is in parentheses. */
static bool is_openssl(const char *version)
{
  static const char *const names[] = { "OpenSSL", "LibreSSL", "BoringSSL",
                                       "AWS-LC", "quictls" };
  size_t i;
  for (i = 0; version != NULL && i < sizeof names / sizeof *names; i++)
    if (strncmp(version, names[i], strlen(names[i])) == 0)
      return true;
  return false;
}

/* SSL_CTX_set_keylog_callback as libcurl itself sees it: a process may have
 * several libraries that have one, and this module links none. NULL: there
 * is none. */
static dcc_set_keylog *find_setter(void)
{
  CURLcode (*init)(long) = curl_global_init;
  void *address, *libcurl;
  dcc_set_keylog *found = NULL;
  Dl_info info;
  memcpy(&address, &init, sizeof address);
  if (dladdr(address, &info) == 0 || info.dli_fname == NULL)
    return NULL;
  libcurl = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (libcurl == NULL)
    libcurl = dlopen(NULL, RTLD_LAZY); /* it is linked statically */
  if (libcurl == NULL)
    return NULL;
  address = dlsym(libcurl, "SSL_CTX_set_keylog_callback");
  memcpy(&found, &address, sizeof found);
  (void)dlclose(libcurl);
  return found;
}

/* libcurl calls this for the context of each connection, a proxy's too, once
 * it has set it up. */
static CURLcode on_context(CURL *easy, void *ssl_ctx, void *handle)
{
  const dcc_curl *h = handle;
  (void)easy;
  h->set_keylog(ssl_ctx, NULL);
  return CURLE_OK;
}

bool dcc_curl_stop_keylog(dcc_curl *h, dcc_curl_failure *failure)
{
  const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
  const char *file = getenv("SSLKEYLOGFILE");
  CURLcode code;
  h->set_keylog = is_openssl(library) ? find_setter() : NULL;
  if (h->set_keylog == NULL)
    return file == NULL || *file == '\0'
           || dcc_curl_refuse(
             failure, "$SSLKEYLOGFILE is set, and libcurl with %s cannot be "
             "kept from writing to it: unset it", library ? library : "?");
  code = curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
  if (code == CURLE_OK)
    code = curl_easy_setopt(h->easy, CURLOPT_SSL_CTX_DATA, h);
  return code == CURLE_OK
         || dcc_curl_no_option(failure, CURLOPT_SSL_CTX_FUNCTION, code);
}

/* test_curl_failure.c: what is said of errors that only some versions of
 * libcurl give. */
#include "../transport/curl_internal.h"
#include "test.h"

int main(void)
{
  static const struct {
    int code;
    const char *words, *text;
  } cases[] = {
    { 63, "", "the response from a.example is longer than 7 bytes" },
    { 100, "too many response headers, 5000 is max",
      "the response from a.example has more or longer header fields than "
      "libcurl accepts: too many response headers, 5000 is max" },
    { 56, "Recv failure", "the connection to a.example broke while reading: "
                          "recv failure" },
  };
  dcc_curl h = { .host = "a.example", .port = "443", .sent = true,
                 .body_max = 7 };
  for (size_t i = 0; i < COUNT(cases); i++) {
    dcc_curl_failure failure;
    (void)snprintf(h.error, sizeof h.error, "%s", cases[i].words);
    expect(!dcc_curl_explain(&h, (CURLcode)cases[i].code, &failure),
           "%d: not false", cases[i].code);
    expect(same(failure.message, cases[i].text), "%d: %s", cases[i].code,
           failure.message);
    expect(failure.maybe && !failure.permanent && !failure.config,
           "%d: not what may have been placed", cases[i].code);
  }
  return end_of_test();
}

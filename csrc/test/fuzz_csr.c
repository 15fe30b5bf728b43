/* fuzz_csr.c: the input as a certificate request, as it is or as the DER
 * inside a PEM block. A request that is taken must give its names and facts;
 * one that is refused, a line that says why. OpenSSL's error queue stays
 * empty. */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "../core/dcc.h"
#include "../core/scan.h"
#include "../x509/dcc_csr.h"
#include "fuzz.h"

enum { DER_MAX = 4096 };

static char *in_pem(const uint8_t *der, size_t n, size_t *length)
{
  static const char head[] = "-----BEGIN CERTIFICATE REQUEST-----\n";
  static const char tail[] = "\n-----END CERTIFICATE REQUEST-----\n";
  size_t room = sizeof head + sizeof tail + 4 * (n / 3 + 1);
  char *pem = malloc(room);
  if (pem == NULL)
    abort();
  memcpy(pem, head, sizeof head - 1);
  *length = sizeof head - 1;
  *length += (size_t)EVP_EncodeBlock((unsigned char *)pem + *length, der,
                                     (int)n);
  memcpy(pem + *length, tail, sizeof tail - 1);
  *length += sizeof tail - 1;
  return pem;
}

/* Lines of a letter and a name, and nothing that a terminal stumbles over;
 * the check of an order must read them. */
static void check_names(dcc_csr *csr)
{
  dcc_buffer names = {0}, subject = {0};
  dcc_order *order = dcc_order_new();
  dcc_options options = {.now = 1781006400, .skip_csr = true};
  size_t characters;
  must(dcc_csr_add_names(csr, &names) &&
       dcc_csr_add_warnings(csr, &names) &&
       dcc_csr_add_subject(csr, &subject), "no memory");
  must(names.length == 0 || names.data[names.length - 1] == '\n',
       "a name without its line end");
  for (size_t i = 0, begin = 1; i < names.length; i++) {
    must(!begin || strchr("cdiow", names.data[i]) != NULL, "a line's letter");
    begin = names.data[i] == '\n';
    must(begin || (unsigned char)names.data[i] >= 0x20, "a control character");
  }
  must(dcc_utf8(subject.data, subject.length, &characters), "the subject");
  dcc_buffer_addc(&names, '\0');
  options.csr_names = names.data;
  must(order != NULL &&
       dcc_order_set_string(order, "certificate.common_name", "a.example.com",
                            13) &&
       dcc_order_set_string(order, "certificate.csr", "x", 1) &&
       dcc_order_check(order, &options) != SIZE_MAX, "no memory");
  dcc_order_free(order);
  dcc_buffer_free(&names);
  dcc_buffer_free(&subject);
}

static void check_read(dcc_csr *csr, bool good)
{
  dcc_csr_facts facts;
  dcc_csr_error error = {""};
  bool key = dcc_csr_check_version(csr, &error) &&
             dcc_csr_check_key(csr, &error);
  must(key || (*error.message != '\0' && is_line(error.message)),
       "a key refused without a reason");
  must(dcc_csr_facts_of(csr, &facts), "no memory");
  must(strlen(facts.sha256) == 64 && is_line(facts.key) &&
       is_line(facts.curve) && is_line(facts.signature), "facts");
  if (key) {
    error.message[0] = '\0';
    must(dcc_csr_check_signature(csr, &error) == good,
         "judged once as good, once as bad");
  }
  check_names(csr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  dcc_csr_error error = {""};
  dcc_csr *csr;
  char *pem;
  size_t n = size;
  bool good;
  if (size == 0)
    return 0;
  if (data[0] == 0x30) {
    pem = in_pem(data, size < DER_MAX ? size : DER_MAX, &n);
  } else {
    stream in = {data, data + size};
    pem = take_block(&in, size, &n);
  }
  good = dcc_csr_check(pem, n, &error);
  must(good == (*error.message == '\0') && is_line(error.message),
       "refused without a reason, or taken with one");
  csr = dcc_csr_read(pem, n, &error);
  must(csr != NULL || !good, "taken, but not read");
  if (csr != NULL)
    check_read(csr, good);
  dcc_csr_free(csr);
  must(ERR_peek_error() == 0, "OpenSSL's error queue");
  free(pem);
  return 0;
}

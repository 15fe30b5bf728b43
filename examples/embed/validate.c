/* The order form from C alone: no Lua, no network. Composes an order, checks
 * it and prints the request, or all that is wrong with it.
 *
 *   ./validate COMMON_NAME CSR_FILE ORDER_YEARS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dcc.h"
#include "dcc_csr.h"

enum { CSR_SIZE = 65536 };

static size_t read_file(const char *name, char *to, size_t size)
{
  FILE *f = fopen(name, "rb");
  size_t n = f == NULL ? 0 : fread(to, 1, size, f);
  if (f != NULL)
    fclose(f);
  return n;
}

static void print_list(const char *what, const dcc_problem *list, size_t count)
{
  for (size_t i = 0; i < count; i++)
    printf("%s (%s): %s\n", what, list[i].code, list[i].message);
}

/* Returns 0 when the order is fit to be sent. */
static int check_and_print(dcc_order *order, const dcc_options *options)
{
  size_t length, count;
  const char *json;
  char path[64];
  size_t found = dcc_order_check(order, options);
  const dcc_problem *list = dcc_order_problems(order, &count);
  print_list("problem", list, count);
  list = dcc_order_warnings(order, &count);
  print_list("warning", list, count);
  json = dcc_order_json(order, &length);
  if (found != 0 || json == NULL ||
      !dcc_request_path(DCC_PRODUCT, path, sizeof path))
    return 1;
  printf("%s %s\n%.*s\n", DCC_METHOD, path, (int)length, json);
  return 0;
}

int main(int argc, char **argv)
{
  static char csr[CSR_SIZE];
  dcc_options options = {.now = (int64_t)time(NULL)};
  dcc_csr_error error;
  dcc_order *order;
  size_t length;
  int status = 1;
  if (argc != 4) {
    fprintf(stderr, "usage: %s COMMON_NAME CSR_FILE ORDER_YEARS\n", argv[0]);
    return 2;
  }
  length = read_file(argv[2], csr, sizeof csr);
  if (!dcc_csr_check(csr, length, &error))
    options.csr_error = error.message;
  order = dcc_order_new();
  if (order != NULL &&
      dcc_order_set_string(order, "certificate.common_name", argv[1],
                           strlen(argv[1])) &&
      dcc_order_set_string(order, "certificate.csr", csr, length) &&
      dcc_order_set_string(order, "certificate.signature_hash", "sha256", 6) &&
      dcc_order_set_integer(order, "order_validity.years",
                            strtol(argv[3], NULL, 10)) &&
      dcc_order_set_integer(order, "organization.id", 123456))
    status = check_and_print(order, &options);
  else
    fprintf(stderr, "out of memory\n");
  dcc_order_free(order);
  return status;
}

/* error.c: what messages are made of */
#include <openssl/objects.h>
#include <stdarg.h>
#include <stdio.h>

#include "x509_internal.h"

bool dcc_csr_refuse(dcc_csr_error *error, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  return false;
}

const char *dcc_csr_name_of(const ASN1_OBJECT *object,
                            char name[DCC_OBJECT_NAME_SIZE])
{
  int nid = OBJ_obj2nid(object);
  if (nid != NID_undef)
    snprintf(name, DCC_OBJECT_NAME_SIZE, "%s", OBJ_nid2sn(nid));
  else if (OBJ_obj2txt(name, DCC_OBJECT_NAME_SIZE, object, 1) <= 0)
    snprintf(name, DCC_OBJECT_NAME_SIZE, "unknown");
  return name;
}

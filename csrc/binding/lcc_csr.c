/* lcc_csr.c: requests read and judged, for certcentral.x509 */
#include <string.h>

#include "../x509/dcc_csr.h"
#include "lcc_parts.h"

#define LCC_REQUEST "certcentral.request"

/* A request and text about it: the userdata owns both, whatever raises
 * meanwhile. */
typedef struct lcc_request {
  dcc_csr *csr;
  dcc_buffer text;
} lcc_request;

static void release(lcc_request *request)
{
  dcc_csr_free(request->csr);
  request->csr = NULL;
  dcc_buffer_free(&request->text);
}

static int request_gc(lua_State *L)
{
  release(luaL_checkudata(L, 1, LCC_REQUEST));
  return 0;
}

/* Pushes a userdata that owns nothing yet. */
static lcc_request *push_request(lua_State *L)
{
  return lcc_push_owner(L, sizeof(lcc_request), LCC_REQUEST, request_gc);
}

static int out_of_memory(lua_State *L)
{
  return luaL_error(L, "not enough memory");
}

/* ---- judging ------------------------------------------------------------ */

/* check(pem): true, or nil and why no public CA may sign it. */
int lcc_check_csr(lua_State *L)
{
  dcc_csr_error error;
  size_t length;
  const char *pem = luaL_checklstring(L, 1, &length);
  if (!dcc_csr_check(pem, length, &error))
    return lcc_refuse(L, error.message);
  lua_pushboolean(L, 1);
  return 1;
}

/* Reads and judges; fills in the names. The blocklist may be NULL. */
static dcc_csr_listed judge_request(lcc_request *request, const char *pem,
                                    size_t length, const char *blocklist,
                                    dcc_csr_error *error)
{
  dcc_csr_listed listed = DCC_CSR_NOT_LISTED;
  request->csr = dcc_csr_read(pem, length, error);
  if (request->csr == NULL || !dcc_csr_check_version(request->csr, error) ||
      !dcc_csr_check_key(request->csr, error) ||
      !dcc_csr_check_signature(request->csr, error))
    return DCC_CSR_LISTED;
  if (blocklist != NULL)
    listed = dcc_csr_find(request->csr, blocklist, error);
  if (listed == DCC_CSR_LISTED)
    strcpy(error->message, "the key is on the blocklist of known keys");
  return listed;
}

/* judge(pem, blocklist): what validation asks:
 *   the CSR's names and the warnings about it, as the core reads them
 *   nil, why no public CA may sign it
 *   nil, nil, why the blocklist is of no use */
int lcc_judge_csr(lua_State *L)
{
  dcc_csr_error error;
  size_t length, path_length = 0;
  const char *pem = luaL_checklstring(L, 1, &length);
  const char *blocklist = luaL_optlstring(L, 2, NULL, &path_length);
  lcc_request *request = push_request(L);
  dcc_csr_listed listed = DCC_CSR_LIST_UNREADABLE;
  if (blocklist != NULL && strlen(blocklist) != path_length)
    strcpy(error.message, "its name has a NUL byte");
  else
    listed = judge_request(request, pem, length, blocklist, &error);
  if (listed == DCC_CSR_NOT_LISTED) {
    if (!dcc_csr_add_names(request->csr, &request->text) ||
        !dcc_csr_add_warnings(request->csr, &request->text))
      return out_of_memory(L);
    lua_pushlstring(L, request->text.length > 0 ? request->text.data : "",
                    request->text.length);
    release(request);
    return 1;
  }
  release(request);
  lua_pushnil(L);
  if (listed == DCC_CSR_LIST_UNREADABLE)
    lua_pushnil(L);
  lua_pushstring(L, error.message);
  return listed == DCC_CSR_LIST_UNREADABLE ? 3 : 2;
}

/* ---- facts -------------------------------------------------------------- */

/* Adds n bytes at s to the end of the list in the field `name`. */
static void append(lua_State *L, const char *name, const char *s, size_t n)
{
  lua_getfield(L, -1, name);
  lua_pushlstring(L, s, n);
  lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

static void add_name(lua_State *L, char kind, const char *s, size_t n)
{
  switch (kind) {
  case DCC_CSR_COMMON_NAME: /* the last, where there are several */
    lua_pushlstring(L, s, n);
    lua_setfield(L, -2, "common_name");
    break;
  case DCC_CSR_HOST_NAME: append(L, "dns_names", s, n); break;
  case DCC_CSR_IP_ADDRESS: append(L, "ip_addresses", s, n); break;
  default: append(L, "other_names", s, n);
  }
}

static void set_names(lua_State *L, lcc_request *request)
{
  const char *at, *end;
  lua_newtable(L);
  lua_setfield(L, -2, "dns_names");
  lua_newtable(L);
  lua_setfield(L, -2, "ip_addresses");
  lua_newtable(L);
  lua_setfield(L, -2, "other_names");
  dcc_buffer_clear(&request->text);
  if (!dcc_csr_add_names(request->csr, &request->text))
    out_of_memory(L);
  for (at = request->text.data; at != NULL; at = end + 1) {
    size_t left = request->text.length - (size_t)(at - request->text.data);
    end = left > 0 ? memchr(at, '\n', left) : NULL;
    if (end == NULL)
      return;
    add_name(L, *at, at + 1, (size_t)(end - at) - 1);
  }
}

static void set_subject(lua_State *L, lcc_request *request)
{
  if (!dcc_csr_add_subject(request->csr, &request->text))
    out_of_memory(L);
  lua_pushlstring(L, request->text.length > 0 ? request->text.data : "",
                  request->text.length);
  lua_setfield(L, -2, "subject");
}

static void set_key(lua_State *L, dcc_csr *csr)
{
  dcc_csr_facts facts;
  dcc_csr_error error;
  if (!dcc_csr_facts_of(csr, &facts))
    out_of_memory(L);
  lcc_set_string(L, "key", facts.key);
  lcc_set_string(L, "sha256", facts.sha256);
  lcc_set_string(L, "signature_algorithm", facts.signature);
  if (facts.curve[0] != '\0')
    lcc_set_string(L, "curve", facts.curve);
  if (facts.bits > 0) {
    lua_pushinteger(L, facts.bits);
    lua_setfield(L, -2, "bits");
  }
  lua_pushboolean(L, dcc_csr_check_signature(csr, &error));
  lua_setfield(L, -2, "signature_ok");
  if (!dcc_csr_check_version(csr, &error) || !dcc_csr_check_key(csr, &error))
    lcc_set_string(L, "refused", error.message);
}

/* inspect(pem): a table of what the request says; or nil and why it cannot be
 * read. */
int lcc_inspect_csr(lua_State *L)
{
  dcc_csr_error error;
  size_t length;
  const char *pem = luaL_checklstring(L, 1, &length);
  lcc_request *request = push_request(L);
  request->csr = dcc_csr_read(pem, length, &error);
  if (request->csr == NULL)
    return lcc_refuse(L, error.message);
  lua_newtable(L);
  set_subject(L, request);
  set_names(L, request);
  set_key(L, request->csr);
  release(request);
  return 1;
}

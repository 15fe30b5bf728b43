/* lcc_curl.c: module certcentral.curl: the transport for Lua.
 * lcc_curl_multi.c has curl.multi, for many requests at once.
 *
 *   curl.new{ api_key =, ca_file =, proxy =, user_agent =, body_max = }
 *     -> handle | nil, message
 *   handle:perform{ method =, url =, headers =, body =, timeout =,
 *                   connect_timeout = } -> response | nil, failure
 *   handle:close()
 *   curl.version
 *   curl.wipes     whether libcurl wipes the memory that it frees
 *
 * A wrong type raises; a wrong content gives a failure, as contents may
 * come from outside. failure: message, sent ("no" or "maybe"), code
 * (libcurl's CURLcode), retryable = false where trying again cannot help,
 * config = true for a CA file that cannot be read. */
#include "lcc_curl_values.h"
#include "lcc_parts.h"

#define HANDLE "certcentral.curl.handle"
#define RESPONSE "certcentral.curl.response"

typedef struct lcc_handle {
  dcc_curl *curl; /* NULL: closed */
} lcc_handle;

/* --- the handle --- */

static int handle_close(lua_State *L)
{
  lcc_handle *handle = luaL_checkudata(L, 1, HANDLE);
  dcc_curl *curl = handle->curl;
  handle->curl = NULL;
  dcc_curl_free(curl);
  return 0;
}

static int handle_tostring(lua_State *L)
{
  const lcc_handle *handle = luaL_checkudata(L, 1, HANDLE);
  lua_pushfstring(L, HANDLE " (%s)", handle->curl ? "open" : "closed");
  return 1;
}

static int response_gc(lua_State *L)
{
  dcc_curl_response_free(luaL_checkudata(L, 1, RESPONSE));
  return 0;
}

/* The answer belongs to this call: what runs while it is pushed may use the
 * handle again, or close it. */
static int handle_perform(lua_State *L)
{
  lcc_handle *handle = luaL_checkudata(L, 1, HANDLE);
  dcc_curl_header headers[DCC_CURL_HEADERS_MAX];
  dcc_curl_request request;
  dcc_curl_failure failure;
  dcc_curl_response *response;
  bool answered;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  response = lcc_push_owner(L, sizeof *response, RESPONSE, response_gc);
  lcc_curl_read_request(L, headers, &request);
  if (handle->curl == NULL) /* asked last: a metamethod may close it */
    return luaL_error(L, "perform on a closed handle");
  answered = dcc_curl_perform(handle->curl, &request, response, &failure);
  if (answered) {
    lcc_curl_push_response(L, response);
  } else {
    lua_pushnil(L);
    lcc_curl_push_failure(L, &failure);
  }
  dcc_curl_response_free(response);
  return answered ? 1 : 2;
}

/* --- the module --- */

static int curl_new(lua_State *L)
{
  lcc_handle *handle;
  dcc_curl_options options;
  dcc_curl_failure failure;
  lcc_curl_check_options(L);
  handle = LCC_NEWUSERDATA(L, sizeof *handle);
  memset(handle, 0, sizeof *handle);
  luaL_getmetatable(L, HANDLE);
  lua_setmetatable(L, -2);
  (void)lcc_curl_read_options(L, 0, &options);
  handle->curl = dcc_curl_new(&options, &failure);
  lua_settop(L, 2);
  if (handle->curl != NULL)
    return 1;
  lua_pushnil(L);
  lua_pushstring(L, failure.message);
  return 2;
}

static const luaL_Reg functions[] = { { "new", curl_new },
                                      { "multi", lcc_curl_multi },
                                      { NULL, NULL } };

static const luaL_Reg methods[] = { { "perform", handle_perform },
                                    { "close", handle_close },
                                    { NULL, NULL } };

static const luaL_Reg metamethods[] = { { "__gc", handle_close },
                                        { "__close", handle_close },
                                        { "__tostring", handle_tostring },
                                        { NULL, NULL } };

LCC_EXPORT int luaopen_certcentral_curl(lua_State *L);

LCC_EXPORT int luaopen_certcentral_curl(lua_State *L)
{
  luaL_newmetatable(L, HANDLE);
  LCC_SETFUNCS(L, metamethods);
  lua_createtable(L, 0, 2);
  LCC_SETFUNCS(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "certcentral.curl.handle");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  lcc_curl_multi_open(L);
  luaL_newlib(L, functions);
  lua_pushstring(L, dcc_curl_version());
  lua_setfield(L, -2, "version");
  lua_pushboolean(L, dcc_curl_wipes());
  lua_setfield(L, -2, "wipes");
  return 1;
}

/* curl.c: module certcentral.curl: the transport for Lua. curl_multi.c has
 * curl.multi, for many requests at once.
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
#include "curl.h"

#include <limits.h>
#include <string.h>

#define HANDLE "certcentral.curl.handle"
#define RESPONSE "certcentral.curl.response"

typedef struct lcc_handle {
  dcc_curl *curl; /* NULL: closed */
} lcc_handle;

/* --- reading tables: each value stays on the stack, so that its bytes do */

static int wrong_type(lua_State *L, const char *name, const char *expected)
{
  const char *got = lua_typename(L, lua_type(L, -1));
  return luaL_error(L, "'%s' must be %s, got %s", name, expected, got);
}

/* Pushes a field that is a string, or nil where that is allowed. */
static dcc_curl_text text_field(lua_State *L, int table, const char *name,
                                int required)
{
  dcc_curl_text text = { NULL, 0 };
  lua_getfield(L, table, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.bytes = lua_tolstring(L, -1, &text.length);
  else if (required || !lua_isnil(L, -1))
    wrong_type(L, name, "a string");
  return text;
}

/* The same for a string that C reads up to its NUL. */
static const char *name_field(lua_State *L, int table, const char *name)
{
  dcc_curl_text text = text_field(L, table, name, 0);
  if (text.bytes != NULL && strlen(text.bytes) != text.length)
    luaL_error(L, "'%s' must have no NUL byte", name);
  return text.bytes;
}

/* Seconds as milliseconds, at least 1; 0 where the field is absent. */
static long time_field(lua_State *L, int table, const char *name)
{
  lua_Number s;
  lua_getfield(L, table, name);
  if (lua_isnil(L, -1))
    return 0;
  if (lua_type(L, -1) != LUA_TNUMBER)
    wrong_type(L, name, "a number of seconds");
  s = lua_tonumber(L, -1);
  if (!(s > 0))
    luaL_error(L, "'%s' must be more than 0 seconds, got %f", name, s);
  if (s * 1000 >= (lua_Number)INT_MAX)
    return INT_MAX;
  return s * 1000 < 1 ? 1 : (long)(s * 1000);
}

/* A number of what `unit` names in the singular; 0 where it is absent. */
static size_t count_field(lua_State *L, int table, const char *name,
                          const char *unit)
{
  int64_t n = 0;
  lua_getfield(L, table, name);
  if (lua_isnil(L, -1))
    return 0;
  if (lua_type(L, -1) != LUA_TNUMBER)
    luaL_error(L, "'%s' must be a number of %ss, got %s", name, unit,
               lua_typename(L, lua_type(L, -1)));
  if (!lcc_tointeger(L, -1, &n) || n < 1 || n > LONG_MAX / 2)
    luaL_error(L, "'%s' must be an integer of at least 1 %s, got %f", name,
               unit, lua_tonumber(L, -1));
  return (size_t)n;
}

/* Whether the value on top is a full userdata of that type. */
static int is_userdata(lua_State *L, const char *type)
{
  int same;
  if (lua_touserdata(L, -1) == NULL || !lua_getmetatable(L, -1))
    return 0;
  luaL_getmetatable(L, type);
  same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

/* The bytes are the secret's own, which a finalizer may wipe: nothing of Lua
 * is to be called between this and their copying. */
static dcc_curl_text secret_field(lua_State *L, int table, const char *name)
{
  dcc_curl_text text = { NULL, 0 };
  lua_getfield(L, table, name);
  if (is_userdata(L, LCC_SECRET)) {
    const dcc_secret *secret = lua_touserdata(L, -1);
    text.bytes = secret->bytes;
    text.length = secret->length;
    if (text.length == 0)
      luaL_error(L, "'%s' must not be empty or closed", name);
  } else if (!lua_isnil(L, -1)) {
    wrong_type(L, name, "a secret of certcentral.core");
  }
  return text;
}

static void known_options_only(lua_State *L, int table, const char *more)
{
  static const char *const names[] = { "api_key", "ca_file", "proxy",
                                       "user_agent", "body_max" };
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    size_t i, known;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "an option's name must be a string, got %s",
                 lua_typename(L, lua_type(L, -1)));
    known = more != NULL && strcmp(lua_tostring(L, -1), more) == 0;
    for (i = 0; i < sizeof names / sizeof *names; i++)
      known |= strcmp(lua_tostring(L, -1), names[i]) == 0;
    if (!known)
      luaL_error(L, "unknown option '%s'", lua_tostring(L, -1));
  }
}

/* Reads `headers` into the array; its strings are held by their table. */
static size_t read_headers(lua_State *L, int table, dcc_curl_header *headers)
{
  size_t n = 0;
  int list;
  lua_getfield(L, table, "headers");
  if (lua_isnil(L, -1))
    return 0;
  if (!lua_istable(L, -1))
    wrong_type(L, "headers", "a table of name = value");
  list = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, list) != 0) {
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "a name in 'headers' must be a string, got %s",
                 lua_typename(L, lua_type(L, -2)));
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "a value in 'headers' must be a string, got %s",
                 lua_typename(L, lua_type(L, -1)));
    if (n >= DCC_CURL_HEADERS_MAX)
      luaL_error(L, "'headers' must have at most %d names",
                 (int)DCC_CURL_HEADERS_MAX);
    headers[n].name.bytes = lua_tolstring(L, -2, &headers[n].name.length);
    headers[n].value.bytes = lua_tolstring(L, -1, &headers[n].value.length);
    n++;
    lua_pop(L, 1);
  }
  return n;
}

void lcc_curl_read_request(lua_State *L, dcc_curl_header *headers,
                           dcc_curl_request *request)
{
  *request = (dcc_curl_request){ .headers = headers };
  request->method = text_field(L, 2, "method", 1);
  request->url = text_field(L, 2, "url", 1);
  request->body = text_field(L, 2, "body", 0);
  request->timeout_ms = time_field(L, 2, "timeout");
  request->connect_timeout_ms = time_field(L, 2, "connect_timeout");
  request->header_count = read_headers(L, 2, headers);
}

long lcc_curl_read_options(lua_State *L, int many,
                           dcc_curl_options *options)
{
  long connections = 0;
  known_options_only(L, 1, many ? "connections" : NULL);
  *options = (dcc_curl_options){ .body_max = 0 };
  options->ca_file = name_field(L, 1, "ca_file");
  options->proxy = name_field(L, 1, "proxy");
  options->user_agent = name_field(L, 1, "user_agent");
  options->body_max = count_field(L, 1, "body_max", "byte");
  if (many)
    connections = (long)count_field(L, 1, "connections", "connection");
  options->api_key = secret_field(L, 1, "api_key");
  return connections;
}

void lcc_curl_check_options(lua_State *L)
{
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_createtable(L, 0, 0);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
}

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

/* The values of a name that comes again are joined in the order they came. */
static void push_headers(lua_State *L, const dcc_curl_response *response)
{
  dcc_curl_header header;
  size_t at = 0;
  lua_createtable(L, 0, 8);
  while (dcc_curl_next_header(response, &at, &header)) {
    lua_pushlstring(L, header.name.bytes, header.name.length);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, header.value.bytes, header.value.length);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, header.value.bytes, header.value.length);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
}

void lcc_curl_push_response(lua_State *L, const dcc_curl_response *response)
{
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)response->status);
  lua_setfield(L, -2, "status");
  push_headers(L, response);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, response->body.length ? response->body.data : "",
                  response->body.length);
  lua_setfield(L, -2, "body");
}

void lcc_curl_push_failure(lua_State *L, const dcc_curl_failure *failure)
{
  lua_createtable(L, 0, 5);
  lua_pushstring(L, failure->message);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, failure->maybe ? "maybe" : "no");
  lua_setfield(L, -2, "sent");
  lua_pushinteger(L, failure->code);
  lua_setfield(L, -2, "code");
  if (failure->permanent) {
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "retryable");
  }
  if (failure->config) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "config");
  }
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

/* lcc_curl_values.c: what goes into a request and what comes of it, as Lua
 * tables */
#include "lcc_curl_values.h"

#include <limits.h>
#include <string.h>

/* --- reading tables: each value stays on the stack, so that its bytes do */

static int wrong_type(lua_State *L, const char *name, const char *expected)
{
  const char *got = lua_typename(L, lua_type(L, -1));
  return luaL_error(L, "'%s' must be %s, got %s", name, expected, got);
}

/* Pushes a field that is a string, or nil where that is allowed. */
static dcc_text text_field(lua_State *L, int table, const char *name,
                                int required)
{
  dcc_text text = { NULL, 0 };
  lua_getfield(L, table, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.at = lua_tolstring(L, -1, &text.n);
  else if (required || !lua_isnil(L, -1))
    wrong_type(L, name, "a string");
  return text;
}

/* The same for a string that C reads up to its NUL. */
static const char *name_field(lua_State *L, int table, const char *name)
{
  dcc_text text = text_field(L, table, name, 0);
  if (text.at != NULL && strlen(text.at) != text.n)
    luaL_error(L, "'%s' must not contain a NUL byte", name);
  return text.at;
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

/* Pushes a field that is a secret of certcentral.core; NULL where it is
 * absent. */
static const dcc_secret *push_secret(lua_State *L, int table,
                                     const char *name)
{
  lua_getfield(L, table, name);
  if (lua_isnil(L, -1))
    return NULL;
  if (!is_userdata(L, LCC_SECRET))
    wrong_type(L, name, "a secret of certcentral.core");
  return lua_touserdata(L, -1);
}

/* The bytes are the secret's own, which a finalizer may wipe: nothing of Lua
 * is to be called between this and their copying or use. */
static dcc_text bytes_of(lua_State *L, const dcc_secret *secret,
                         const char *name)
{
  if (secret == NULL)
    return (dcc_text){ NULL, 0 };
  if (secret->length == 0)
    luaL_error(L, "'%s' must not be empty or closed", name);
  return (dcc_text){ secret->bytes, secret->length };
}

/* The body where it is a string, in *text, or a secret. */
static const dcc_secret *push_body(lua_State *L, int table, dcc_text *text)
{
  int is_text;
  lua_getfield(L, table, "body");
  is_text = lua_type(L, -1) != LUA_TUSERDATA;
  lua_pop(L, 1);
  if (!is_text)
    return push_secret(L, table, "body");
  *text = text_field(L, table, "body", 0);
  return NULL;
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
    headers[n].name.at = lua_tolstring(L, -2, &headers[n].name.n);
    headers[n].value.at = lua_tolstring(L, -1, &headers[n].value.n);
    n++;
    lua_pop(L, 1);
  }
  return n;
}

/* The headers are read when nothing else of Lua is to be called. */
void lcc_curl_read_request(lua_State *L, dcc_curl_header *headers,
                           dcc_curl_request *request)
{
  const dcc_secret *secret;
  *request = (dcc_curl_request){ .headers = headers };
  request->method = text_field(L, 2, "method", 1);
  request->url = text_field(L, 2, "url", 1);
  request->timeout_ms = time_field(L, 2, "timeout");
  request->connect_timeout_ms = time_field(L, 2, "connect_timeout");
  lua_getfield(L, 2, "bare");
  request->bare = lua_toboolean(L, -1);
  secret = push_body(L, 2, &request->body);
  request->header_count = read_headers(L, 2, headers);
  if (secret != NULL)
    request->body = bytes_of(L, secret, "body");
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
  options->api_key = bytes_of(L, push_secret(L, 1, "api_key"), "api_key");
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

/* --- pushing --- */

/* The values of a name that comes again are joined in the order they came. */
static void push_headers(lua_State *L, const dcc_curl_response *response)
{
  dcc_curl_header header;
  size_t at = 0;
  lua_createtable(L, 0, response->headers.length > 0 ? 8 : 0);
  while (dcc_curl_next_header(response, &at, &header)) {
    lua_pushlstring(L, header.name.at, header.name.n);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, header.value.at, header.value.n);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, header.value.at, header.value.n);
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

/* thin.c: libcurl for Lua with as little between as can be; it checks
 * nothing.
 *
 *   thin.new(url, ca_file) -> handle
 *   handle:post(body) -> answer, status */
#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

typedef struct answer {
  CURL *easy;
  size_t length;
  char text[16384];
} answer;

static size_t keep(char *data, size_t size, size_t n, void *user)
{
  answer *a = user;
  if (size * n > sizeof a->text - a->length)
    return 0;
  memcpy(a->text + a->length, data, size * n);
  a->length += size * n;
  return size * n;
}

static int new_handle(lua_State *L)
{
  struct curl_slist *list = NULL;
  answer *a = lua_newuserdata(L, sizeof *a);
  a->easy = curl_easy_init();
  list = curl_slist_append(list, "X-DC-DEVKEY: 0123456789abcdef");
  list = curl_slist_append(list, "Content-Type: application/json");
  list = curl_slist_append(list, "Accept: application/json");
  list = curl_slist_append(list, "Expect:");
  curl_easy_setopt(a->easy, CURLOPT_URL, luaL_checkstring(L, 1));
  curl_easy_setopt(a->easy, CURLOPT_CAINFO, luaL_checkstring(L, 2));
  curl_easy_setopt(a->easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt(a->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(a->easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(a->easy, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(a->easy, CURLOPT_WRITEDATA, a);
  luaL_getmetatable(L, "thin");
  lua_setmetatable(L, -2);
  return 1;
}

static int post(lua_State *L)
{
  answer *a = luaL_checkudata(L, 1, "thin");
  size_t length;
  const char *body = luaL_checklstring(L, 2, &length);
  long status = 0;
  CURLcode code;
  a->length = 0;
  curl_easy_setopt(a->easy, CURLOPT_POSTFIELDSIZE, (long)length);
  curl_easy_setopt(a->easy, CURLOPT_POSTFIELDS, body);
  code = curl_easy_perform(a->easy);
  if (code != CURLE_OK)
    return luaL_error(L, "%s", curl_easy_strerror(code));
  curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
  lua_pushlstring(L, a->text, a->length);
  lua_pushinteger(L, (lua_Integer)status);
  return 2;
}

int luaopen_bench_thin(lua_State *L);

int luaopen_bench_thin(lua_State *L)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
  luaL_newmetatable(L, "thin");
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, post);
  lua_setfield(L, -2, "post");
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, new_handle);
  lua_setfield(L, -2, "new");
  return 1;
}

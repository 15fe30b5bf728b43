/* lcc_csr_generate.c: a table in, a request and a key out, for
 * certcentral.x509. What the texts may be has been looked at in Lua. */
#include <limits.h>
#include <string.h>

#include "../file/dcc_file.h"
#include "../x509/dcc_csr.h"
#include "lcc_parts.h"

#define LCC_RESULT "certcentral.result"

enum { STACK_SLOTS = 30 };

void lcc_push_key_kinds(lua_State *L)
{
  const char *kind;
  lua_newtable(L);
  for (size_t i = 0; (kind = dcc_csr_key_kind(i)) != NULL; i++) {
    lua_pushstring(L, kind);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* ---- what to make ------------------------------------------------------- */

/* The text at the top, none where it is nil. It stays on the stack: what runs
 * meanwhile may take it out of the table. */
static dcc_text text_of(lua_State *L, const char *name)
{
  dcc_text text = {NULL, 0};
  if (lua_isnil(L, -1))
    return text;
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "string expected as '%s', got %s", name,
               luaL_typename(L, -1));
  text.at = lua_tolstring(L, -1, &text.n);
  return text;
}

static dcc_text member(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  lua_rawget(L, 1);
  return text_of(L, name);
}

static void read_texts(lua_State *L, dcc_csr_spec *spec)
{
#define TEXT(name) spec->name = member(L, #name)
  TEXT(common_name);
  TEXT(organization);
  TEXT(organization_unit);
  TEXT(country);
  TEXT(state);
  TEXT(locality);
  TEXT(email);
  TEXT(passphrase);
#undef TEXT
  spec->key = member(L, "key").at;
}

/* Leaves on the stack a userdata with the list of names, and a table that
 * holds them. */
static void read_names(lua_State *L, dcc_csr_spec *spec)
{
  dcc_text *names;
  size_t count;
  int given;
  lua_pushliteral(L, "dns_names");
  lua_rawget(L, 1);
  given = lua_gettop(L);
  if (lua_isnil(L, given))
    return;
  luaL_argcheck(L, lua_istable(L, given), 1, "list expected as 'dns_names'");
  count = lcc_list_length(L, given);
  luaL_argcheck(L, count < INT_MAX, 1, "'dns_names' has holes");
  names = LCC_NEWUSERDATA(L, (count + 1) * sizeof *names);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, given, (int)i + 1);
    names[i] = text_of(L, "dns_names");
    luaL_argcheck(L, names[i].at != NULL, 1, "'dns_names' has holes");
    lua_rawseti(L, -2, (int)i + 1);
  }
  spec->names = names;
  spec->name_count = count;
}

/* ---- the result --------------------------------------------------------- */

static int result_gc(lua_State *L)
{
  dcc_csr_result_free(luaL_checkudata(L, 1, LCC_RESULT));
  return 0;
}

/* Pushes a userdata that owns what is made, whatever raises meanwhile. */
static dcc_csr_result *push_result(lua_State *L)
{
  return lcc_push_owner(L, sizeof(dcc_csr_result), LCC_RESULT, result_gc);
}

/* The request at the top is the result. Nothing that can raise stands between
 * the file and the return. */
static int give_file(lua_State *L, dcc_csr_result *result, const char *path)
{
  char reason[128];
  int number = dcc_key_file_write(path, result->key.data, result->key.length);
  dcc_csr_result_free(result);
  if (number == 0)
    return 1;
  if (strerror_r(number, reason, sizeof reason) != 0)
    strcpy(reason, "unknown error");
  lua_pushnil(L);
  return 1 + lcc_refuse(L, reason);
}

/* generate(spec, key_file): a request and its key, both PEM, from a table with
 * the members of dcc_csr_spec, the names as dns_names; with key_file the
 * request alone, as the key is written there.
 *   nil, why it cannot be made
 *   nil, nil, why the file cannot be written */
int lcc_generate(lua_State *L)
{
  dcc_csr_spec spec = {0};
  dcc_csr_error error;
  dcc_csr_result *result;
  const char *path = luaL_optstring(L, 2, NULL);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, STACK_SLOTS, "a request");
  read_texts(L, &spec);
  luaL_argcheck(L, spec.key != NULL, 1, "string expected as 'key'");
  read_names(L, &spec);
  result = push_result(L);
  if (!dcc_csr_make(&spec, result, &error))
    return lcc_refuse(L, error.message);
  lua_pushlstring(L, result->csr.data, result->csr.length);
  if (path != NULL)
    return give_file(L, result, path);
  lua_pushlstring(L, result->key.data, result->key.length);
  dcc_csr_result_free(result);
  return 2;
}

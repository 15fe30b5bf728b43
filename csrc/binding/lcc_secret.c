/* lcc_secret.c: core.secret: a secret in C memory, wiped when it goes */
#include "lcc_parts.h"

/* Pushes a userdata of that type which holds nothing yet. */
static dcc_secret *push_secret(lua_State *L)
{
  dcc_secret *secret = LCC_NEWUSERDATA(L, sizeof *secret);
  *secret = (dcc_secret){0};
  luaL_getmetatable(L, LCC_SECRET);
  lua_setmetatable(L, -2);
  return secret;
}

static void set_secret(lua_State *L, dcc_secret *secret, const char *s,
                       size_t length)
{
  if (!dcc_secret_set(secret, s, length))
    luaL_error(L, "not enough memory");
}

/* Pushes a copy of the secret at 1, for a call that goes on using it where
 * somebody may wipe it; empty where that was done. The call wipes it. */
static dcc_secret *push_own_secret(lua_State *L)
{
  const dcc_secret *secret = luaL_checkudata(L, 1, LCC_SECRET);
  dcc_secret *own = push_secret(L);
  if (secret->bytes != NULL)
    set_secret(L, own, secret->bytes, secret->length);
  return own;
}

void lcc_push_secret(lua_State *L, const char *s, size_t length)
{
  set_secret(L, push_secret(L), s, length);
}

/* secret(string) -> a userdata that holds a copy in C memory */
int lcc_secret(lua_State *L)
{
  size_t length;
  const char *s = luaL_checklstring(L, 1, &length);
  lcc_push_secret(L, s, length);
  return 1;
}

/* secret:reveal() -> the string, or nil after wipe() */
static int secret_reveal(lua_State *L)
{
  dcc_secret *secret = push_own_secret(L);
  if (secret->bytes == NULL)
    lua_pushnil(L);
  else
    lua_pushlstring(L, secret->bytes, secret->length);
  dcc_secret_wipe(secret);
  return 1;
}

/* Finds n bytes at what in length bytes at s; NULL: they are not there. */
static const char *find(const char *s, size_t length, const char *what,
                        size_t n)
{
  for (; n > 0 && length >= n; s++, length--)
    if (memcmp(s, what, n) == 0)
      return s;
  return NULL;
}

/* secret:mask(text) -> the text with "[hidden]" for each place where the
 * secret stands in it */
static int secret_mask(lua_State *L)
{
  size_t length;
  const char *s = luaL_checklstring(L, 2, &length), *at;
  dcc_secret *secret = push_own_secret(L);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  while ((at = find(s, length, secret->bytes, secret->length)) != NULL) {
    luaL_addlstring(&b, s, (size_t)(at - s));
    luaL_addstring(&b, "[hidden]");
    length -= (size_t)(at - s) + secret->length;
    s = at + secret->length;
  }
  luaL_addlstring(&b, s, length);
  luaL_pushresult(&b);
  dcc_secret_wipe(secret);
  return 1;
}

static int secret_wipe(lua_State *L)
{
  dcc_secret_wipe(luaL_checkudata(L, 1, LCC_SECRET));
  return 0;
}

static int secret_tostring(lua_State *L)
{
  lua_pushliteral(L, "[hidden]");
  return 1;
}

void lcc_open_secrets(lua_State *L)
{
  static const luaL_Reg methods[] = {{"reveal", secret_reveal},
                                     {"mask", secret_mask},
                                     {"wipe", secret_wipe},
                                     {"__gc", secret_wipe},
                                     {"__tostring", secret_tostring},
                                     {NULL, NULL}};
  lcc_new_type(L, LCC_SECRET, methods);
}

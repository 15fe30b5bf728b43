/* lcc_x509.c: the module certcentral.x509, the only one that links libcrypto.
 * It is the C half of certcentral.csr and of what fetches certificates, not an
 * interface of its own. */
#include "../x509/dcc_sha256.h"
#include "lcc_parts.h"

/* sha256(text): its SHA-256 in hex digits; also that of a secret of
 * certcentral.core. */
static int sha256(lua_State *L)
{
  char hex[DCC_SHA256_DIGITS + 1];
  size_t length;
  const char *text;
  if (lua_type(L, 1) == LUA_TUSERDATA) {
    const dcc_secret *secret = luaL_checkudata(L, 1, LCC_SECRET);
    luaL_argcheck(L, secret->bytes != NULL, 1, "the secret was wiped");
    text = secret->bytes;
    length = secret->length;
  } else {
    text = luaL_checklstring(L, 1, &length);
  }
  if (!dcc_sha256(text, length, hex))
    return luaL_error(L, "not enough memory");
  lua_pushstring(L, hex);
  return 1;
}

/* mac(secret, text): the HMAC-SHA256 of the text, in hex digits, under a
 * secret of certcentral.core. */
static int mac(lua_State *L)
{
  char hex[DCC_SHA256_DIGITS + 1];
  const dcc_secret *secret = luaL_checkudata(L, 1, LCC_SECRET);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length);
  luaL_argcheck(L, secret->length > 0, 1, "the secret was wiped");
  if (!dcc_hmac_sha256(secret->bytes, secret->length, text, length, hex))
    return luaL_error(L, "not enough memory");
  lua_pushstring(L, hex);
  return 1;
}

LCC_EXPORT int luaopen_certcentral_x509(lua_State *L);

LCC_EXPORT int luaopen_certcentral_x509(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"check", lcc_check_csr}, {"judge", lcc_judge_csr},
    {"inspect", lcc_inspect_csr}, {"generate", lcc_generate},
    {"chain", lcc_read_chain}, {"has_name", lcc_has_name},
    {"fits_csr", lcc_fits_csr}, {"fits_key", lcc_fits_key},
    {"save", lcc_save}, {"sha256", sha256}, {"mac", mac}, {NULL, NULL}};
  luaL_newlib(L, functions);
  lcc_push_key_kinds(L);
  lua_setfield(L, -2, "key_kinds");
  return 1;
}

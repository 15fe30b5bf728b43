/* lcc_core.c: the Lua module certcentral.core. It is the C half of the module
 * "certcentral", not an interface of its own. */
#include <stdio.h>
#include <string.h>

#include "../core/ascii.h"
#include "../core/crc32.h"
#include "../core/csr_names.h"
#include "../core/formats.h"
#include "../core/report.h"
#include "../suffix/dcc_suffix.h"
#include "lcc_parts.h"

enum { LCC_PRINTABLE_SIZE = 4200 };

/* path(product) -> the endpoint's path, or nil when that is no product */
static int core_path(lua_State *L)
{
  char path[128];
  const char *product = luaL_checkstring(L, 1);
  if (strlen(product) == lua_rawlen(L, 1) &&
      dcc_request_path(product, path, sizeof path))
    lua_pushstring(L, path);
  else
    lua_pushnil(L);
  return 1;
}

/* printable(text, most) -> at most `most` bytes of the text, with control
 * characters and what is not UTF-8 escaped */
static int core_printable(lua_State *L)
{
  size_t length;
  const char *s = luaL_checklstring(L, 1, &length);
  lua_Number most = luaL_checknumber(L, 2);
  dcc_buffer b = {0};
  char shown[LCC_PRINTABLE_SIZE];
  bool complete;
  dcc_add_printable(&b, s, length, most < 1024 ? (size_t)most : 1024, false);
  complete = !b.failed;
  length = b.length < sizeof shown ? b.length : sizeof shown;
  if (length > 0)
    memcpy(shown, b.data, length);
  dcc_buffer_free(&b); /* before the push, which may raise */
  if (!complete)
    return luaL_error(L, "not enough memory");
  lua_pushlstring(L, shown, length);
  return 1;
}

/* Pushes the string at 1 with each byte as `change` has it. */
static int push_changed(lua_State *L, char (*change)(char))
{
  size_t length;
  const char *s = luaL_checklstring(L, 1, &length);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < length; i++)
    luaL_addchar(&b, change(s[i]));
  luaL_pushresult(&b);
  return 1;
}

/* lower(text), upper(text) -> the text with its ASCII letters so; string.lower
 * does what the host's locale says */
static int core_lower(lua_State *L)
{
  return push_changed(L, dcc_ascii_lower);
}

static int core_upper(lua_State *L)
{
  return push_changed(L, dcc_ascii_upper);
}

/* crc32(text) -> its checksum in 8 hex digits */
static int core_crc32(lua_State *L)
{
  size_t length;
  const char *s = luaL_checklstring(L, 1, &length);
  char hex[9];
  snprintf(hex, sizeof hex, "%08lx", (unsigned long)dcc_crc32(s, length));
  lua_pushstring(L, hex);
  return 1;
}

/* address(text) -> the usual spelling of an IP address; nil for other text */
static int core_address(lua_State *L)
{
  size_t length;
  const char *s = luaL_checklstring(L, 1, &length);
  char address[DCC_ADDRESS_SIZE];
  lua_pushstring(L, dcc_address(s, length, address)); /* nil for NULL */
  return 1;
}

/* Raises unless argument 1 is the name of a format of the form. */
static dcc_format check_format(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  for (int i = DCC_FORMAT_NONE + 1; i <= DCC_FORMAT_ID; i++)
    if (strcmp(dcc_format_name((dcc_format)i), name) == 0)
      return (dcc_format)i;
  luaL_argerror(L, 1, "format expected");
  return DCC_FORMAT_NONE; /* never */
}

/* in_format(format, text) -> whether the text, which is UTF-8 and not empty,
 * is in that format; where not, what it must */
static int core_in_format(lua_State *L)
{
  dcc_format format = check_format(L);
  size_t n;
  const char *s = luaL_checklstring(L, 2, &n);
  dcc_refusal why;
  bool good;
  luaL_argcheck(L, n > 0, 2, "empty");
  good = dcc_format_check(format, s, n, dcc_suffix_listed, &why);
  lua_pushboolean(L, good);
  lua_pushstring(L, good ? NULL : why.must);
  return 2;
}

/* Pushes what a test says of the string at 1. */
static int push_test(lua_State *L, bool (*test)(const char *, size_t))
{
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  lua_pushboolean(L, test(s, n));
  return 1;
}

/* is_placeholder(text), is_file_name(text) -> whether it looks like one */
static int core_is_placeholder(lua_State *L)
{
  return push_test(L, dcc_is_placeholder);
}

static int core_is_file_name(lua_State *L)
{
  return push_test(L, dcc_is_file_name);
}

LCC_EXPORT int luaopen_certcentral_core(lua_State *L);

LCC_EXPORT int luaopen_certcentral_core(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"fields", lcc_fields}, {"secret", lcc_secret}, {"path", core_path},
    {"process", lcc_process}, {"day", lcc_day}, {"date", lcc_date},
    {"days_in", lcc_days_in},
    {"random_id", lcc_random_id}, {"answer", lcc_answer},
    {"printable", core_printable}, {"clock", lcc_clock},
    {"sleep", lcc_sleep}, {"lower", core_lower},
    {"upper", core_upper}, {"crc32", core_crc32},
    {"address", core_address}, {"in_format", core_in_format},
    {"is_placeholder", core_is_placeholder},
    {"is_file_name", core_is_file_name}, {"append", lcc_append},
    {"lock", lcc_lock_file}, {"create", lcc_create_file},
    {"replace", lcc_replace_file}, {"directory", lcc_directory},
    {"modified", lcc_modified}, {"real_path", lcc_real_path},
    {"absolute", lcc_absolute}, {"is_root", lcc_is_root},
    {"is_terminal", lcc_is_terminal},
    {"is_private", lcc_is_private},
    {"root_alone_reads", lcc_root_alone_reads}, {NULL, NULL}};
  lcc_open_secrets(L);
  lcc_open_files(L);
  luaL_newlib(L, functions);
  lcc_push_check(L);
  lua_setfield(L, -2, "check");
  lcc_push_options(L);
  lua_setfield(L, -2, "options");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lcc_set_string(L, "version", DCC_VERSION);
  lcc_set_string(L, "product", DCC_PRODUCT);
  lcc_set_string(L, "method", DCC_METHOD);
  return 1;
}

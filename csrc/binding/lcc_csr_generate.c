/* lcc_csr_generate.c: csr.generate: options of Lua's in, a request and a key
 * out. Misuse raises before anything is made. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../core/formats.h"
#include "../core/scan.h"
#include "../file/dcc_file.h"
#include "../suffix/dcc_suffix.h"
#include "../x509/dcc_csr.h"
#include "lcc_parts.h"

#define LCC_MADE "certcentral.made"

enum {
  NAME_SIZE = 64, /* of an option's name with its place in a list */
  SHOWN_BYTES = 64,
  COMMON_NAME_MAX = 64,
  PASSPHRASE_MAX = 1023, /* what the openssl command reads */
  STACK_SLOTS = 60
};

/* The texts of the subject: up to `max` characters. */
static const struct text_option {
  const char *name;
  size_t place; /* in dcc_csr_wish */
  dcc_format format;
  size_t max;
} texts[] = {
#define TEXT(name, format, max) \
  {#name, offsetof(dcc_csr_wish, name), DCC_FORMAT_##format, max}
    TEXT(common_name, HOST, COMMON_NAME_MAX), /* the limits are X.520's */
    TEXT(organization, NONE, 64),
    TEXT(organization_unit, NONE, 64),
    TEXT(country, COUNTRY, 2),
    TEXT(state, NONE, 128),
    TEXT(locality, NONE, 128),
    TEXT(email, EMAIL, 128),
#undef TEXT
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* ---- misuse ------------------------------------------------------------- */

/* Raises the text at the top, at the line of the caller's code. */
static int raise_text(lua_State *L)
{
  lcc_push_module(L, "certcentral.options");
  lua_getfield(L, -1, "raise");
  lua_pushliteral(L, "%s");
  lua_pushvalue(L, -4);
  lua_call(L, 2, 0);
  return 0; /* never */
}

static int bad_option(lua_State *L, const char *name, const char *expected,
                      const char *got)
{
  lua_pushfstring(L, "bad option '%s' to 'generate' (%s, got %s)", name,
                  expected, got);
  return raise_text(L);
}

/* Writes how a message shows the string; what a terminal would stumble over
 * is not shown. */
static const char *shown(const char *s, size_t n, char to[NAME_SIZE * 2])
{
  if (n == 0)
    strcpy(to, "an empty string");
  else if (n <= SHOWN_BYTES && dcc_scan(s, n) == 0)
    sprintf(to, "\"%.*s\"", (int)n, s);
  else
    sprintf(to, "a string of %zu bytes", n);
  return to;
}

static void bad_text(lua_State *L, const char *name, const char *must,
                     dcc_csr_text text)
{
  char got[NAME_SIZE * 2];
  lua_pushfstring(L, "must %s", must);
  bad_option(L, name, lua_tostring(L, -1), shown(text.at, text.n, got));
}

/* ---- options ------------------------------------------------------------ */

/* Pushes the options' names and types, as certcentral.options wants them. */
static void push_known(lua_State *L)
{
  static const char *const strings[] = {"key", "key_file", "passphrase"};
  lua_newtable(L);
  for (size_t i = 0; i < TEXTS; i++) {
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, texts[i].name);
  }
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, strings[i]);
  }
  lua_pushliteral(L, "table");
  lua_setfield(L, -2, "dns_names");
}

/* Raises unless argument 1 is a table of known options of their types. */
static void check_options(lua_State *L)
{
  lcc_push_module(L, "certcentral.options");
  lua_getfield(L, -1, "check");
  lua_pushvalue(L, 1);
  push_known(L);
  lua_pushliteral(L, "generate");
  lua_call(L, 3, 0);
  lua_pop(L, 1);
}

/* The option's text, none where it is absent. It stays on the stack: what
 * runs meanwhile may take it out of the table. */
static dcc_csr_text option(lua_State *L, const char *name)
{
  dcc_csr_text text = {NULL, 0};
  lua_pushstring(L, name);
  lua_rawget(L, 1);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.at = lua_tolstring(L, -1, &text.n);
  return text;
}

/* Raises unless the text is UTF-8 in its format, of at most `max`
 * characters. */
static void check_text(lua_State *L, const char *name, dcc_csr_text text,
                       dcc_format format, size_t max)
{
  dcc_refusal why;
  size_t characters;
  char must[NAME_SIZE];
  if (text.n == 0)
    bad_text(L, name, "not be empty", text);
  if (!dcc_utf8(text.at, text.n, &characters))
    bad_text(L, name, "be UTF-8", text);
  if (dcc_scan(text.at, text.n) & (DCC_CONTROL | DCC_BREAK))
    bad_text(L, name, "have no control characters", text);
  if (!dcc_format_check(format, text.at, text.n, dcc_suffix_listed, &why))
    bad_text(L, name, why.must, text);
  if (format == DCC_FORMAT_NONE && dcc_is_placeholder(text.at, text.n))
    bad_text(L, name, "be a real value, not one that stands for none", text);
  sprintf(must, "have at most %zu characters", max);
  if (characters > max)
    bad_text(L, name, must, text);
}

static void read_texts(lua_State *L, dcc_csr_wish *wish)
{
  for (size_t i = 0; i < TEXTS; i++) {
    dcc_csr_text text = option(L, texts[i].name);
    if (text.at != NULL)
      check_text(L, texts[i].name, text, texts[i].format, texts[i].max);
    memcpy((char *)wish + texts[i].place, &text, sizeof text);
  }
}

/* Leaves on the stack a userdata with the list of names, and a table that
 * holds them. */
static void read_names(lua_State *L, dcc_csr_wish *wish)
{
  dcc_csr_text *names;
  char name[NAME_SIZE];
  size_t count;
  int given;
  lua_pushliteral(L, "dns_names");
  lua_rawget(L, 1);
  given = lua_gettop(L);
  count = lua_istable(L, -1) ? lcc_list_length(L, -1) : 0;
  if (count == LCC_NO_LIST || count > INT_MAX)
    bad_option(L, "dns_names", "a list of names expected",
               "a table with holes");
  names = LCC_NEWUSERDATA(L, (count + 1) * sizeof *names);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, given, (int)i + 1);
    sprintf(name, "dns_names[%zu]", i + 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      bad_option(L, name, "string expected", luaL_typename(L, -1));
    names[i].at = lua_tolstring(L, -1, &names[i].n);
    lua_rawseti(L, -2, (int)i + 1);
    check_text(L, name, names[i], DCC_FORMAT_HOST, DCC_CSR_LIMIT);
  }
  wish->names = names;
  wish->name_count = count;
  if (count == 0 && wish->common_name.at == NULL) {
    lua_pushliteral(L, "missing option 'common_name' to 'generate' (or "
                       "'dns_names')");
    raise_text(L);
  }
}

static void read_kind(lua_State *L, dcc_csr_wish *wish)
{
  dcc_csr_text text = option(L, "key");
  const char *kind;
  char got[NAME_SIZE * 2];
  wish->key = dcc_csr_key_kind(0);
  if (text.at == NULL)
    return;
  lua_pushliteral(L, "");
  for (size_t i = 0; (kind = dcc_csr_key_kind(i)) != NULL; i++) {
    if (strlen(kind) == text.n && memcmp(kind, text.at, text.n) == 0) {
      wish->key = kind;
      lua_pop(L, 1);
      return;
    }
    lua_pushfstring(L, "%s%s%s", lua_tostring(L, -1), i == 0 ? "" : ", ",
                    kind);
    lua_replace(L, -2);
  }
  lua_pushfstring(L, "one of %s expected", lua_tostring(L, -1));
  bad_option(L, "key", lua_tostring(L, -1), shown(text.at, text.n, got));
}

/* The passphrase never shows, its length may. */
static void read_passphrase(lua_State *L, dcc_csr_wish *wish)
{
  dcc_csr_text text = option(L, "passphrase");
  char got[NAME_SIZE];
  wish->passphrase = text;
  if (text.at == NULL || (text.n > 0 && text.n <= PASSPHRASE_MAX &&
                          memchr(text.at, '\0', text.n) == NULL))
    return;
  sprintf(got, "%zu bytes%s", text.n,
          text.n > 0 && text.n <= PASSPHRASE_MAX ? " with a NUL" : "");
  bad_option(L, "passphrase", "1 to 1023 bytes, none of them NUL, expected",
             got);
}

static const char *read_path(lua_State *L)
{
  dcc_csr_text text = option(L, "key_file");
  char got[NAME_SIZE * 2];
  if (text.at != NULL && (text.n == 0 || strlen(text.at) != text.n))
    bad_option(L, "key_file", "the name of a file expected",
               shown(text.at, text.n, got));
  return text.at;
}

/* ---- the result --------------------------------------------------------- */

static int made_gc(lua_State *L)
{
  dcc_csr_made_free(luaL_checkudata(L, 1, LCC_MADE));
  return 0;
}

/* Pushes a userdata that owns what is made, whatever raises meanwhile. */
static dcc_csr_made *push_made(lua_State *L)
{
  return lcc_push_owner(L, sizeof(dcc_csr_made), LCC_MADE, made_gc);
}

/* Nothing that can raise stands between the file and the return. */
static int give_file(lua_State *L, dcc_csr_made *made, const char *path)
{
  char reason[128];
  int number;
  lua_pushnil(L);
  lua_pushstring(L, path);
  number = dcc_key_file_write(path, made->key.data, made->key.length);
  dcc_csr_made_free(made);
  if (number == 0)
    return 3;
  if (strerror_r(number, reason, sizeof reason) != 0)
    strcpy(reason, "the system says no more");
  lua_pushfstring(L, "cannot write the key to '%s': %s", path, reason);
  return lcc_fail(L, lua_tostring(L, -1));
}

/* csr.generate(options): the request and the key, both PEM; with key_file the
 * request, nil and the file's name; or nil and an error. */
int lcc_generate(lua_State *L)
{
  dcc_csr_wish wish = {0};
  dcc_csr_error error;
  dcc_csr_made *made;
  const char *path;
  lcc_no_colon(L, "generate(options)");
  lua_settop(L, 1);
  luaL_checkstack(L, STACK_SLOTS, "options");
  check_options(L);
  read_texts(L, &wish);
  read_names(L, &wish);
  read_kind(L, &wish);
  read_passphrase(L, &wish);
  path = read_path(L);
  made = push_made(L);
  if (!dcc_csr_make(&wish, made, &error))
    return lcc_fail(L, error.message);
  lua_pushlstring(L, made->csr.data, made->csr.length);
  if (path != NULL)
    return give_file(L, made, path);
  lua_pushlstring(L, made->key.data, made->key.length);
  dcc_csr_made_free(made);
  return 2;
}

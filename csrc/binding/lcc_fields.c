/* lcc_fields.c: core.fields: the rows of the form as Lua tables */
#include <stdlib.h>

#include "../core/dcc.h"
#include "lcc_parts.h"

static void set_integer(lua_State *L, const char *name, int64_t i)
{
  lua_pushinteger(L, (lua_Integer)i);
  lua_setfield(L, -2, name);
}

/* Pushes a value of the form that is written as JSON: a string, an integer, a
 * boolean or a list of strings; the strings have no escape but \n. */
static const char *push_json(lua_State *L, const char *s)
{
  if (*s == '[') {
    lua_newtable(L);
    for (int i = 1; *s != ']'; i++) {
      s = push_json(L, s + 1);
      lua_rawseti(L, -2, i);
    }
    return s + 1;
  }
  if (*s == '"') {
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (s++; *s != '"'; s++) {
      bool escape = *s == '\\';
      luaL_addchar(&b, escape ? '\n' : *s);
      s += escape;
    }
    luaL_pushresult(&b);
    return s + 1;
  }
  if (*s == 't' || *s == 'f')
    lua_pushboolean(L, *s == 't');
  else
    lua_pushinteger(L, (lua_Integer)strtol(s, NULL, 10));
  return s;
}

static void push_choices(lua_State *L, const dcc_field *f)
{
  lua_newtable(L);
  for (int i = 0; f->choices[i] != NULL; i++) {
    lua_pushstring(L, f->choices[i]);
    lua_rawseti(L, -2, i + 1);
  }
  for (int i = 0; i < 2 && f->flags & DCC_FLAG; i++) {
    lua_pushinteger(L, i);
    lua_rawseti(L, -2, i + 1);
  }
}

static void push_field(lua_State *L, size_t i)
{
  static const char *const required[] = {[DCC_OPTIONAL] = "optional",
                                         [DCC_REQUIRED] = "required",
                                         [DCC_CONDITIONAL] = "conditional"};
  const dcc_field *f = dcc_field_at(i);
  char path[128];
  lua_createtable(L, 0, 12);
  dcc_field_path(i, path, sizeof path);
  lcc_set_string(L, "path", path);
  lcc_set_string(L, "type", dcc_type_name(f->type));
  lcc_set_string(L, "items", f->type == DCC_ARRAY ? dcc_type_name(f->items)
                                              : NULL);
  lcc_set_string(L, "required", required[f->required]);
  lcc_set_string(L, "format", dcc_format_name(f->format));
  lcc_set_string(L, "help", f->help);
  if (f->min != 0 || f->flags & DCC_DIGITS)
    set_integer(L, "min", f->min);
  if (f->max != 0)
    set_integer(L, "max", f->max);
  if (f->choices[0] != NULL || f->flags & DCC_FLAG) {
    push_choices(L, f);
    lua_setfield(L, -2, "choices");
  }
  if (f->preset != NULL) {
    push_json(L, f->preset);
    lua_setfield(L, -2, "default");
  }
  if (f->example != NULL) {
    push_json(L, f->example);
    lua_setfield(L, -2, "example");
  }
  if (f->flags & DCC_DEPRECATED) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "deprecated");
  }
  if (f->flags & DCC_SECRET) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "secret");
  }
}

/* fields() -> a list of the form's rows, in the page's order */
int lcc_fields(lua_State *L)
{
  size_t count = dcc_field_count();
  lua_createtable(L, (int)count, 0);
  for (size_t i = 1; i < count; i++) {
    push_field(L, i);
    lua_rawseti(L, -2, (int)i);
  }
  return 1;
}

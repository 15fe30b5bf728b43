/* lcc_order.c: reads a Lua table into a dcc_order, in one walk.
 *
 * No Lua code runs and no Lua memory is asked for during the walk, so the
 * strings that the order points to stay where they are: the table holds
 * them. Metamethods are not called; a table that has __index or __pairs is
 * not plain and becomes a value that the check refuses. */
#include "lcc_order.h"

#include <limits.h>
#include <string.h>

enum { UNKNOWN_DEPTH = 32, UNKNOWN_VALUES = 100000 };

/* ---- names ------------------------------------------------------------- */

/* Interns the string, which slot i of the table at the top then holds. */
static void pin(lua_State *L, lcc_names *names, int i, unsigned parent,
                unsigned field, const char *name)
{
  const void *address;
  unsigned slot;
  lua_pushstring(L, name);
  address = lcc_address(L, names, -1);
  slot = lcc_slot(names, parent, address);
  names->slots[slot].address = address;
  names->slots[slot].parent = parent;
  names->slots[slot].field = field;
  lua_rawseti(L, -2, i);
}

void lcc_names_pin(lua_State *L, lcc_names *names,
                   const char *const *options, size_t count)
{
  memset(names, 0, sizeof *names);
  lua_pushliteral(L, "");
  names->by_object = lua_topointer(L, -1) != NULL; /* not in Lua 5.1 */
  lua_pop(L, 1);
  lua_createtable(L, DCC_FIELDS, 0);
  for (unsigned i = 1; i < DCC_FIELDS; i++)
    pin(L, names, (int)i, dcc_form[i].parent, i, dcc_form[i].name);
  for (unsigned i = 0; i < count; i++)
    pin(L, names, DCC_FIELDS + (int)i, LCC_OPTIONS, i + 1, options[i]);
  lua_pushlightuserdata(L, names);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* ---- values ------------------------------------------------------------ */

typedef struct walk {
  lua_State *L;
  dcc_order *order;
  const lcc_names *names;
  bool keep_unknown;   /* read what stands in unknown fields */
  size_t unknown;      /* values there is room for in them so far */
} walk;

static dcc_value other(const char *what)
{
  return (dcc_value){.type = DCC_OTHER, .as.text = what};
}

static const char *type_text(int type)
{
  switch (type) {
  case LUA_TTABLE: return "a table";
  case LUA_TFUNCTION: return "a function";
  case LUA_TUSERDATA: return "a userdata";
  case LUA_TLIGHTUSERDATA: return "a light userdata";
  case LUA_TTHREAD: return "a coroutine";
  default: return "a cdata";
  }
}

/* What makes the table at the top not plain, or NULL. */
static const char *not_plain(lua_State *L)
{
  const char *what = NULL;
  if (!lua_getmetatable(L, -1))
    return NULL;
  lua_pushvalue(L, lua_upvalueindex(LCC_INDEX));
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1))
    what = "a table whose metatable has __index";
  lua_pop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(LCC_PAIRS));
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1))
    what = "a table whose metatable has __pairs";
  lua_pop(L, 2);
  return what;
}

static inline void read_string(lua_State *L, dcc_value *value)
{
  value->type = DCC_STRING;
  value->as.text = lua_tolstring(L, -1, &value->length);
}

/* The value at the top, which has the Lua type `type`, where no table is
 * due. null is absent. */
static void read_scalar(lua_State *L, int type, dcc_value *value)
{
  if (type == LUA_TSTRING) {
    read_string(L, value);
  } else if (type == LUA_TBOOLEAN) {
    value->type = DCC_BOOLEAN;
    value->as.boolean = lua_toboolean(L, -1);
  } else if (type == LUA_TNUMBER) {
    value->type = DCC_INTEGER;
    if (!lcc_tointeger(L, -1, &value->as.integer)) {
      value->type = DCC_NUMBER;
      value->as.number = lua_tonumber(L, -1);
    }
  } else if (type != LUA_TLIGHTUSERDATA || lua_touserdata(L, -1) != NULL) {
    *value = other(type_text(type));
  }
}

/* ---- lists ------------------------------------------------------------- */

/* The key at -2 as a place in a list of `length` items, from 0; else
 * SIZE_MAX. */
static size_t list_place(lua_State *L, size_t length)
{
  int64_t i;
  if (lua_type(L, -2) != LUA_TNUMBER || !lcc_tointeger(L, -2, &i) || i < 1 ||
      (uint64_t)i > length)
    return SIZE_MAX;
  return (size_t)i - 1;
}

static void read_object(walk *w, const dcc_scope *scope, unsigned object);

/* The value at the top, which has the Lua type `type`, as item `i`. */
static void read_item(walk *w, unsigned field, size_t i, int type)
{
  dcc_value *item = &w->order->values[field].as.items[i];
  dcc_scope scope;
  const char *what;
  if (dcc_form[field].items == DCC_STRING || type != LUA_TTABLE) {
    read_scalar(w->L, type, item);
    if (item->type == DCC_ABSENT)
      *item = other("null");
  } else if ((what = not_plain(w->L)) != NULL) {
    *item = other(what);
  } else if (dcc_order_item(w->order, field, i, &scope)) {
    read_object(w, &scope, field);
  }
}

/* Pushes item `i` of the table at the top; returns its Lua type. */
static int push_item(lua_State *L, int i)
{
#if LUA_VERSION_NUM >= 503
  return lua_rawgeti(L, -1, i);
#else
  lua_rawgeti(L, -1, i);
  return lua_type(L, -1);
#endif
}

/* The usual list: its keys are 1 to its length, and lua_next behind the last
 * finds no other. Returns false where that is not so. */
static bool read_plain_list(walk *w, dcc_value *array, unsigned field,
                            size_t length)
{
  lua_State *L = w->L;
  if (length == 0 || length > INT_MAX)
    return false;
  for (size_t i = 0; i < length; i++) {
    int type = push_item(L, (int)i + 1);
    if (type == LUA_TSTRING)
      read_string(L, &array->as.items[i]);
    else if (type != LUA_TNIL)
      read_item(w, field, i, type);
    lua_pop(L, 1);
    if (type == LUA_TNIL)
      return false;
  }
  lua_pushinteger(L, (lua_Integer)length);
  if (!lua_next(L, -2))
    return true;
  lua_pop(L, 2);
  return false;
}

static void read_list(walk *w, dcc_value *array, unsigned field)
{
  lua_State *L = w->L;
  size_t length = lcc_list_length(L, -1), count = 0;
  if (length == LCC_NO_LIST) {
    array->type = DCC_ARRAY;
    array->keyed = true;
    return;
  }
  if (!dcc_order_resize(w->order, array, length) ||
      read_plain_list(w, array, field, length))
    return;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    size_t i = list_place(L, length);
    if (i == SIZE_MAX)
      array->keyed = true;
    else if (array->as.items[i].type == DCC_ABSENT)
      read_item(w, field, i, lua_type(L, -1));
    count++;
    lua_pop(L, 1);
  }
  if (count != length)
    array->keyed = true;
}

/* ---- unknown fields ---------------------------------------------------- */

/* Their number is limited, for a table may hold itself: it is counted as
 * room is taken, whether or not a value comes to stand there. */
static bool has_room(walk *w, size_t n)
{
  bool fits = n <= UNKNOWN_VALUES - w->unknown;
  w->unknown += fits ? n : 0;
  return fits;
}

static dcc_value read_any(walk *w, int depth);

static dcc_value read_any_list(walk *w, int depth, size_t length)
{
  dcc_value array = {0};
  size_t count = 0;
  if (length == LCC_NO_LIST)
    return other("a list with holes");
  if (!has_room(w, length))
    return other("a table that is too large");
  if (!dcc_order_resize(w->order, &array, length))
    return array;
  lua_pushnil(w->L);
  while (lua_next(w->L, -2)) {
    size_t i = list_place(w->L, length);
    if (i != SIZE_MAX)
      array.as.items[i] = read_any(w, depth);
    count += i != SIZE_MAX;
    array.keyed |= i == SIZE_MAX;
    lua_pop(w->L, 1);
  }
  return array.keyed || count != length ? other("a list with holes") : array;
}

static dcc_value read_any_object(walk *w, int depth)
{
  dcc_value object = {.type = DCC_OBJECT};
  const char *what = NULL;
  lua_pushnil(w->L);
  while (what == NULL && lua_next(w->L, -2)) {
    dcc_member *member = NULL;
    if (lua_type(w->L, -2) != LUA_TSTRING)
      what = "a table with keys that are not strings";
    else if (!has_room(w, 1))
      what = "a table that is too large";
    else if ((member = dcc_order_alloc(w->order, sizeof *member)) == NULL)
      what = "lost";
    if (member != NULL) {
      *member = (dcc_member){.next = object.as.members};
      member->name = lua_tolstring(w->L, -2, &member->length);
      member->value = read_any(w, depth);
      object.as.members = member;
    }
    lua_pop(w->L, what == NULL ? 1 : 2);
  }
  return what == NULL ? object : other(what);
}

/* The value at the top, whatever it is: a list where it has items, else an
 * object. */
static dcc_value read_any(walk *w, int depth)
{
  const char *what;
  int type = lua_type(w->L, -1);
  if (type != LUA_TTABLE) {
    dcc_value value = {0};
    read_scalar(w->L, type, &value);
    return value;
  }
  if (depth == UNKNOWN_DEPTH)
    return other("a table nested too deeply");
  if ((what = not_plain(w->L)) != NULL)
    return other(what);
  return lua_rawlen(w->L, -1) > 0
           ? read_any_list(w, depth + 1, lcc_list_length(w->L, -1))
           : read_any_object(w, depth + 1);
}

/* Number keys show as numbers, others by their type. */
static void read_unknown(walk *w, const dcc_scope *scope, unsigned object)
{
  static const char *const no_string = "not a string";
  dcc_extra *extra = dcc_order_extra(w->order, *scope, object, no_string,
                                     strlen(no_string));
  if (extra == NULL)
    return;
  if (lua_type(w->L, -2) == LUA_TSTRING) {
    extra->name = lua_tolstring(w->L, -2, &extra->length);
    if (w->keep_unknown)
      extra->value = has_room(w, 1) ? read_any(w, 0)
                                    : other("a table that is too large");
  } else {
    int64_t i;
    dcc_buffer digits = {0};
    extra->is_index = true;
    extra->value = other("a key that is not a string");
    if (lua_type(w->L, -2) != LUA_TNUMBER || !lcc_tointeger(w->L, -2, &i))
      return;
    dcc_buffer_addi(&digits, i);
    char *copy = dcc_order_alloc(w->order, digits.length + 1);
    if (copy != NULL && digits.data != NULL) {
      memcpy(copy, digits.data, digits.length);
      extra->name = copy;
      extra->length = digits.length;
    }
    dcc_buffer_free(&digits);
  }
}

/* ---- objects ----------------------------------------------------------- */

static void read_table(walk *w, const dcc_scope *scope, unsigned field,
                       dcc_value *value)
{
  dcc_type type = dcc_form[field].type;
  const char *what;
  if (type != DCC_OBJECT && type != DCC_ARRAY) {
    *value = other("a table");
  } else if ((what = not_plain(w->L)) != NULL) {
    *value = other(what);
  } else if (type == DCC_ARRAY) {
    read_list(w, value, field);
  } else {
    value->type = DCC_OBJECT;
    read_object(w, scope, field);
  }
}

/* The table at the top; it stays there. */
static void read_object(walk *w, const dcc_scope *scope, unsigned object)
{
  lua_State *L = w->L;
  const lcc_names *names = w->names;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    unsigned slot = lcc_slot(names, object, lcc_address(L, names, -2));
    unsigned field = names->slots[slot].field;
    int type = lua_type(L, -1);
    if (field != 0 && type == LUA_TSTRING)
      read_string(L, dcc_set_at(scope, field));
    else if (field != 0 && type == LUA_TTABLE)
      read_table(w, scope, field, dcc_set_at(scope, field));
    else if (field != 0)
      read_scalar(L, type, dcc_set_at(scope, field));
    else if (type != LUA_TLIGHTUSERDATA || lua_touserdata(L, -1) != NULL)
      read_unknown(w, scope, object);
    lua_pop(L, 1);
  }
}

bool lcc_read_order(lua_State *L, int index, dcc_order *order, unsigned root,
                    const lcc_names *names, bool keep_unknown)
{
  walk w = {.L = L, .order = order, .names = names,
            .keep_unknown = keep_unknown};
  dcc_scope scope = dcc_order_scope(order);
  const char *what;
  lua_pushvalue(L, index);
  what = not_plain(L);
  if (what != NULL)
    order->values[root] = other(what);
  else
    read_object(&w, &scope, root);
  lua_pop(L, 1);
  return !order->failed;
}

bool lcc_read_own(lua_State *L, int index, dcc_order *order, unsigned root)
{
  walk w = {.L = L, .order = order, .keep_unknown = true};
  const dcc_scope scope = dcc_order_scope(order);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    size_t length;
    const char *name = lua_tolstring(L, -2, &length);
    dcc_extra *extra = dcc_order_extra(order, scope, root, name, length);
    if (extra != NULL) {
      extra->is_own = true;
      extra->value = read_any(&w, 0);
    }
    lua_pop(L, 1);
  }
  return !order->failed;
}

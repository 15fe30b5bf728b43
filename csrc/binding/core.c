/* core.c: the Lua module certcentral.core. It is the C half of the module
 * "certcentral", not an interface of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>

#include "../core/ascii.h"
#include "../core/check.h"
#include "../core/crc32.h"
#include "../suffix/dcc_suffix.h"
#include "order.h"

#define LCC_ORDER "certcentral.order"

enum { ID_LENGTH_MAX = 64, ANSWER_DEPTH = 200, LCC_PRINTABLE_SIZE = 4200,
       SLEEP_MAX = 86400 };

#define YEAR_10000 253402300800.0 /* seconds since 1970 */

/* ---- the options of a call -------------------------------------------- */

enum option { NOW = 1, STRICT, ALLOW_UNKNOWN, CHECK_CSR, ONCE, PRODUCT,
              BLOCKLIST, OPTIONS };

static const char *const option_names[OPTIONS - 1] = {
  "now", "strict", "allow_unknown", "check_csr", "once", "product",
  "blocklist"};
static const int option_types[OPTIONS] = {
  0, LUA_TNUMBER, LUA_TBOOLEAN, LUA_TBOOLEAN, LUA_TBOOLEAN, LUA_TBOOLEAN,
  LUA_TSTRING, LUA_TSTRING};

_Static_assert((int)DCC_FIELDS + (int)OPTIONS < (int)LCC_NAME_SLOTS,
               "lcc_slot ends at a free slot");

/* Reads the options at `index`, nil or a table. Returns false where they are
 * not plain, known and of the right types; what is good is read all the
 * same. Raises nothing. */
static bool read_options(lua_State *L, int index, const lcc_names *names,
                         dcc_options *options, bool *check_csr)
{
  bool good = true, has_now = false;
  if (lua_istable(L, index)) {
    if (lua_getmetatable(L, index)) {
      lua_pop(L, 1);
      return false;
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
      unsigned slot = lcc_slot(names, LCC_OPTIONS, lcc_address(L, names, -2));
      enum option option = names->slots[slot].field;
      bool yes = lua_toboolean(L, -1);
      lua_Number n;
      if (option == 0 || lua_type(L, -1) != option_types[option])
        good = false;
      else if (option == STRICT)
        options->strict = yes;
      else if (option == ALLOW_UNKNOWN)
        options->allow_unknown = yes;
      else if (option == CHECK_CSR)
        *check_csr = yes;
      else if (option == NOW) {
        n = lua_tonumber(L, -1);
        has_now = n >= 0 && n < YEAR_10000;
        options->now = has_now ? (int64_t)n : 0;
        good = good && has_now;
      }
      lua_pop(L, 1);
    }
  } else if (!lua_isnoneornil(L, index)) {
    return false;
  }
  if (!has_now)
    options->now = (int64_t)time(NULL);
  return good;
}

/* The options' names and types, as a table. */
static void push_options(lua_State *L)
{
  lua_createtable(L, 0, OPTIONS - 1);
  for (int i = 1; i < OPTIONS; i++) {
    lua_pushstring(L, lua_typename(L, option_types[i]));
    lua_setfield(L, -2, option_names[i - 1]);
  }
}

/* ---- the order that the checks of one Lua state share ------------------ */

typedef struct lcc_shared {
  dcc_order *order; /* empty; NULL: a check is using it, or it is not made */
  lcc_names names;
} lcc_shared;

/* The order is the call's own: a check that a finalizer makes within it takes
 * another one. NULL when memory ran out. */
static dcc_order *take_order(lcc_shared *shared)
{
  dcc_order *order = shared->order;
  shared->order = NULL;
  return order != NULL ? order : dcc_order_new();
}

static void give_order(lcc_shared *shared, dcc_order *order)
{
  if (shared->order != NULL) {
    dcc_order_free(order);
    return;
  }
  dcc_order_clear(order);
  shared->order = order;
}

static int shared_gc(lua_State *L)
{
  lcc_shared *shared = luaL_checkudata(L, 1, LCC_ORDER);
  dcc_order_free(shared->order);
  shared->order = NULL;
  return 0;
}

static void push_shared(lua_State *L)
{
  lcc_shared *shared = lcc_push_owner(L, sizeof *shared, LCC_ORDER, shared_gc);
  lcc_names_pin(L, &shared->names, option_names, OPTIONS - 1);
}

/* ---- checking ---------------------------------------------------------- */

static void set_string(lua_State *L, const char *name, const char *s)
{
  if (s != NULL) {
    lua_pushstring(L, s);
    lua_setfield(L, -2, name);
  }
}

static void push_problems(lua_State *L, const dcc_problem *list, size_t count)
{
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 4);
    set_string(L, "path", list[i].path);
    set_string(L, "code", list[i].code);
    set_string(L, "message", list[i].message);
    set_string(L, "hint", list[i].hint);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

/* A name that this client gives to an order which has none. */
static void name_order(lua_State *L, int index, dcc_order *order)
{
  const dcc_scope scope = dcc_order_scope(order);
  dcc_value *value = dcc_set_at(&scope, DCC_ALTERNATIVE_ORDER_ID);
  if (lua_type(L, index) != LUA_TSTRING || value->type != DCC_ABSENT)
    return;
  value->type = DCC_STRING;
  value->as.text = lua_tolstring(L, index, &value->length);
}

/* The view that the string at `index` names; the order's for nil. */
static dcc_view view_at(lua_State *L, int index)
{
  const char *name;
  if (lua_isnil(L, index))
    return DCC_VIEW_ORDER;
  name = luaL_checkstring(L, index);
  for (dcc_view view = 0; view < DCC_VIEWS; view++)
    if (strcmp(name, dcc_view_name(view)) == 0)
      return view;
  return (dcc_view)luaL_argerror(L, index, "no view of the form");
}

/* Reads the body at 1 and what this client adds to it, at 6 and 9. Returns
 * false when memory ran out. */
static bool read_body(lua_State *L, const lcc_names *names, dcc_order *order,
                      const dcc_options *options)
{
  unsigned root = order->index.bodies[options->view].root;
  if (!lcc_read_order(L, 1, order, root, names, options->allow_unknown))
    return false;
  name_order(L, 6, order);
  return lua_isnil(L, 9) || lcc_read_own(L, 9, order, root);
}

/* What a check has found, in memory of its order. */
typedef struct lcc_outcome {
  dcc_order *order;
  size_t found;     /* problems */
  const char *body; /* NULL: none */
  size_t length;
} lcc_outcome;

/* Checks, and writes the body where `write` asks for it and nothing is wrong.
 * Returns false when memory ran out. */
static bool find_out(lcc_outcome *outcome, const dcc_options *options,
                     bool write)
{
  dcc_order *order = outcome->order;
  outcome->found = dcc_order_check(order, options);
  if (outcome->found == 0 && write && !order->failed) {
    outcome->body = dcc_order_json(order, &outcome->length);
    return outcome->body != NULL;
  }
  return !order->failed;
}

/* The results of check() for a light userdata of its outcome; may raise. */
static int push_outcome(lua_State *L)
{
  const lcc_outcome *outcome = lua_touserdata(L, 1);
  const dcc_problem *list;
  size_t count;
  if (outcome->body != NULL)
    lua_pushlstring(L, outcome->body, outcome->length);
  else if (outcome->found == 0)
    lua_pushboolean(L, 1);
  else
    lua_pushnil(L);
  if (outcome->found > 0) {
    list = dcc_order_problems(outcome->order, &count);
    push_problems(L, list, count);
  }
  list = dcc_order_warnings(outcome->order, &count);
  push_problems(L, list, count);
  if (outcome->found == 0)
    return 2;
  lua_pushinteger(L, (lua_Integer)outcome->found);
  return 4;
}

/* check(order, options, write, csr_fine, csr_error, name, csr_names, view,
 *       own)
 *   -> body or true, warnings      the order is fit to be sent
 *   -> nil, problems, warnings, number of problems
 *   -> nothing                     the caller has to look more closely
 * The last is where `csr_fine` is nil and the call is not the plainest: the
 * order is no table, the options are not good or ask for a look at the CSR.
 * `write`: whether to return the request's body. `name`: an
 * alternative_order_id for an order that has none. `csr_names`: what
 * certcentral.csr found in the CSR, for a comparison. `view`: the name of what
 * `order` is, nil for an order. `own`: members that this client adds, unseen
 * by the check, or nil. */
static int core_check(lua_State *L)
{
  lcc_shared *shared = lua_touserdata(L, lua_upvalueindex(1));
  lcc_outcome outcome = {0};
  dcc_options options = {.suffix_of = dcc_suffix_listed};
  bool check_csr = true, good;
  int status = 0;
  lua_settop(L, 9);
  good = read_options(L, 2, &shared->names, &options, &check_csr);
  if (lua_isnil(L, 4)) {
    if (!good || check_csr || !lua_istable(L, 1))
      return 0;
    options.skip_csr = true;
  } else {
    luaL_checktype(L, 1, LUA_TTABLE);
    options.skip_csr = lua_toboolean(L, 4);
    options.csr_error = luaL_optstring(L, 5, NULL);
    options.csr_names = luaL_optstring(L, 7, NULL);
    options.view = view_at(L, 8);
    luaL_argcheck(L, lua_isnil(L, 9) || lua_istable(L, 9), 9, "a table");
  }
  luaL_checkstack(L, LCC_ORDER_SLOTS, "an order");
  outcome.order = take_order(shared); /* from here on nothing may raise */
  if (outcome.order == NULL)
    return luaL_error(L, "not enough memory");
  good = read_body(L, &shared->names, outcome.order, &options) &&
         find_out(&outcome, &options, lua_toboolean(L, 3));
  if (good) {
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushlightuserdata(L, &outcome);
    status = lua_pcall(L, 1, LUA_MULTRET, 0);
  }
  give_order(shared, outcome.order);
  if (!good)
    return luaL_error(L, "not enough memory");
  return status == 0 ? lua_gettop(L) - 9 : lua_error(L);
}

/* check and what it needs at hand: see order.h for the last two. */
static void push_check(lua_State *L)
{
  push_shared(L);
  lua_pushcfunction(L, push_outcome);
  lua_pushliteral(L, "__index");
  lua_pushliteral(L, "__pairs");
  lua_pushcclosure(L, core_check, LCC_PAIRS);
}

/* ---- the form ---------------------------------------------------------- */

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
  set_string(L, "path", path);
  set_string(L, "type", dcc_type_name(f->type));
  set_string(L, "items", f->type == DCC_ARRAY ? dcc_type_name(f->items)
                                              : NULL);
  set_string(L, "required", required[f->required]);
  set_string(L, "format", dcc_format_name(f->format));
  set_string(L, "help", f->help);
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
static int core_fields(lua_State *L)
{
  size_t count = dcc_field_count();
  lua_createtable(L, (int)count, 0);
  for (size_t i = 1; i < count; i++) {
    push_field(L, i);
    lua_rawseti(L, -2, (int)i);
  }
  return 1;
}

/* ---- secrets ----------------------------------------------------------- */

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

/* secret(string) -> a userdata that holds a copy in C memory */
static int core_secret(lua_State *L)
{
  size_t length;
  const char *s = luaL_checklstring(L, 1, &length);
  set_secret(L, push_secret(L), s, length);
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

static void make_secret_type(lua_State *L)
{
  static const luaL_Reg methods[] = {{"reveal", secret_reveal},
                                     {"mask", secret_mask},
                                     {"wipe", secret_wipe},
                                     {"__gc", secret_wipe},
                                     {"__tostring", secret_tostring},
                                     {NULL, NULL}};
  lcc_new_type(L, LCC_SECRET, methods);
}

/* ---- the rest ---------------------------------------------------------- */

/* process() -> the process id */
static int core_process(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

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
  dcc_add_printable(&b, s, length, most < 1024 ? (size_t)most : 1024, false);
  length = b.length < sizeof shown ? b.length : sizeof shown;
  if (length > 0)
    memcpy(shown, b.data, length);
  dcc_buffer_free(&b); /* before the push, which may raise */
  lua_pushlstring(L, shown, length);
  return 1;
}

/* clock() -> seconds since some moment; never set back */
static int core_clock(lua_State *L)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

/* sleep(seconds): waits so long, or less where a signal comes, so that the
 * interpreter can see to it */
static int core_sleep(lua_State *L)
{
  lua_Number seconds = luaL_checknumber(L, 1);
  struct timespec t = {0, 0};
  if (!(seconds > 0))
    return 0;
  if (seconds > SLEEP_MAX)
    seconds = SLEEP_MAX;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)((seconds - (lua_Number)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
  return 0;
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

/* random_id(n) -> n random letters and digits, or nil */
static int core_random_id(lua_State *L)
{
  char id[ID_LENGTH_MAX + 1];
  lua_Number n = luaL_checknumber(L, 1);
  luaL_argcheck(L, n >= 1 && n <= ID_LENGTH_MAX, 1, "1 to 64 expected");
  if (dcc_random_id(id, (size_t)n))
    lua_pushstring(L, id);
  else
    lua_pushnil(L);
  return 1;
}

/* Makes integers of integral numbers and drops members that are null, in the
 * table at the top and all below it; tables nested too deeply are left as
 * they are. A null in a list stays: without it the list would have a hole, or
 * look whole. Setting an existing field during lua_next is allowed. */
static void tidy(lua_State *L, int depth)
{
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    int type = lua_type(L, -1);
    int64_t i;
    if (type == LUA_TTABLE && depth < ANSWER_DEPTH) {
      tidy(L, depth + 1);
    } else if (type == LUA_TLIGHTUSERDATA && lua_type(L, -2) == LUA_TSTRING &&
               lua_touserdata(L, -1) == NULL) {
      lua_pushvalue(L, -2);
      lua_pushnil(L);
      lua_rawset(L, -5);
#if LUA_VERSION_NUM >= 503
    } else if (type == LUA_TNUMBER && lcc_tointeger(L, -1, &i)) {
      lua_pushvalue(L, -2);
      lua_pushinteger(L, (lua_Integer)i);
      lua_rawset(L, -5);
#endif
    }
    (void)i;
    lua_pop(L, 1);
  }
}

/* tidy(answer) -> answer, changed in place: a decoded JSON value with
 * integers as integers, and no member that is null */
static int core_tidy(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 4 * ANSWER_DEPTH, "an answer");
  tidy(L, 0);
  return 1;
}

LCC_EXPORT int luaopen_certcentral_core(lua_State *L);

LCC_EXPORT int luaopen_certcentral_core(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"fields", core_fields}, {"secret", core_secret}, {"path", core_path},
    {"process", core_process},
    {"random_id", core_random_id}, {"tidy", core_tidy},
    {"printable", core_printable}, {"clock", core_clock},
    {"sleep", core_sleep}, {"lower", core_lower},
    {"upper", core_upper}, {"crc32", core_crc32},
    {"address", core_address}, {"append", lcc_append},
    {"lock", lcc_lock_file}, {"create", lcc_create_file},
    {"replace", lcc_replace_file}, {"directory", lcc_directory},
    {"modified", lcc_modified}, {"real_path", lcc_real_path},
    {"absolute", lcc_absolute}, {"is_root", lcc_is_root},
    {"is_terminal", lcc_is_terminal},
    {"is_private", lcc_is_private}, {NULL, NULL}};
  make_secret_type(L);
  lcc_open_files(L);
  luaL_newlib(L, functions);
  push_check(L);
  lua_setfield(L, -2, "check");
  push_options(L);
  lua_setfield(L, -2, "options");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  set_string(L, "version", DCC_VERSION);
  set_string(L, "product", DCC_PRODUCT);
  set_string(L, "method", DCC_METHOD);
  return 1;
}

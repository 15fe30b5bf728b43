/* lcc_check.c: core.check: a Lua table in, problems or the request's body
 * out */
#include <time.h>

#include "../suffix/dcc_suffix.h"
#include "lcc_order.h"
#include "lcc_parts.h"

#define LCC_ORDER "certcentral.order"

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

void lcc_push_options(lua_State *L)
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
  bool named;       /* they are filled in */
} lcc_shared;

/* The order is the call's own: a check that a finalizer makes within it takes
 * another one. NULL when out of memory. */
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
  (void)lcc_push_owner(L, sizeof(lcc_shared), LCC_ORDER, shared_gc);
}

/* ---- checking ---------------------------------------------------------- */

static void push_problems(lua_State *L, const dcc_problem *list, size_t count)
{
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 4);
    lcc_set_string(L, "path", list[i].path);
    lcc_set_string(L, "code", list[i].code);
    lcc_set_string(L, "message", list[i].message);
    lcc_set_string(L, "hint", list[i].hint);
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
 * false when out of memory. */
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
  bool secret;      /* the body is pushed as one */
  const char *body; /* NULL: none */
  size_t length;
} lcc_outcome;

/* Checks, and writes the body where `write` asks for it and nothing is wrong.
 * Returns false when out of memory. */
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
  if (outcome->body != NULL && outcome->secret)
    lcc_push_secret(L, outcome->body, outcome->length);
  else if (outcome->body != NULL)
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
 * The last is where `csr_fine` is nil, as nobody has looked at the
 * arguments, and the call is not the plainest: the order is no table, the
 * options are not good, or ask for a look at the CSR and `csr_names` does not
 * say that it was found fine. `write`: whether to return the request's body;
 * "secret": as a secret. `name`: an alternative_order_id for an order that has
 * none. `csr_names`: what certcentral.csr found in the CSR, for a comparison.
 * `view`: the name of what `order` is, nil for an order. `own`: members that
 * this client adds, unseen by the check, or nil. */
static int core_check(lua_State *L)
{
  lcc_shared *shared = lua_touserdata(L, lua_upvalueindex(1));
  lcc_outcome outcome = {0};
  dcc_options options = {.suffix_of = dcc_suffix_listed};
  bool check_csr = true, good;
  int status = 0;
  lua_settop(L, 9);
  if (!shared->named)
    lcc_names_pin(L, &shared->names, option_names, OPTIONS - 1);
  shared->named = true;
  good = read_options(L, 2, &shared->names, &options, &check_csr);
  if (check_csr)
    options.csr_names = luaL_optstring(L, 7, NULL);
  if (lua_isnil(L, 4)) {
    if (!good || !lua_istable(L, 1) ||
        (check_csr && options.csr_names == NULL))
      return 0;
    options.skip_csr = true;
  } else {
    luaL_checktype(L, 1, LUA_TTABLE);
    options.skip_csr = lua_toboolean(L, 4);
    options.csr_error = luaL_optstring(L, 5, NULL);
    options.view = view_at(L, 8);
    luaL_argcheck(L, lua_isnil(L, 9) || lua_istable(L, 9), 9, "a table");
  }
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushlightuserdata(L, &outcome); /* LuaJIT may ask for memory */
  luaL_checkstack(L, LCC_ORDER_SLOTS, "an order");
  outcome.order = take_order(shared); /* from here on nothing may raise */
  if (outcome.order == NULL)
    return luaL_error(L, "not enough memory");
  good = read_body(L, &shared->names, outcome.order, &options) &&
         find_out(&outcome, &options, lua_toboolean(L, 3));
  outcome.secret = lua_type(L, 3) == LUA_TSTRING;
  if (good)
    status = lua_pcall(L, 1, LUA_MULTRET, 0);
  give_order(shared, outcome.order);
  if (!good)
    return luaL_error(L, "not enough memory");
  return status == 0 ? lua_gettop(L) - 9 : lua_error(L);
}

void lcc_push_check(lua_State *L)
{
  push_shared(L);
  lua_pushcfunction(L, push_outcome);
  lua_pushliteral(L, "__index");
  lua_pushliteral(L, "__pairs");
  lua_pushcclosure(L, core_check, LCC_PAIRS);
}

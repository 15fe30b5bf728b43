/* lcc_answer.c: core.answer: what the API says, in one shape. It writes the
 * same thing in more than one way. */
#include "lcc_parts.h"

enum { ANSWER_DEPTH = 200, ID_DIGITS = 15 /* exact as a double, too */ };

/* What a table of the answer is. */
typedef enum lcc_role {
  ANSWER,  /* the whole */
  OBJECT,  /* nothing special, or a list of such */
  IDS,     /* a list of ids */
  TEXTS,   /* its `id` is a text, whatever it looks like; or a list of such */
  DOMAINS, /* the answer's list of domains */
  DOMAIN
} lcc_role;

typedef struct lcc_word {
  const char *text;
  size_t length;
} lcc_word;

#define WORD(text) {(text), sizeof(text) - 1}

static const lcc_word ids[] = {
  WORD("id"), WORD("order_id"), WORD("certificate_id"),
  WORD("organization_id"), WORD("domain_id"), WORD("container_id"),
  WORD("request_id"), WORD("user_id"), WORD("account_id"),
  WORD("renewed_order_id"), WORD("receipt_id"), WORD("metadata_id"),
  WORD("role_id"), {NULL, 0}};

static const lcc_word id_lists[] = {
  WORD("allowed_container_ids"), WORD("limited_container_ids"),
  WORD("allowed_lifetimes"), WORD("allowed_order_lifetimes"),
  WORD("allowed_validity_years"), WORD("allowed_order_validity_years"),
  {NULL, 0}};

static const lcc_word texts[] = {WORD("ca_cert"), WORD("allowed_ca_certs"),
                                 WORD("allowed_hash_types"), {NULL, 0}};

static const lcc_word domains[] = {WORD("domains"), {NULL, 0}};

/* Whether the key below the top is one of these words. */
static bool is_key_in(lua_State *L, const lcc_word *words)
{
  size_t n;
  const char *s = lua_tolstring(L, -2, &n);
  for (; words->text != NULL; words++)
    if (words->length == n && memcmp(words->text, s, n) == 0)
      return true;
  return false;
}

/* What the table at the top is, by its key and what it is in. */
static lcc_role role_in(lua_State *L, lcc_role parent)
{
  if (lua_type(L, -2) != LUA_TSTRING)
    return parent == TEXTS ? TEXTS : parent == DOMAINS ? DOMAIN : OBJECT;
  if (parent == ANSWER && is_key_in(L, domains))
    return DOMAINS;
  return is_key_in(L, id_lists) ? IDS : is_key_in(L, texts) ? TEXTS : OBJECT;
}

/* Whether the string at the top is an id; stores it. */
static bool is_id(lua_State *L, lcc_role parent, lua_Integer *id)
{
  size_t n;
  const char *s = lua_tolstring(L, -1, &n);
  lua_Integer i = 0;
  if (n == 0 || n > ID_DIGITS)
    return false;
  for (const char *end = s + n; s < end; s++) {
    if (*s < '0' || *s > '9')
      return false;
    i = i * 10 + (*s - '0');
  }
  *id = i;
  if (i == 0 || lua_type(L, -2) != LUA_TSTRING)
    return i > 0 && parent == IDS;
  return is_key_in(L, ids) &&
         !(parent == TEXTS && strcmp(lua_tostring(L, -2), "id") == 0);
}

/* Sets the member whose key and value are on top to the value above them,
 * which goes. */
static void set_member(lua_State *L)
{
  lua_pushvalue(L, -3);
  lua_insert(L, -2);
  lua_rawset(L, -5);
}

static void walk(lua_State *L, lcc_role role, int depth);

/* The member whose key and value are on top. Those that are null go; a null
 * in a list stays: without it the list would have a hole, or look whole. */
static void settle_member(lua_State *L, lcc_role role, int depth)
{
  lua_Integer id;
  int type = lua_type(L, -1);
  if (type == LUA_TTABLE) {
    if (depth < ANSWER_DEPTH)
      walk(L, role_in(L, role), depth + 1);
  } else if (type == LUA_TSTRING) {
    if (is_id(L, role, &id)) {
      lua_pushinteger(L, id);
      set_member(L);
    }
  } else if (type == LUA_TLIGHTUSERDATA) {
    if (lua_type(L, -2) == LUA_TSTRING && lua_touserdata(L, -1) == NULL) {
      lua_pushnil(L);
      set_member(L);
    }
#if LUA_VERSION_NUM >= 503
  } else if (type == LUA_TNUMBER) {
    int64_t i;
    if (!lua_isinteger(L, -1) && lcc_tointeger(L, -1, &i)) {
      lua_pushinteger(L, (lua_Integer)i);
      set_member(L);
    }
#endif
  }
}

/* Gives the table at the top at `name` what it has at `other`, where it has
 * nothing there. Returns whether it has anything at `other`. */
static bool also_at(lua_State *L, const char *name, const char *other)
{
  lua_pushstring(L, other);
  lua_rawget(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return false;
  }
  lua_pushstring(L, name);
  lua_rawget(L, -3);
  if (lua_isnil(L, -1)) {
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    lua_rawset(L, -5);
  }
  lua_pop(L, 2);
  return true;
}

/* The table at the top; it stays there. Setting a member that is there is
 * allowed during lua_next. */
static void walk(lua_State *L, lcc_role role, int depth)
{
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    settle_member(L, role, depth);
    lua_pop(L, 1);
  }
  if (role == DOMAIN) {
    (void)also_at(L, "name", "dns_name");
  } else if (role == ANSWER && also_at(L, "dns_name_validations",
                                       "dns_names_validations")) {
    lua_pushliteral(L, "dns_names_validations");
    lua_pushnil(L);
    lua_rawset(L, -3);
  }
}

/* answer(value) -> value, changed in place: a decoded JSON value with integers
 * as integers, ids too, and no member that is null; a domain's name is at
 * `name`, the list of validated names at `dns_name_validations`. What is
 * nested too deeply is left as it is. */
int lcc_answer(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 2 * ANSWER_DEPTH + 8, "an answer");
  walk(L, ANSWER, 0);
  return 1;
}

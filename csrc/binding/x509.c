/* x509.c: csr._chain, csr._save: certificates for the Lua side, which gives
 * them their shape. */
#include <errno.h>
#include <string.h>

#include "../csr/dcc_x509.h"
#include "csr.h"

#define LCC_CHAIN "certcentral.chain"

/* Certificates and text about them: the userdata owns both, whatever raises
 * meanwhile. */
typedef struct lcc_chain {
  dcc_chain chain;
  dcc_buffer text;
} lcc_chain;

static void release(lcc_chain *c)
{
  dcc_chain_free(&c->chain);
  dcc_buffer_free(&c->text);
}

static int chain_gc(lua_State *L)
{
  release(luaL_checkudata(L, 1, LCC_CHAIN));
  return 0;
}

static lcc_chain *push_chain(lua_State *L)
{
  lcc_chain *c = LCC_NEWUSERDATA(L, sizeof *c);
  *c = (lcc_chain){0};
  if (luaL_newmetatable(L, LCC_CHAIN)) {
    lua_pushcfunction(L, chain_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return c;
}

static int refuse(lua_State *L, const char *message)
{
  lua_pushnil(L);
  lua_pushstring(L, message);
  return 2;
}

static dcc_csr_text check_text(lua_State *L, int index)
{
  dcc_csr_text text;
  text.at = luaL_checklstring(L, index, &text.n);
  return text;
}

/* ---- a chain ------------------------------------------------------------ */

/* Pushes what a function appends. */
static void push_text(lua_State *L, lcc_chain *c, size_t i,
                      bool (*add)(dcc_cert *, dcc_buffer *))
{
  dcc_buffer_clear(&c->text);
  if (!add(c->chain.certs[i], &c->text))
    luaL_error(L, "not enough memory");
  lua_pushlstring(L, c->text.length > 0 ? c->text.data : "", c->text.length);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void set_time(lua_State *L, const char *name, int64_t seconds)
{
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)seconds);
#else
  lua_pushnumber(L, (lua_Number)seconds);
#endif
  lua_setfield(L, -2, name);
}

static void set_facts(lua_State *L, lcc_chain *c)
{
  dcc_cert_facts facts;
  if (!dcc_cert_facts_of(c->chain.certs[0], &facts))
    luaL_error(L, "not enough memory");
  set_text(L, "serial_number", facts.serial);
  set_text(L, "thumbprint", facts.thumbprint);
  set_text(L, "key_sha256", facts.key_sha256);
  set_time(L, "not_before", facts.not_before);
  set_time(L, "not_after", facts.not_after);
  push_text(L, c, 0, dcc_cert_add_subject);
  lua_setfield(L, -2, "subject");
  push_text(L, c, 0, dcc_cert_add_issuer);
  lua_setfield(L, -2, "issuer");
  push_text(L, c, 0, dcc_cert_add_names);
  lua_setfield(L, -2, "names");
}

/* Sets a list of the certificates from `first` to in front of `end`. */
static void set_list(lua_State *L, lcc_chain *c, const char *name,
                     size_t first, size_t end)
{
  lua_createtable(L, (int)(end - first), 0);
  for (size_t i = first; i < end; i++) {
    push_text(L, c, i, dcc_cert_add_pem);
    lua_rawseti(L, -2, (int)(i - first) + 1);
  }
  lua_setfield(L, -2, name);
}

/* csr._chain(bytes, now, csr, names): {leaf, intermediates, root, others: PEM;
 * and what the leaf says: serial_number, thumbprint, key_sha256, not_before, not_after,
 * subject, issuer, names (as csr._judge gives them)}; or nil and why not. The
 * order's CSR and names, a line each, may be nil. */
int lcc_read_chain(lua_State *L)
{
  dcc_csr_text bytes = check_text(L, 1);
  int64_t now = (int64_t)luaL_checknumber(L, 2);
  dcc_ordered ordered = {{NULL, 0}, {NULL, 0}};
  lcc_chain *c;
  dcc_csr_error error = {""};
  ordered.csr.at = luaL_optlstring(L, 3, NULL, &ordered.csr.n);
  ordered.names.at = luaL_optlstring(L, 4, NULL, &ordered.names.n);
  c = push_chain(L);
  if (!dcc_chain_read(bytes.at, bytes.n, &c->chain, &error) ||
      !dcc_chain_order(&c->chain, now, ordered, &error)) {
    release(c);
    return refuse(L, error.message);
  }
  lua_newtable(L);
  push_text(L, c, 0, dcc_cert_add_pem);
  lua_setfield(L, -2, "leaf");
  set_list(L, c, "intermediates", 1, c->chain.served);
  if (c->chain.rooted) {
    push_text(L, c, c->chain.served, dcc_cert_add_pem);
    lua_setfield(L, -2, "root");
  }
  set_list(L, c, "others", c->chain.served + c->chain.rooted,
           c->chain.count);
  set_facts(L, c);
  release(c);
  return 1;
}

/* ---- one certificate ---------------------------------------------------- */

/* Reads the certificate of argument 1, which this package has written. */
static dcc_cert *check_cert(lua_State *L, lcc_chain *c)
{
  dcc_csr_text pem = check_text(L, 1);
  dcc_csr_error error = {""};
  if (!dcc_chain_read(pem.at, pem.n, &c->chain, &error))
    luaL_error(L, "certificate: %s", error.message);
  return c->chain.certs[0];
}

/* csr._has_name(pem, name): whether the certificate carries it. */
int lcc_has_name(lua_State *L)
{
  dcc_csr_text name = check_text(L, 2);
  lcc_chain *c = push_chain(L);
  dcc_cert *cert = check_cert(L, c);
  lua_pushboolean(L, dcc_cert_has_name(cert, name.at, name.n));
  release(c);
  return 1;
}

/* csr._fits_csr(pem, csr): whether the certificate is for the request's key;
 * nil where that cannot be told. */
int lcc_fits_csr(lua_State *L)
{
  dcc_csr_text csr = check_text(L, 2);
  lcc_chain *c = push_chain(L);
  dcc_cert *cert = check_cert(L, c);
  dcc_fit fit = dcc_cert_fits_csr(cert, csr.at, csr.n);
  release(c);
  if (fit == DCC_NO_KEY)
    lua_pushnil(L);
  else
    lua_pushboolean(L, fit == DCC_FITS);
  return 1;
}

/* ---- files -------------------------------------------------------------- */

/* nil, the file's name, the system's reason. */
static int refuse_file(lua_State *L, const char *path, int number)
{
  char reason[128];
  lua_pushnil(L);
  lua_pushstring(L, path);
  if (number == EEXIST) /* what is there is replaced: only this is left */
    strcpy(reason, "another of these files has this name");
  else if (number == EINVAL)
    strcpy(reason, "it is no file");
  else if (strerror_r(number, reason, sizeof reason) != 0)
    strcpy(reason, "the system says no more");
  lua_pushstring(L, reason);
  return 3;
}

/* The text in a field of the table at `index`; at == NULL: none. The table
 * holds it. */
static dcc_csr_text text_field(lua_State *L, int index, const char *name)
{
  dcc_csr_text text = {NULL, 0};
  lua_getfield(L, index, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.at = lua_tolstring(L, -1, &text.n);
  lua_pop(L, 1);
  return text;
}

/* csr._fits_key(pem, key, passphrase): true where the private key is the
 * certificate's; false and why it is not; nil, its name and the system's
 * reason for a file that cannot be read. `key` is {text = PEM} or
 * {path = file}. */
int lcc_fits_key(lua_State *L)
{
  dcc_csr_text text, path, passphrase = {NULL, 0};
  lcc_chain *c;
  dcc_cert *cert;
  dcc_csr_error error = {""};
  dcc_fit fit;
  int number;
  luaL_checktype(L, 2, LUA_TTABLE);
  text = text_field(L, 2, "text");
  path = text_field(L, 2, "path");
  passphrase.at = luaL_optlstring(L, 3, NULL, &passphrase.n);
  c = push_chain(L);
  cert = check_cert(L, c);
  if (text.at == NULL) {
    luaL_argcheck(L, path.at != NULL, 2, "key expected");
    number = dcc_file_read(path.at, DCC_CSR_LIMIT, &c->text);
    if (number != 0) {
      release(c);
      return refuse_file(L, path.at, number);
    }
    text = (dcc_csr_text){c->text.data, c->text.length};
  }
  fit = dcc_cert_fits_key(cert, text, passphrase, &error);
  release(c);
  lua_pushboolean(L, fit == DCC_FITS);
  if (fit == DCC_FITS)
    return 1;
  lua_pushstring(L, error.message);
  return 2;
}

/* A key that is copied from file to file, in memory of its own. */
static int read_key(dcc_file *file, const char *from, dcc_buffer *to)
{
  int number = dcc_file_read(from, DCC_CSR_LIMIT, to);
  file->bytes = to->data;
  file->n = to->length;
  return number;
}

/* csr._save(list): writes files, each {path =, text =, is_key =}, or with
 * `from`, a file to copy, in place of the text. true; or nil, a file's name
 * and the system's reason. */
int lcc_save(lua_State *L)
{
  dcc_file files[DCC_FILES_MAX];
  size_t count, which = 0;
  lcc_chain *c;
  int number = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  count = lua_rawlen(L, 1);
  luaL_argcheck(L, count <= DCC_FILES_MAX, 1, "too many files");
  c = push_chain(L);
  for (size_t i = 0; number == 0 && i < count; i++) {
    dcc_csr_text text, from;
    lua_rawgeti(L, 1, (int)i + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    files[i].path = text_field(L, -1, "path").at;
    text = text_field(L, -1, "text");
    from = text_field(L, -1, "from");
    lua_getfield(L, -1, "is_key");
    files[i].is_key = lua_toboolean(L, -1);
    lua_pop(L, 2); /* the list holds the table, and that its texts */
    luaL_argcheck(L, files[i].path != NULL, 1, "path expected");
    files[i].bytes = text.at;
    files[i].n = text.n;
    if (from.at != NULL &&
        (number = read_key(&files[i], from.at, &c->text)) != 0) {
      release(c);
      return refuse_file(L, from.at, number);
    }
  }
  number = dcc_files_write(files, count, &which);
  release(c);
  if (number != 0)
    return refuse_file(L, files[which].path, number);
  lua_pushboolean(L, 1);
  return 1;
}

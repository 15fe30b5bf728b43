/* lcc_chain.c: certificates read, compared and saved, for certcentral.x509 */
#include <errno.h>
#include <string.h>

#include "../file/dcc_file.h"
#include "../x509/dcc_x509.h"
#include "lcc_parts.h"

#define LCC_CHAIN "certcentral.chain"
#define LCC_FILES "certcentral.files"

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
  return lcc_push_owner(L, sizeof(lcc_chain), LCC_CHAIN, chain_gc);
}

static dcc_text check_text(lua_State *L, int index)
{
  dcc_text text;
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
  lcc_set_string(L, "serial_number", facts.serial);
  lcc_set_string(L, "thumbprint", facts.thumbprint);
  lcc_set_string(L, "key_sha256", facts.key_sha256);
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

/* chain(bytes, now, csr, names): {leaf, intermediates, root, others: PEM;
 * and what the leaf says: serial_number, thumbprint, key_sha256, not_before,
 * not_after, subject, issuer, names (as judge gives them)}; or nil and
 * why not. The order's CSR and names, a line each, may be nil. */
int lcc_read_chain(lua_State *L)
{
  dcc_text bytes = check_text(L, 1);
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
    return lcc_refuse(L, error.message);
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
  dcc_text pem = check_text(L, 1);
  dcc_csr_error error = {""};
  if (!dcc_chain_read(pem.at, pem.n, &c->chain, &error))
    luaL_error(L, "certificate: %s", error.message);
  return c->chain.certs[0];
}

/* has_name(pem, name): whether the certificate carries it. */
int lcc_has_name(lua_State *L)
{
  dcc_text name = check_text(L, 2);
  lcc_chain *c = push_chain(L);
  dcc_cert *cert = check_cert(L, c);
  lua_pushboolean(L, dcc_cert_has_name(cert, name.at, name.n));
  release(c);
  return 1;
}

/* fits_csr(pem, csr): whether the certificate is for the request's key;
 * nil where that cannot be told. */
int lcc_fits_csr(lua_State *L)
{
  dcc_text csr = check_text(L, 2);
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
    strcpy(reason, "another of these files has the same name");
  else if (number == EINVAL)
    strcpy(reason, "it is not a regular file");
  else if (number == ELOOP)
    strcpy(reason, "it is a symbolic link of another user's, or one that "
                   "leads in a circle");
  else if (strerror_r(number, reason, sizeof reason) != 0)
    strcpy(reason, "unknown error");
  lua_pushstring(L, reason);
  return 3;
}

/* The text in a field of the table at `index`; at == NULL: none. It stays on
 * the stack. */
static dcc_text text_field(lua_State *L, int index, const char *name)
{
  dcc_text text = {NULL, 0};
  lua_getfield(L, index, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.at = lua_tolstring(L, -1, &text.n);
  return text;
}

/* fits_key(pem, key, passphrase): true where the private key is the
 * certificate's; false and why it is not; nil, its name and the system's
 * reason for a file that cannot be read. `key` is {text = PEM} or
 * {path = file}. */
int lcc_fits_key(lua_State *L)
{
  dcc_text text, path, passphrase = {NULL, 0};
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
    text = (dcc_text){c->text.data, c->text.length};
  }
  fit = dcc_cert_fits_key(cert, text, passphrase, &error);
  release(c);
  lua_pushboolean(L, fit == DCC_FITS);
  if (fit == DCC_FITS)
    return 1;
  lua_pushstring(L, error.message);
  return 2;
}

/* Files that are about to be written, and what was read for them. */
typedef struct lcc_files {
  dcc_file list[DCC_FILES_MAX];
  dcc_buffer read[DCC_FILES_MAX];
} lcc_files;

static void release_files(lcc_files *files)
{
  for (size_t i = 0; i < DCC_FILES_MAX; i++)
    dcc_buffer_free(&files->read[i]);
}

static int files_gc(lua_State *L)
{
  release_files(luaL_checkudata(L, 1, LCC_FILES));
  return 0;
}

static lcc_files *push_files(lua_State *L)
{
  return lcc_push_owner(L, sizeof(lcc_files), LCC_FILES, files_gc);
}

/* Reads item i of the list at 1, whose strings stay on the stack. Returns 0,
 * or an errno and *from, the file that cannot be read. */
static int read_file(lua_State *L, lcc_files *files, size_t i,
                     const char **from)
{
  dcc_file *file = &files->list[i];
  dcc_buffer *bytes = &files->read[i];
  dcc_text text;
  int item, number;
  luaL_checkstack(L, 10, "files");
  lua_rawgeti(L, 1, (int)i + 1);
  luaL_checktype(L, -1, LUA_TTABLE);
  item = lua_gettop(L);
  file->path = text_field(L, item, "path").at;
  luaL_argcheck(L, file->path != NULL, 1, "path expected");
  lua_getfield(L, item, "is_key");
  file->is_key = lua_toboolean(L, -1);
  text = text_field(L, item, "text");
  *from = text_field(L, item, "from").at;
  file->bytes = text.at;
  file->n = text.n;
  if (*from == NULL)
    return 0;
  number = dcc_file_read(*from, DCC_CSR_LIMIT, bytes);
  file->bytes = bytes->data;
  file->n = bytes->length;
  return number;
}

/* save(list): writes files, each {path =, text =, is_key =}, or with
 * `from`, a file to copy, in place of the text. true; or nil, a file's name
 * and the system's reason. */
int lcc_save(lua_State *L)
{
  size_t count, which = 0;
  lcc_files *files;
  const char *bad = NULL;
  int number = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  count = lcc_list_length(L, 1);
  luaL_argcheck(L, count <= DCC_FILES_MAX, 1, "too many files");
  files = push_files(L);
  for (size_t i = 0; number == 0 && i < count; i++)
    number = read_file(L, files, i, &bad);
  if (number == 0) {
    number = dcc_files_write(files->list, count, &which);
    bad = count > 0 ? files->list[which].path : NULL;
  }
  release_files(files);
  if (number != 0)
    return refuse_file(L, bad, number);
  lua_pushboolean(L, 1);
  return 1;
}

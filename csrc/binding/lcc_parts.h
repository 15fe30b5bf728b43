/* lcc_parts.h: what the modules are put together of, each in the file that is
 * named */
#ifndef LCC_PARTS_H
#define LCC_PARTS_H

#include "lcc.h"

/* ---- certcentral.core --------------------------------------------------- */

/* lcc_answer.c */
int lcc_answer(lua_State *L);

/* lcc_check.c: push core.check, and a table of the types of its options. */
void lcc_push_check(lua_State *L);
void lcc_push_options(lua_State *L);

/* lcc_date.c */
int lcc_day(lua_State *L);
int lcc_date(lua_State *L);
int lcc_days_in(lua_State *L);

/* lcc_fields.c */
int lcc_fields(lua_State *L);

/* lcc_secret.c; the second pushes a secret with a copy of these bytes, the
 * third makes their type. */
int lcc_secret(lua_State *L);
void lcc_push_secret(lua_State *L, const char *s, size_t length);
void lcc_open_secrets(lua_State *L);

/* lcc_system.c */
int lcc_process(lua_State *L);
int lcc_clock(lua_State *L);
int lcc_sleep(lua_State *L);
int lcc_random_id(lua_State *L);
int lcc_is_root(lua_State *L);
int lcc_is_terminal(lua_State *L);

/* lcc_file.c; the last makes the type of the locks. */
int lcc_append(lua_State *L);
int lcc_lock_file(lua_State *L);
int lcc_create_file(lua_State *L);
int lcc_replace_file(lua_State *L);
int lcc_directory(lua_State *L);
int lcc_modified(lua_State *L);
int lcc_is_private(lua_State *L);
int lcc_root_alone_reads(lua_State *L);
int lcc_real_path(lua_State *L);
int lcc_absolute(lua_State *L);
void lcc_open_files(lua_State *L);

/* ---- certcentral.x509 --------------------------------------------------- */

/* lcc_csr.c */
int lcc_check_csr(lua_State *L);
int lcc_judge_csr(lua_State *L);
int lcc_inspect_csr(lua_State *L);

/* lcc_csr_generate.c; the second pushes the list of the kinds of keys. */
int lcc_generate(lua_State *L);
void lcc_push_key_kinds(lua_State *L);

/* lcc_chain.c */
int lcc_read_chain(lua_State *L);
int lcc_has_name(lua_State *L);
int lcc_fits_csr(lua_State *L);
int lcc_fits_key(lua_State *L);
int lcc_save(lua_State *L);

/* ---- certcentral.curl --------------------------------------------------- */

/* lcc_curl_multi.c: curl.multi, and what makes its type. */
int lcc_curl_multi(lua_State *L);
void lcc_curl_multi_open(lua_State *L);

#endif

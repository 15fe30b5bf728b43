/* csr.h: what the files of certcentral.csr share */
#ifndef LCC_CSR_H
#define LCC_CSR_H

#include "lcc.h"

/* Pushes what require(name) gives. */
void lcc_push_module(lua_State *L, const char *name);

/* Push nil and an error of the kind "config", or "invalid" with the one
 * problem that a CSR has. Return 2, the number of results. */
int lcc_fail(lua_State *L, const char *message);
int lcc_refuse_csr(lua_State *L, const char *message);

/* Raises for csr:name(...), whose first argument is this module. */
void lcc_no_colon(lua_State *L, const char *usage);

/* csr.generate, in csr_generate.c. */
int lcc_generate(lua_State *L);

/* csr._chain, _has_name, _fits_csr, _fits_key, _is_file_name, _save, in
 * x509.c. */
int lcc_read_chain(lua_State *L);
int lcc_has_name(lua_State *L);
int lcc_fits_csr(lua_State *L);
int lcc_fits_key(lua_State *L);
int lcc_is_file_name(lua_State *L);
int lcc_save(lua_State *L);

#endif

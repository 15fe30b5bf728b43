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

/* csr.generate, in csr_generate.c. */
int lcc_generate(lua_State *L);

#endif

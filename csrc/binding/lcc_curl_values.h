/* lcc_curl_values.h: what goes into a request and what comes of it */
#ifndef LCC_CURL_VALUES_H
#define LCC_CURL_VALUES_H

#include "../transport/dcc_multi.h"
#include "lcc.h"

/* Reads the request table at index 2; raises for a wrong type. `headers` has
 * room for DCC_CURL_HEADERS_MAX. The bytes belong to values that are left on
 * the stack or held by tables there: they are good until Lua is called
 * again. */
void lcc_curl_read_request(lua_State *L, dcc_curl_header *headers,
                           dcc_curl_request *request);

/* Leaves one argument, a table of options: an empty one for nil. */
void lcc_curl_check_options(lua_State *L);

/* Reads that table; raises for what is unknown or wrong. With `many` it may
 * have `connections`, which is returned, 0 where it is absent. The strings
 * and the key are good until Lua is called again. */
long lcc_curl_read_options(lua_State *L, int many, dcc_curl_options *options);

/* Push {status, headers, body}, and {message, sent, code, ...}. What they
 * read belongs to the call that pushes it (see lcc.h). */
void lcc_curl_push_response(lua_State *L, const dcc_curl_response *response);
void lcc_curl_push_failure(lua_State *L, const dcc_curl_failure *failure);

#endif

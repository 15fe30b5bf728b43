/* rules_csr.h: rules that hold the order's names against those of the CSR */
#ifndef DCC_RULES_CSR_H
#define DCC_RULES_CSR_H

#include "report.h"

/* Warn of what is not the same in the CSR: the common name, a list's names
 * (but for the common name again), and then the names that only the CSR has.
 * To be called in this order, for the rows of these values. */
void dcc_csr_compare_common_name(dcc_check *c, const dcc_scope *scope,
                                 unsigned field);
void dcc_csr_compare_list(dcc_check *c, const dcc_scope *scope,
                          unsigned field, const dcc_value *common);
void dcc_csr_compare_rest(dcc_check *c, const dcc_scope *scope,
                          unsigned field);

#endif

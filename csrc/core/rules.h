/* rules.h: the rules across rows */
#ifndef DCC_RULES_H
#define DCC_RULES_H

#include "report.h"

/* A rule checks its row against the values of other rows. It runs right after
 * the row's own check; for a row that is DCC_RULED, even without a value. */
typedef void dcc_rule(dcc_check *c, const dcc_scope *scope, unsigned field);

extern dcc_rule *const dcc_rules[DCC_FIELDS];

#endif

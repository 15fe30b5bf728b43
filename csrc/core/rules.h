/* rules.h: the rules across rows */
#ifndef DCC_RULES_H
#define DCC_RULES_H

#include "report.h"

/* A rule judges the row it belongs to by the values of other rows. It runs
 * right after the row's own check, of a row that is DCC_RULED even where it
 * has no value. */
typedef struct dcc_rule {
  void (*check)(dcc_check *c, const dcc_scope *scope, unsigned field);
  const char *demands; /* what it demands, and who says so */
} dcc_rule;

extern const dcc_rule dcc_rules[DCC_FIELDS];

#endif

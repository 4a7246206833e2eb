/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_LS_PRINT_H
#define RLXC_RUNNER_LS_PRINT_H

#include "base/text.h"

#include <rlxc.h>

/* How lxc-ls prints: names in columns, the table of -f, JSON. */

#define LS_COLUMNS_MAX 16

/* A choice of columns by name, "NAME,STATE,..." in any case. */
struct ls_columns {
	unsigned char index[LS_COLUMNS_MAX];
	size_t n;
};

#define LS_COLUMNS_DEFAULT "NAME,STATE,AUTOSTART,GROUPS,IPV4,IPV6,UNPRIVILEGED"
#define LS_COLUMNS_JSON "NAME,STATE,PID,AUTOSTART,GROUPS,IPV4,IPV6,UNPRIVILEGED"
#define LS_COLUMNS_WORDS "NAME STATE PID RAM SWAP AUTOSTART GROUPS INTERFACE IPV4 IPV6 UNPRIVILEGED"

/* -EINVAL: a word is no column, or there are too many. */
int ls_columns_parse(const char *list, struct ls_columns *ret_columns, struct rlxc_err *err);
/* RLXC_WANT_* bits that the columns need. */
unsigned int ls_columns_want(const struct ls_columns *columns);

/* @items: n pointers. Nothing at all for an empty list, not even the header. */
void ls_add_table(struct text *text, const struct ls_columns *columns,
                  const struct rlxc_info *const *items, size_t n);
void ls_add_json(struct text *text, const struct ls_columns *columns,
                 const struct rlxc_info *const *items, size_t n);
/* @width: columns of the terminal, 0: one padded name a line. */
void ls_add_names(struct text *text, const struct rlxc_info *const *items, size_t n,
                  unsigned int width);

#endif

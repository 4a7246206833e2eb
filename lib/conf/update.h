/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_UPDATE_H
#define RLXC_CONF_UPDATE_H

#include "base/err.h"

#include <stdbool.h>

/* Rewriting a configuration from before LXC 2.1 with today's keys, as lxc-update-config does:
 * comments and layout stay, commented lines get today's names too, what has no successor goes. */

/* The new text, which means the same. @name stands for the file in messages. */
int conf_update_text(const char *name, const char *text, char **ret_text, struct err *err);
/* Rewrites @path, with the old text in PATH.backup. *@ret_changed: false: it was up to date. */
int conf_update_file(const char *path, bool *ret_changed, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_ENVIRONMENT_H
#define RLXC_CONTAINER_ENVIRONMENT_H

#include "base/strv.h"

/* Lists of NAME=VALUE, as exec(3) takes them. */

/* PATH where nobody says otherwise. */
#define ENVIRONMENT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Adds @line; the same name again replaces what came before. 0 or -ENOMEM. */
int environment_set(struct strv *env, const char *line);
/* The value of @name, borrowed, or NULL. */
const char *environment_get(const struct strv *env, const char *name);

#endif

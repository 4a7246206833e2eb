/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_RUNNER_INFO_PRINT_H
#define RLXC_RUNNER_INFO_PRINT_H

#include "base/strv.h"
#include "base/text.h"

#include <rlxc.h>

/* What lxc-info prints; the text is LXC's to the byte, scripts parse it. */

struct info_args {
	bool all; /* nothing was chosen: everything, with the name */
	bool state, pid, ips, stats;
	bool raw;  /* -H */
	bool live; /* keys of the running container */
	struct strv keys;
};

#define INFO_UNKNOWN "\1" /* stands for the value of a key that does not exist */

/* @values: one for each of @args->keys. */
void info_add_text(struct text *text, const struct rlxc_info *info, const struct info_args *args,
                   const struct strv *values);
void info_add_json(struct text *text, const struct rlxc_info *info, const struct info_args *args,
                   const struct strv *values);

/* The elements of @value, an item of the configuration, as JSON: one string, or an array when it
 * is a list (each element ends in a newline). */
void info_add_item_json(struct text *text, const char *value);

#endif

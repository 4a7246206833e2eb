/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_MANUAL_H
#define RLXC_CONF_MANUAL_H

#include "base/err.h"

#include <stdbool.h>

/* What lxc.container.conf(5) says about each key. The table is written by the build, from that
 * page, by tools/manual-keys: there is one text to keep right. */
struct conf_manual {
	const char *name; /* "lxc.net.N.type": a word in capitals stands for others */
	const char *kind; /* "number", or "" */
	const char *text; /* paragraphs, parted by line breaks */
};

/* In the order of the page; the last one has no name. */
extern const struct conf_manual conf_manual[];

/* Is it about @key, or about one that begins with @key and a dot? */
bool conf_manual_is_below(const struct conf_manual *entry, const char *key);
/* What is said about a key in full, such as "lxc.net.0.type"; NULL: nothing. */
const struct conf_manual *conf_manual_find(const char *key);
/* Entries for what a person typed: a key, the beginning of several, or a name from before LXC 2.1,
 * for which *@key becomes today's, owned. -ENOENT: there are none; the hint has the nearest key. */
int conf_manual_check(char **key, struct err *err);

#endif

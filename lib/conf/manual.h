/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_MANUAL_H
#define RLXC_CONF_MANUAL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* What lxc.container.conf(5) says about each key. The table is written by the build, from that
 * page, by tools/manual-keys: there is one text to keep right. No pointers, as in
 * struct cgroup_key. */
struct conf_manual {
	char name[40];    /* "lxc.net.N.type": a word in capitals stands for others */
	char kind[24];    /* "number", or "" */
	uint16_t text_at; /* in conf_manual_texts */
};

/* In the order of the page; the last one has no name. */
extern const struct conf_manual conf_manual[];
extern const char conf_manual_texts[];

/* Paragraphs, parted by line breaks. */
const char *conf_manual_text(const struct conf_manual *entry);

/* Is it about @key, or about one that begins with @key and a dot? */
bool conf_manual_is_below(const struct conf_manual *entry, const char *key);
/* What is said about a key in full, such as "lxc.net.0.type"; NULL: nothing. */
const struct conf_manual *conf_manual_find(const char *key);
/* Entries for what a person typed: a key, the beginning of several, or a name from before LXC 2.1,
 * for which *@key becomes today's, owned. -ENOENT: there are none; the hint has the nearest key. */
int conf_manual_check(char **key, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CGROUP_KEYS_H
#define RLXC_CGROUP_KEYS_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Files of cgroup v1 and what they are on cgroup2. Pure: names and values in, names and values out.
 * See Documentation/admin-guide/cgroup-v1/ and cgroup-v2.rst; the table is in
 * lxc.container.conf(5), under VERSION 1 LIMITS. */

struct cgroup_key;

/* What a conversion works on. */
struct cgroup_conversion {
	const struct cgroup_key *key;
	const char *value;   /* text of the one version's file */
	const char *sibling; /* text of struct cgroup_key's .sibling, NULL: not known */
	struct text *out;    /* text for the other version's, without a line break at its end */
};

/* How values go from one version to the other. */
struct cgroup_kind {
	/* v1 value -> what to write to .v2. An empty result: nothing has to be written.
	 * NULL: cannot be set. -EINVAL: no value of this file. -ENODATA: the sibling is needed.
	 * -ERANGE: less than the sibling. */
	int (*to_v2)(const struct cgroup_conversion *c);
	/* Text of .v2 -> v1 text. NULL: cannot be read. */
	int (*to_v1)(const struct cgroup_conversion *c);
};

/* Without pointers, which the start of a position independent program would write: the table stays
 * in the file, shared by all monitors. What a row lacks is "". */
struct cgroup_key {
	char v1[48]; /* "memory.limit_in_bytes"; a '*' stands for one word without a dot */
	char v2[24]; /* its file on cgroup2 (the same '*') */
	/* A file of cgroup2 whose text the conversions of the value need as well. Often the same
	 * file: cpu.max holds what were two. */
	char sibling[16];
	char word[12]; /* what the conversions look for inside of .v2, such as "rbps" */
	char only[8];  /* the one value that cgroup2 always has: asking for it changes nothing */
	union {
		char takes[96]; /* can be set: what a value looks like; "": as on cgroup2 */
		char why[96];   /* cannot be set: why the rest is refused, half a sentence */
	};
	uint8_t kind; /* see cgroup_key_kind */
};

/* The row of a v1 name; NULL: none that we know. Some names are the same on both versions. */
const struct cgroup_key *cgroup_key_find(const char *name);
const struct cgroup_kind *cgroup_key_kind(const struct cgroup_key *key);
/* All rows, for those that go by the v2 name; NULL at the end. */
const struct cgroup_key *cgroup_key_at(size_t i);
/* Name of the file on the other side, for a row with a '*': @name matches @from. -ENOENT: it does
 * not. */
int cgroup_key_map_name(const char *from, const char *to, const char *name, struct text *out);
/* File of cgroup2 for the v1 @name, owned; and its sibling's name (NULL: none), owned. */
int cgroup_key_v2_name(const struct cgroup_key *key, const char *name, char **ret_file,
                       char **ret_sibling, struct err *err);

/* What to write to cgroup2 for "name = value"; owned. @sibling: text of the sibling file, NULL when
 * not known. An empty text: nothing is to be written. -EOPNOTSUPP: cgroup2 cannot do it, the
 * message says why. -EINVAL: the value. */
int cgroup_key_set(const struct cgroup_key *key, const char *name, const char *value,
                   const char *sibling, char **ret_value, struct err *err);
/* What v1 would show for the @text of the v2 file; owned. -EOPNOTSUPP as above. */
int cgroup_key_get(const struct cgroup_key *key, const char *name, const char *text,
                   const char *sibling, char **ret_text, struct err *err);

/* Length of the controller in a file's name: up to the first dot. */
size_t cgroup_controller_len(const char *file);
/* Do we know such a controller, of either version? ("cgroup" for the core files counts.) */
bool cgroup_controller_is_known(const char *name, size_t len);
/* Checks a file's name: one component with a controller we know in front. -EINVAL, with the reason
 * and, for a typing error, the nearest name. @key: as the user wrote it. */
int cgroup_file_check(const char *key, const char *file, struct err *err);
/* A v1 file of this name that we know, or one that is nearest to it: for messages. NULL: none. */
const char *cgroup_key_nearest(const char *name);

#endif

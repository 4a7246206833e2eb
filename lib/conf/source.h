/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_SOURCE_H
#define RLXC_CONF_SOURCE_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The files that a configuration is read from. A configuration names commands that are run, so
 * for root a file that somebody else can write is that person's command: it is refused. */

struct source_id {
	dev_t dev;
	ino_t ino; /* 0: text from elsewhere */
};

static inline bool source_id_is_same(struct source_id a, struct source_id b)
{
	return a.ino && a.dev == b.dev && a.ino == b.ino;
}

/* Can only root have changed this? */
bool source_is_roots(const struct stat *st);

/* Reads a file of at most @max bytes; @name is its path in messages. -EISDIR: a directory,
 * @err untouched. -EPERM: root must not trust it. -EFBIG: larger. */
int source_read(int dir_fd, const char *path, const char *name, size_t max, char **ret_text,
                size_t *ret_len, struct source_id *ret_id, struct err *err);
/* Names of the *.conf in a directory, sorted. */
int source_list(int dir_fd, struct strv *ret_names);

#endif

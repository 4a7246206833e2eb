/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_READ_H
#define RLXC_CONF_READ_H

#include "base/err.h"
#include "conf/conf.h"

/* Reads configuration files: syntax of lxc.container.conf(5), includes expanded where they
 * stand. Limits: 16 includes deep, 4 MiB in all, a directory's *.conf in sorted order; a file
 * that includes itself is an error. Read by root, a file of another owner or
 * that others can write is refused.
 *
 * Keys from before LXC 2.1 are understood: one warning names the command that rewrites them. */

/* Reads @path into @conf (which conf_init has prepared). On failure @conf holds what came before
 * the mistake and can still be asked for its paths; the message reads "FILE:LINE:COLUMN: ...". */
int conf_read_file(struct conf *conf, const char *path, struct err *err);
/* The same, but goes on after a mistake: @conf holds every line that could be understood,
 * @first_err (and the result) is the first mistake. For looking at and destroying a broken
 * container. */
int conf_read_file_tolerant(struct conf *conf, const char *path, struct err *first_err);

/* A line that is neither blank nor a comment, as it was read. */
struct conf_seen {
	const char *file;
	unsigned int line, column; /* of the key, or of what is wrong; counted from 1 */
	char *key, *value;         /* as they are today, NULL: it is no line of ours */
	char note[256];            /* what a person may not expect of a line that is right, or "" */
	const struct err *err;     /* what is wrong, with .code 0 for nothing */
};
/* Reads @path to the end and shows each line, those of an included file before the one that
 * includes it. *@ret_wrong: how many have mistakes. A failure is one of the file itself. */
int conf_read_seen(struct conf *conf, const char *path,
                   void (*see)(void *arg, const struct conf_seen *seen), void *arg,
                   unsigned int *ret_wrong, struct err *err);
/* As conf_read_file, for text that came from elsewhere; @name stands for the file in messages. */
int conf_read_text(struct conf *conf, const char *name, const char *text, struct err *err);
/* One line such as "lxc.uts.name = c1", from the command line (-s): split, trimmed and unquoted
 * like a file's, @option names it in messages. No "lxc." in front: an error. */
int conf_define(struct conf *conf, const char *option, const char *line, struct err *err);

#endif

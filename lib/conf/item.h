/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONF_ITEM_H
#define RLXC_CONF_ITEM_H

#include "base/err.h"
#include "base/text.h"
#include "conf/conf.h"

/* Single keys of a configuration: the table of lib/conf/keys.c by name. */

/* Sets a key; an empty value clears it (with the exceptions that lxc.container.conf(5) names).
 * -ENOENT: no such key (the nearest one is in the hint). */
int conf_set(struct conf *conf, const char *key, const char *value, struct err *err);
/* Back to the default. */
int conf_clear(struct conf *conf, const char *key, struct err *err);
/* Owned text in the form that LXC's getter gives: lists one element a line. */
int conf_get(const struct conf *conf, const char *key, char **ret_value, struct err *err);
/* Every key of the table, or the sub-keys of a family ("lxc.net.0"), one a line. */
int conf_keys(const struct conf *conf, const char *family, char **ret_text, struct err *err);

/* As lxc.net.N.publish has it. */
void conf_publish_format(const struct conf_publish *publish, struct text *out);

/* Saved text: the file as it was read, later changed by set and clear. */
int conf_save_set(struct conf *conf, const char *key, const char *value, struct err *err);
int conf_save_clear(struct conf *conf, const char *key, struct err *err);
/* Writes the saved text to @path: temporary file and rename, mode 0640. */
int conf_save(const struct conf *conf, const char *path, struct err *err);

#endif

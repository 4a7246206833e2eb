/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One item from the command line. */
#include "conf/read.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/conf-internal.h"
#include "conf/item.h"

#include <errno.h>
#include <string.h>

static int define_line(struct conf *conf, const struct conf_line *line, struct err *err)
{
	_cleanup_free_ char *key = strndup(line->text + line->key_at, line->key_len);
	_cleanup_free_ char *value = strndup(line->text + line->value_at, line->value_len);
	const char *sub;
	int r;

	if (!key || !value)
		return err_oom(err);
	if (!conf_key_find(key, &sub)) {
		r = conf_legacy_translate(conf, &key, &value, err);
		if (r < 0)
			return r;
		if (r == CONF_LEGACY_REMOVED)
			log_warn("'%s' has no effect any more, continuing without it", key);
		if (r == CONF_LEGACY_REMOVED || r == CONF_LEGACY_MERGED)
			return 0;
	}
	return conf_save_set(conf, key, value, err);
}

int conf_define(struct conf *conf, const char *option, const char *text, struct err *err)
{
	struct conf_line line;
	int r;

	if (strpbrk(text, "\r\n"))
		return err_say(err, -EINVAL, "%s: '%s' has more than one line", option, SHOW(text));
	switch (conf_line_split(text, strlen(text), &line)) {
	case CONF_LINE_ITEM:
		r = define_line(conf, &line, err);
		return r < 0 ? err_wrap(err, r, "%s", option) : 0;
	case CONF_LINE_NO_SEPARATOR:
		(void)err_say(err, -EINVAL, "%s: there is no '=' in '%s'", option, SHOW(text));
		err_hint(err, "write %s 'KEY=VALUE'", option);
		return -EINVAL;
	default:
		(void)err_say(err, -EINVAL, "%s: '%s' is no key and value", option, SHOW(text));
		err_hint(err, "keys begin with 'lxc.', as in %s lxc.uts.name=web", option);
		return -EINVAL;
	}
}

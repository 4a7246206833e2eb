/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/manual.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"

#include <errno.h>
#include <string.h>

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What is left of @name behind @key; NULL: they differ. A placeholder stands for one word, at the
 * end of the name for all that follows. */
static const char *match(const char *name, const char *key)
{
	while (*key) {
		size_t len = strspn(name, CAPITALS);

		if (len) {
			name += len;
			key += *name ? strcspn(key, ".") : strlen(key);
		} else if (*name++ != *key++) {
			return NULL;
		}
	}
	return name;
}

const char *conf_manual_text(const struct conf_manual *entry)
{
	return conf_manual_texts + entry->text_at;
}

bool conf_manual_is_below(const struct conf_manual *entry, const char *key)
{
	const char *rest = match(entry->name, key);

	return rest && (!*rest || *rest == '.');
}

const struct conf_manual *conf_manual_find(const char *key)
{
	const struct conf_manual *found = NULL;

	for (const struct conf_manual *entry = conf_manual; *entry->name; entry++) {
		const char *rest = match(entry->name, key);

		if (strcmp(entry->name, key) == 0)
			return entry; /* lxc.cgroup2.devices.allow, which is no FILE like others */
		if (rest && !*rest && !found)
			found = entry;
	}
	return found;
}

static bool has_entries(const char *key)
{
	for (const struct conf_manual *entry = conf_manual; *entry->name; entry++)
		if (conf_manual_is_below(entry, key))
			return true;
	return false;
}

int conf_manual_check(char **key, struct err *err)
{
	_cleanup_free_ char *today = NULL;

	if (has_entries(*key))
		return 0;
	if (conf_legacy_name(*key, 0, &today) != CONF_LEGACY_RENAMED)
		return conf_key_unknown(*key, err);
	return today ? conf_replace_text(key, today, err) : err_oom(err);
}

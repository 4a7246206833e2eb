/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *conf_show(char *buf, const char *value)
{
	size_t len = 0;

	for (const unsigned char *s = (const unsigned char *)value; *s; s++) {
		if (len + 8 > CONF_SHOW_MAX) {
			memcpy(buf + len, "...", 4);
			return buf;
		}
		if (*s < 0x20 || *s == 0x7f)
			len += (size_t)snprintf(buf + len, 5, "\\x%02x", *s);
		else
			buf[len++] = (char)*s;
	}
	buf[len] = '\0';
	return buf;
}

int conf_bad_value(const struct conf_slot *slot, const char *value, const char *want,
                   struct err *err)
{
	return err_say(err, -EINVAL, "'%s' must be %s, not '%s'", slot->name, want, SHOW(value));
}

void conf_hint_line(const struct conf_slot *slot, const char *value, struct err *err)
{
	err_hint(err, "write '%s = %s'", slot->name, SHOW(value));
}

unsigned int conf_typo_limit(const char *word)
{
	size_t len = strlen(word);

	return len > 5 ? 3 : len > 3 ? 2 : 1;
}

const char *conf_nearest(const char *word, const char *const *words)
{
	char lower[64];
	const unsigned int limit = conf_typo_limit(word);
	size_t len = 0, n = 0;

	for (; word[len] && len + 1 < sizeof(lower); len++)
		lower[len] = (char)tolower((unsigned char)word[len]);
	lower[len] = '\0';
	while (words[n])
		n++;
	return str_nearest(lower, words, n, limit);
}

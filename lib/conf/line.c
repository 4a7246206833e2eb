/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_all_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_blank(text[i]) && text[i] != '\f')
			return false;
	return true;
}

/* One layer of quotes around the whole value; no escapes, no second trim. */
static void unquote(struct conf_line *line)
{
	const char *value = line->text + line->value_at;
	size_t len = line->value_len;

	if (len < 2 || (value[0] != '\'' && value[0] != '"') || value[len - 1] != value[0])
		return;
	line->value_at++;
	line->value_len -= 2;
}

enum conf_line_kind conf_line_split(const char *text, size_t len, struct conf_line *ret_line)
{
	struct conf_line line = { .text = text };
	size_t at = 0, end;
	const char *equals;

	if (is_all_blank(text, len))
		return CONF_LINE_BLANK;
	while (is_blank(text[at]))
		at++;
	if (text[at] == '#')
		return CONF_LINE_COMMENT;
	line.key_at = at;
	if (len - at < 4 || memcmp(text + at, "lxc.", 4) != 0)
		return CONF_LINE_FOREIGN;

	equals = memchr(text + at, '=', len - at);
	end = equals ? (size_t)(equals - text) : len;
	line.value_at = equals ? end + 1 : len;
	while (end > at && is_blank(text[end - 1]))
		end--;
	line.key_len = end - at;

	while (line.value_at < len && is_blank(text[line.value_at]))
		line.value_at++;
	while (len > line.value_at && is_blank(text[len - 1]))
		len--;
	line.value_len = len - line.value_at;
	unquote(&line);
	*ret_line = line;
	return equals ? CONF_LINE_ITEM : CONF_LINE_NO_SEPARATOR;
}

size_t conf_line_mark(const char *text)
{
	size_t len = 0;

	while (str_starts_with(text + len, "\xef\xbb\xbf"))
		len += 3;
	return len;
}

bool conf_next_word(const char **text, const char **ret_word, size_t *ret_len)
{
	const char *word = *text + strspn(*text, " \t");
	size_t len = strcspn(word, " \t");

	*text = word + len;
	*ret_word = word;
	*ret_len = len;
	return len > 0;
}

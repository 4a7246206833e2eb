/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct text *text, size_t more)
{
	size_t want = text->len + more + 1, size = text->size ? text->size : 64;
	char *data;

	if (text->failed)
		return false;
	if (want <= text->size)
		return true;
	while (size < want)
		size *= 2;
	data = malloc(size); /* as array_grow does */
	if (!data) {
		text->failed = true;
		return false;
	}
	if (text->data)
		memcpy(data, text->data, text->len + 1);
	free(text->data);
	text->data = data;
	text->size = size;
	return true;
}

void text_add_len(struct text *text, const char *str, size_t len)
{
	if (!reserve(text, len))
		return;
	memcpy(text->data + text->len, str, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_add(struct text *text, const char *str)
{
	text_add_len(text, str, strlen(str));
}

void text_addf(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || !reserve(text, (size_t)len)) {
		text->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text->data + text->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	text->len += (size_t)len;
}

int text_finish(struct text *text, char **ret_str)
{
	text_add_len(text, "", 0);
	if (text->failed) {
		text_done(text);
		return -ENOMEM;
	}
	*ret_str = text->data;
	*text = (struct text){};
	return 0;
}

void text_done(struct text *text)
{
	free(text->data);
	*text = (struct text){};
}

/* Length of the valid UTF-8 sequence at @s, 0 if there is none. See RFC 3629, section 4. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

void text_add_json(struct text *text, const char *str)
{
	const unsigned char *s = (const unsigned char *)str;

	text_add(text, "\"");
	while (*s) {
		size_t n = utf8_length(s);

		if (*s == '"' || *s == '\\')
			text_addf(text, "\\%c", *s);
		else if (*s == '\n')
			text_add(text, "\\n");
		else if (*s == '\t')
			text_add(text, "\\t");
		else if (*s < 0x20 || *s == 0x7f)
			text_addf(text, "\\u%04x", *s);
		else if (n == 0)
			text_add(text, "\\ufffd");
		else
			text_add_len(text, (const char *)s, n);
		s += n ? n : 1;
	}
	text_add(text, "\"");
}

void text_add_fstab(struct text *text, const char *path)
{
	for (; *path; path++)
		if (strchr(" \t\n\\", *path))
			text_addf(text, "\\%03o", (unsigned int)*path);
		else
			text_add_len(text, path, 1);
}

/* U+0080 to U+009F are control characters as well; U+009B alone starts an escape sequence. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0);
}

void text_add_printable(struct text *text, const char *str)
{
	const unsigned char *s = (const unsigned char *)str;

	while (*s) {
		size_t n = utf8_length(s);

		if (n && !is_control(s))
			text_add_len(text, (const char *)s, n);
		else if (n == 2)
			text_addf(text, "\\x%02x\\x%02x", s[0], s[1]);
		else
			text_addf(text, "\\x%02x", s[0]);
		s += n ? n : 1;
	}
}

bool str_starts_with(const char *str, const char *prefix)
{
	return strncmp(str, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *str, const char *suffix)
{
	size_t n = strlen(str), m = strlen(suffix);

	return n >= m && strcmp(str + n - m, suffix) == 0;
}

unsigned int str_distance(const char *a, const char *b, unsigned int max)
{
	unsigned int row[65];
	size_t n = strlen(a), m = strlen(b);

	if (m >= sizeof(row) / sizeof(row[0]) || n > 255)
		return max + 1;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m] > max ? max + 1 : row[m];
}

const char *str_nearest(const char *word, const char *const *names, size_t n, unsigned int max)
{
	unsigned int best = max + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned int distance = str_distance(word, names[i], best);

		if (distance < best) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"

#include "base/array.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int strv_take(struct strv *list, char *text)
{
	char **items;

	if (!text)
		return -ENOMEM;
	items = array_grow(list->items, list->n + 1, sizeof(*items)); /* + the NULL */
	if (!items) {
		free(text);
		return -ENOMEM;
	}
	items[list->n++] = text;
	items[list->n] = NULL;
	list->items = items;
	return 0;
}

int strv_add(struct strv *list, const char *text)
{
	return strv_take(list, strdup(text));
}

int strv_add_len(struct strv *list, const char *text, size_t len)
{
	return strv_take(list, strndup(text, len));
}

int strv_addf(struct strv *list, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	return r < 0 ? -ENOMEM : strv_take(list, text);
}

bool strv_has(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

void strv_remove(struct strv *list, size_t index)
{
	free(list->items[index]);
	memmove(&list->items[index], &list->items[index + 1],
	        (list->n - index) * sizeof(*list->items));
	list->n--;
}

bool strv_drop(struct strv *list, const char *text)
{
	size_t n = list->n;

	for (size_t i = n; i-- > 0;)
		if (strcmp(list->items[i], text) == 0)
			strv_remove(list, i);
	return list->n < n;
}

void strv_done(struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strv){};
}

int strv_split_words(struct strv *list, const char *text)
{
	const char *s = text;

	for (;;) {
		const char *end;
		int r;

		s += strspn(s, " \t");
		if (!*s)
			return 0;
		if (*s == '\'' || *s == '"') {
			end = strchr(s + 1, *s);
			if (!end)
				return -EINVAL;
			r = strv_add_len(list, s + 1, (size_t)(end - s - 1));
			end++;
		} else {
			end = s + strcspn(s, " \t");
			r = strv_add_len(list, s, (size_t)(end - s));
		}
		if (r < 0)
			return r;
		s = end;
	}
}

int strv_split_at(struct strv *list, const char *text, char sep)
{
	for (;;) {
		const char *end = strchr(text, sep);
		int r = end ? strv_add_len(list, text, (size_t)(end - text)) : strv_add(list, text);

		if (r < 0 || !end)
			return r;
		text = end + 1;
	}
}

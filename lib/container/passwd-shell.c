/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/passwd-shell.h"

#include "base/num.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FIELDS 7

/* Splits one line in place; the number of fields found. */
static size_t split(char *line, char *fields[FIELDS])
{
	size_t n = 0;

	while (n < FIELDS) {
		fields[n++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = '\0';
	}
	return n;
}

static bool is_value(enum passwd_field field, const char *text, size_t size)
{
	return (field == PASSWD_NAME ? *text != '\0' : *text == '/') && strlen(text) < size;
}

int passwd_find(const char *text, uid_t uid, enum passwd_field field, char *ret_value, size_t size)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char line[1024], *fields[FIELDS];
		uint32_t number;

		if (len < sizeof(line)) {
			memcpy(line, text, len);
			line[len] = '\0';
			if (split(line, fields) == FIELDS &&
			    num_parse_u32(fields[2], &number) == 0 && number == uid &&
			    is_value(field, fields[field], size)) {
				(void)snprintf(ret_value, size, "%s", fields[field]);
				return 0;
			}
		}
		text += len;
		text += *text == '\n';
	}
	return -ENOENT;
}

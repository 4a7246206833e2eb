/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "images.h"

#include "priv/auth.h"

#include <string.h>

enum { OWNER, TYPE, PATH, FIELDS };

struct reader {
	struct images_question *question;
	bool granted;
};

/* Groups are asked for last: that may take a network's directory service. */
static bool is_granted(const struct images_question *question, const char *owner, const char *path,
                       bool below)
{
	bool is_group;
	uint32_t id;

	return AUTH(question->is_it(question->arg, path, below)) &&
	       (strcmp(owner, "*") == 0 || priv_owner_is(owner, &question->asker, &is_group, &id));
}

static void read_line(void *arg, char *line)
{
	struct reader *reader = arg;
	char *field[FIELDS];
	size_t len;
	bool below;

	if (*line == '\0' || *line == '#' || reader->granted)
		return;
	if (priv_split(line, field, FIELDS) < FIELDS || strcmp(field[TYPE], "image") != 0 ||
	    field[PATH][0] != '/') {
		reader->question->n_ignored++;
		return;
	}
	len = strlen(field[PATH]);
	below = len > 2 && strcmp(field[PATH] + len - 2, "/*") == 0;
	if (below)
		field[PATH][len - 2] = '\0';
	reader->granted = is_granted(reader->question, field[OWNER], field[PATH], below);
}

int images_ask(const char *text, size_t len, struct images_question *question)
{
	struct reader reader = { .question = question };

	if (!AUTH(priv_each_line(text, len, read_line, &reader) == 0))
		return -1;
	return reader.granted;
}

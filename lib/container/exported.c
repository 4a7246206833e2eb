/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/exported.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define FIRST_LINE "rlxc-export "
#define VERSION "1"
#define PATH "path "
#define NO_ROOTFS "rootfs none"
#define SNAPSHOT "snapshot "

void exported_done(struct exported *exported)
{
	free(exported->path);
	strv_done(&exported->snapshots);
	*exported = (struct exported){};
}

int exported_format(const struct exported *exported, char **ret_text)
{
	struct text text = {};

	text_addf(&text, FIRST_LINE VERSION "\nids %s\n", exported->is_mapped ? "mapped" : "host");
	text_addf(&text, "path %s\n", exported->path);
	text_add(&text, exported->has_rootfs ? "" : NO_ROOTFS "\n");
	for (size_t i = 0; i < exported->snapshots.n; i++)
		text_addf(&text, SNAPSHOT "%s\n", exported->snapshots.items[i]);
	return text_finish(&text, ret_text);
}

/* Lines that another version has added are passed over. */
static int parse_line(const char *line, struct exported *exported, bool *has_ids)
{
	if (strcmp(line, "ids mapped") == 0)
		*has_ids = exported->is_mapped = true;
	else if (strcmp(line, "ids host") == 0)
		*has_ids = true;
	else if (strcmp(line, NO_ROOTFS) == 0)
		exported->has_rootfs = false;
	else if (str_starts_with(line, SNAPSHOT))
		return strv_add(&exported->snapshots, line + strlen(SNAPSHOT));
	else if (str_starts_with(line, PATH "/") && !exported->path) {
		exported->path = strdup(line + strlen(PATH));
		return exported->path ? 0 : -ENOMEM;
	}
	return 0;
}

int exported_parse(const char *text, struct exported *ret_exported)
{
	_cleanup_(strv_done) struct strv lines = {};
	_cleanup_(exported_done) struct exported exported = { .has_rootfs = true };
	bool has_ids = false;
	int r = 0;

	if (strv_split_at(&lines, text, '\n') < 0)
		return -ENOMEM;
	if (!str_starts_with(lines.items[0], FIRST_LINE))
		return -EINVAL;
	if (strcmp(lines.items[0], FIRST_LINE VERSION) != 0)
		return -EPROTONOSUPPORT;
	for (size_t i = 1; i < lines.n && r == 0; i++)
		r = parse_line(lines.items[i], &exported, &has_ids);
	if (r < 0)
		return r;
	if (!has_ids || !exported.path)
		return -EINVAL;
	*ret_exported = exported;
	exported = (struct exported){};
	return 0;
}

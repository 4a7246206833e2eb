/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts.h"

#include "priv/auth.h"

#include "base/num.h"

#include <linux/mount.h>
#include <stddef.h>
#include <string.h>

static void read_options(char *text, struct mounts_facts *facts)
{
	static const struct {
		const char *word;
		uint64_t attr;
	} words[] = {
		{ "ro", MOUNT_ATTR_RDONLY },
		{ "nosuid", MOUNT_ATTR_NOSUID },
		{ "nodev", MOUNT_ATTR_NODEV },
		{ "noexec", MOUNT_ATTR_NOEXEC },
		{ "noatime", MOUNT_ATTR_NOATIME },
		{ "nodiratime", MOUNT_ATTR_NODIRATIME },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
	};
	const char *word;

	while ((word = strsep(&text, ","))) {
		if (strcmp(word, "idmapped") == 0)
			facts->idmapped = true;
		for (size_t i = 0; i < PRIV_COUNT(words); i++)
			if (strcmp(word, words[i].word) == 0)
				facts->attr |= words[i].attr;
	}
}

/* Behind the mount point: its options, what it is shared with, "-", the type. */
static void read_mount(char *rest, struct mounts_facts *facts)
{
	char *options = strsep(&rest, " ");
	const char *word, *type;

	while ((word = strsep(&rest, " ")) && strcmp(word, "-") != 0)
		;
	type = strsep(&rest, " ");
	if (!type)
		return;
	facts->found = true;
	read_options(options, facts);
	if (strlen(type) < sizeof(facts->type))
		(void)strcpy(facts->type, type);
}

static bool is_unbindable(const char *rest)
{
	const char *mark = strstr(rest, " unbindable "), *end = strstr(rest, " - ");

	return mark && end && mark < end;
}

static void read_line(char *line, uint64_t id, struct mounts_facts *facts)
{
	uint64_t mount, parent;
	const char *numbers[2];

	for (size_t i = 0; i < PRIV_COUNT(numbers); i++)
		numbers[i] = strsep(&line, " ");
	for (int i = 0; i < 3; i++) /* device, root, mount point */
		(void)strsep(&line, " ");
	if (!line || num_parse_u64(numbers[0], &mount) < 0 ||
	    num_parse_u64(numbers[1], &parent) < 0)
		return;
	if (parent == id && mount != id) {
		facts->n_below++;
		facts->n_unbindable += is_unbindable(line);
	}
	if (mount == id)
		read_mount(line, facts);
}

void mounts_find(char *text, uint64_t id, struct mounts_facts *ret_facts)
{
	struct mounts_facts facts = {};
	char *line;

	while ((line = strsep(&text, "\n")))
		read_line(line, id, &facts);
	*ret_facts = facts;
}

bool mounts_allowed(const struct mounts_facts *facts)
{
	static const char *const types[] = { "ext4", "xfs", "btrfs", "f2fs", "tmpfs", "zfs" };

	/* Nosymfollow is an attribute that the kernel has no lock for. */
	if (!AUTH(facts->found) || !AUTH(!facts->idmapped) || !AUTH(facts->n_unbindable == 0) ||
	    !AUTH(!(facts->attr & MOUNT_ATTR_NOSYMFOLLOW)))
		return false;
	for (size_t i = 0; i < PRIV_COUNT(types); i++)
		if (AUTH(strcmp(facts->type, types[i]) == 0))
			return true;
	return false;
}

bool mounts_is_copy(const struct mounts_facts *copy, const struct mounts_facts *source,
                    uint64_t attr)
{
	return AUTH(copy->found) && AUTH(copy->idmapped) && AUTH(copy->attr == attr) &&
	       AUTH(strcmp(copy->type, source->type) == 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "order.h"

#include "priv/auth.h"

#include "base/num.h"

#include <linux/mount.h>
#include <string.h>

#define WORD_MAX 1024

enum { KIND = 1, UIDS, GIDS, FLAGS, WORDS };

bool order_is_usable(int argc, char *const argv[])
{
	if (!AUTH(argc == WORDS))
		return false;
	for (int i = 0; i < argc; i++)
		if (!argv[i] || !AUTH(strnlen(argv[i], WORD_MAX) < WORD_MAX))
			return false;
	return true;
}

static bool overlap(uint32_t a, uint32_t b, uint32_t a_count, uint32_t b_count)
{
	return a < (uint64_t)b + b_count && b < (uint64_t)a + a_count;
}

static bool is_apart(const struct map *map, const struct extent *new)
{
	for (const struct extent *e = map->list; e < map->list + map->n; e++)
		if (!AUTH(!overlap(e->disk, new->disk, e->count, new->count)) ||
		    !AUTH(!overlap(e->seen, new->seen, e->count, new->count)))
			return false;
	return true;
}

/* The last id of all is not one. */
static bool fits(uint32_t first, uint32_t count)
{
	return (uint64_t)first + count <= UINT32_MAX;
}

static bool parse_extent(char *word, struct extent *ret_extent)
{
	const char *disk = strsep(&word, ":"), *seen = strsep(&word, ":"), *count = word;

	return seen && count && num_parse_u32(disk, &ret_extent->disk) == 0 &&
	       num_parse_u32(seen, &ret_extent->seen) == 0 &&
	       num_parse_u32(count, &ret_extent->count) == 0 && AUTH(ret_extent->count > 0) &&
	       AUTH(fits(ret_extent->disk, ret_extent->count)) &&
	       AUTH(fits(ret_extent->seen, ret_extent->count));
}

bool order_parse_map(const char *word, struct map *ret_map)
{
	char copy[WORD_MAX], *rest = copy, *part;
	struct map map = {};
	uint64_t total = 0;

	(void)strcpy(copy, word);
	while ((part = strsep(&rest, ","))) {
		struct extent extent = {};

		if (!AUTH(map.n < ORDER_EXTENTS_MAX) || !parse_extent(part, &extent) ||
		    !is_apart(&map, &extent))
			return false;
		map.list[map.n++] = extent;
		total += extent.count;
	}
	if (!AUTH(total <= ORDER_IDS_MAX))
		return false;
	*ret_map = map;
	return true;
}

/* Each word once at most, so that there is one way to say it. */
static bool parse_flags(const char *text, uint64_t *ret_attr)
{
	static const struct {
		const char *word;
		uint64_t attr;
	} words[] = {
		{ "ro", MOUNT_ATTR_RDONLY },
		{ "nosuid", MOUNT_ATTR_NOSUID },
		{ "noexec", MOUNT_ATTR_NOEXEC },
	};
	uint64_t attr = MOUNT_ATTR_NODEV;

	if (strcmp(text, "-") == 0)
		text = NULL;
	while (text) {
		const size_t n = strcspn(text, ",");
		size_t i = 0;

		while (i < PRIV_COUNT(words) &&
		       (strlen(words[i].word) != n || strncmp(words[i].word, text, n) != 0))
			i++;
		if (i == PRIV_COUNT(words) || (attr & words[i].attr))
			return false;
		attr |= words[i].attr;
		text = text[n] ? text + n + 1 : NULL;
	}
	*ret_attr = attr;
	return true;
}

int order_parse(char *const argv[], struct order *ret_order)
{
	struct order order = { .image = strcmp(argv[KIND], "image") == 0 };

	if (!order.image && strcmp(argv[KIND], "own") != 0)
		return KIND;
	if (!order_parse_map(argv[UIDS], &order.uids))
		return UIDS;
	if (!order_parse_map(argv[GIDS], &order.gids))
		return GIDS;
	if (!parse_flags(argv[FLAGS], &order.attr) ||
	    (order.image && !AUTH(order.attr & MOUNT_ATTR_RDONLY)))
		return FLAGS;
	*ret_order = order;
	return 0;
}

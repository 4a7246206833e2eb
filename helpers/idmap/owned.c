/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "owned.h"

#include "priv/auth.h"
#include "priv/policy.h"

#include "base/num.h"

#include <string.h>

struct reader {
	const char *user;
	uint32_t uid;
	bool others; /* second time: whose lines are looked at */
	struct owned owned;
};

static bool is_own_line(const struct reader *reader, const char *owner)
{
	uint32_t uid;

	return *owner && (AUTH(strcmp(owner, reader->user) == 0) ||
	                  (num_parse_u32(owner, &uid) == 0 && AUTH(uid == reader->uid)));
}

static bool parse_range(const char *first, const char *count, struct owned_range *ret_range)
{
	return first && count && num_parse_u32(first, &ret_range->first) == 0 &&
	       num_parse_u32(count, &ret_range->count) == 0 && ret_range->count > 0 &&
	       AUTH((uint64_t)ret_range->first + ret_range->count <= UINT32_MAX);
}

static void add(struct owned *owned, const struct owned_range *range)
{
	if (AUTH(range->first >= OWNED_FIRST) && AUTH(owned->n < OWNED_MAX))
		owned->list[owned->n++] = *range;
}

/* All but the own id. */
static void remove_shared(struct owned *owned, const struct owned_range *theirs)
{
	size_t n = 1;

	for (size_t i = 1; i < owned->n; i++) {
		const struct owned_range range = owned->list[i];

		if (AUTH((uint64_t)range.first + range.count <= theirs->first) ||
		    AUTH((uint64_t)theirs->first + theirs->count <= range.first))
			owned->list[n++] = range;
	}
	owned->n = n;
}

static void read_line(void *arg, char *line)
{
	struct reader *reader = arg;
	const char *owner = strsep(&line, ":"), *first = strsep(&line, ":"), *count = line;
	struct owned_range range;

	if (*owner == '#' || !parse_range(first, count, &range) ||
	    is_own_line(reader, owner) == reader->others)
		return;
	if (reader->others)
		remove_shared(&reader->owned, &range);
	else
		add(&reader->owned, &range);
}

int owned_read(const char *text, size_t len, const char *user, uint32_t uid, uint32_t id,
               struct owned *ret_owned)
{
	struct reader reader = { .user = user, .uid = uid };

	reader.owned.list[reader.owned.n++] = (struct owned_range){ .first = id, .count = 1 };
	for (int i = 0; i < 2; i++) {
		reader.others = i == 1;
		if (!AUTH(priv_each_line(text, len, read_line, &reader) == 0))
			return -1;
	}
	*ret_owned = reader.owned;
	return 0;
}

/* Where the range that has @id ends; @id itself when none has it. */
static uint64_t end_of_range(const struct owned *owned, uint64_t id)
{
	for (size_t i = 0; i < owned->n; i++) {
		const uint64_t end = (uint64_t)owned->list[i].first + owned->list[i].count;

		if (AUTH(owned->list[i].first <= id) && AUTH(id < end))
			return end;
	}
	return id;
}

bool owned_has(const struct owned *owned, uint32_t first, uint32_t count)
{
	const uint64_t end = (uint64_t)first + count;
	uint64_t id = first, next;

	for (; AUTH(id < end); id = next) {
		next = end_of_range(owned, id);
		if (next == id)
			return false;
	}
	return true;
}

bool owned_allows(const struct owned *owned, const struct map *map, bool image)
{
	for (const struct extent *e = map->list; e < map->list + map->n; e++) {
		const bool disk = image ? AUTH((uint64_t)e->disk + e->count <= OWNED_FIRST)
		                        : AUTH(owned_has(owned, e->disk, e->count));

		if (!disk || !AUTH(owned_has(owned, e->seen, e->count)))
			return false;
	}
	return true;
}

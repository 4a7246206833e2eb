/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A map, a newline, and a file of subordinate ids: what is allowed agrees with a model that looks
 * at the ids one by one. */
#include "idmap/owned.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OWN 1000
#define TRIED 70000 /* ids at each end of an extent */

static bool is_owned(const struct owned *owned, uint64_t id)
{
	for (size_t i = 0; i < owned->n; i++)
		if (id >= owned->list[i].first && id - owned->list[i].first < owned->list[i].count)
			return true;
	return false;
}

/* Both ends of a range, which is all of it when it is short. */
static bool are_owned(const struct owned *owned, uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (i == TRIED && count > 2 * (uint64_t)TRIED)
			i = count - TRIED;
		if (!is_owned(owned, first + i))
			return false;
	}
	return true;
}

static void check_owned(const struct owned *owned)
{
	if (owned->n < 1 || owned->n > OWNED_MAX || owned->list[0].first != OWN ||
	    owned->list[0].count != 1)
		abort();
	for (size_t i = 1; i < owned->n; i++)
		if (owned->list[i].first < OWNED_FIRST || owned->list[i].count < 1 ||
		    (uint64_t)owned->list[i].first + owned->list[i].count > UINT32_MAX)
			abort();
}

static void check_map(const struct owned *owned, const struct map *map)
{
	const bool allowed = owned_allows(owned, map, /* image= */ false);
	uint64_t total = 0;

	if (map->n < 1 || map->n > ORDER_EXTENTS_MAX)
		abort();
	for (size_t i = 0; i < map->n; i++) {
		const struct extent *e = &map->list[i];

		total += e->count;
		if (e->count < 1 || (uint64_t)e->disk + e->count > UINT32_MAX ||
		    (uint64_t)e->seen + e->count > UINT32_MAX)
			abort();
		if (allowed &&
		    (!are_owned(owned, e->disk, e->count) || !are_owned(owned, e->seen, e->count)))
			abort();
		if (owned_allows(owned, map, /* image= */ true) &&
		    ((uint64_t)e->disk + e->count > OWNED_FIRST ||
		     !are_owned(owned, e->seen, e->count)))
			abort();
		for (size_t k = 0; k < i; k++) {
			const struct extent *f = &map->list[k];

			if ((e->disk < (uint64_t)f->disk + f->count &&
			     f->disk < (uint64_t)e->disk + e->count) ||
			    (e->seen < (uint64_t)f->seen + f->count &&
			     f->seen < (uint64_t)e->seen + e->count))
				abort();
		}
	}
	if (total > ORDER_IDS_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	const size_t n = end ? (size_t)(end - data) : size, rest = end ? size - n - 1 : 0;
	char word[1024], *text = malloc(rest ? rest : 1);
	struct owned owned;
	struct map map;

	if (!text)
		abort();
	if (rest)
		(void)memcpy(text, end + 1, rest);
	if (n < sizeof(word) && owned_read(text, rest, "ann", OWN, OWN, &owned) == 0) {
		(void)memcpy(word, data, n);
		word[n] = '\0';
		check_owned(&owned);
		if (strlen(word) == n && order_parse_map(word, &map))
			check_map(&owned, &map);
	}
	free(text);
	return 0;
}

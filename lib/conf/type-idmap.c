/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "u 0 100000 65536": kind, first id inside, first id outside, how many. */

#define WANT "KIND FIRST-INSIDE FIRST-OUTSIDE COUNT, such as 'u 0 100000 65536'"

/* The last id, UINT32_MAX, means "no id" to the kernel. */
static bool is_range(uint64_t first, uint64_t count)
{
	return count >= 1 && first + count <= UINT32_MAX;
}

static void hint_idmap(const struct conf_slot *slot, const struct strv *words, struct err *err)
{
	const char *kind = words->n ? words->items[0] : "";
	char first = *kind;

	if (strcmp(kind, "b") == 0) {
		err_hint(err, "write one line that begins with u and one that begins with g");
		return;
	}
	if (strcmp(kind, "uid") != 0 && strcmp(kind, "gid") != 0 && strcmp(kind, "u") != 0 &&
	    strcmp(kind, "g") != 0)
		return;
	if (words->n == 3 || (words->n == 4 && kind[1]))
		err_hint(err, "write '%s = %c %s %s %s'", slot->name, first, SHOW(words->items[1]),
		         SHOW(words->items[2]), words->n == 4 ? SHOW(words->items[3]) : "65536");
}

static int parse_range(const struct strv *words, struct idmap_range *ret_range)
{
	uint32_t numbers[3];

	if (words->n != 4 ||
	    (strcmp(words->items[0], "u") != 0 && strcmp(words->items[0], "g") != 0))
		return -EINVAL;
	for (size_t i = 0; i < 3; i++) {
		int r = num_parse_c32(words->items[i + 1], &numbers[i]);

		if (r < 0)
			return r;
	}
	if (!is_range(numbers[0], numbers[2]) || !is_range(numbers[1], numbers[2]))
		return -ERANGE;
	*ret_range = (struct idmap_range){
		.kind = words->items[0][0] == 'u' ? IDMAP_UID : IDMAP_GID,
		.ns_first = numbers[0],
		.host_first = numbers[1],
		.count = numbers[2],
	};
	return 0;
}

static int idmap_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	_cleanup_(strv_done) struct strv words = {};
	struct conf_idmaps *maps = conf_field(slot);
	struct idmap_range *items, range;
	const char *rest = value, *word;
	size_t len;
	int r;

	while (conf_next_word(&rest, &word, &len))
		if (strv_add_len(&words, word, len) < 0)
			return err_oom(err);
	r = parse_range(&words, &range);
	if (r == -ERANGE)
		return err_say(err, r, "'%s': the range '%s' is empty or goes past the last id",
		               slot->name, SHOW(value));
	if (r < 0) {
		(void)conf_bad_value(slot, value, WANT, err);
		hint_idmap(slot, &words, err);
		return r;
	}
	items = reallocarray(maps->items, maps->n + 1, sizeof(*items));
	if (!items)
		return err_oom(err);
	items[maps->n++] = range;
	maps->items = items;
	return 0;
}

static int idmap_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_idmaps *maps = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		text_addf(out, "%s%c %u %u %u", i ? "\n" : "", range->kind == IDMAP_UID ? 'u' : 'g',
		          range->ns_first, range->host_first, range->count);
	}
	return 0;
}

static int idmap_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf_idmaps *maps = conf_field(slot);

	(void)err;
	free(maps->items);
	*maps = (struct conf_idmaps){};
	return 0;
}

const struct conf_type conf_idmap = { .set = idmap_set, .get = idmap_get, .clear = idmap_clear };

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shift.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"

#include <errno.h>
#include <string.h>

int shift_add(struct shift *shift, const char *text)
{
	_cleanup_(strv_done) struct strv words = {};
	struct shift_range *range = &shift->ranges[shift->n];

	if (shift->n == SHIFT_MAX)
		return -E2BIG;
	if (strv_split_at(&words, text, ' ') < 0)
		return -ENOMEM;
	if (words.n != 4 ||
	    (strcmp(words.items[0], "u") != 0 && strcmp(words.items[0], "g") != 0) ||
	    num_parse_u32(words.items[1], &range->inside) < 0 ||
	    num_parse_u32(words.items[2], &range->host) < 0 ||
	    num_parse_u32(words.items[3], &range->count) < 0)
		return -EINVAL;
	range->kind = words.items[0][0];
	shift->n++;
	return 0;
}

int64_t shift_id(const struct shift *shift, char kind, int64_t id)
{
	if (!shift->n)
		return id;
	for (size_t i = 0; i < shift->n; i++) {
		const struct shift_range *range = &shift->ranges[i];
		int64_t offset = id - range->host;

		if (range->kind == kind && offset >= 0 && offset < range->count)
			return range->inside + offset;
	}
	return -1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/subid-internal.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "host/lookup.h"

#include <errno.h>
#include <string.h>

static int take_line(char *line, struct subids *ids)
{
	char *second = strchr(line, ' ');
	uint64_t first, count;

	if (!second)
		return -EIO;
	*second++ = '\0';
	if (num_parse_u64(line, &first) < 0 || num_parse_u64(second, &count) < 0)
		return -EIO;
	return subid_add(ids, first, count);
}

int subid_load_nss(const struct caller *caller, enum idmap_kind kind, struct subids *ret_ids)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(subid_done) struct subids ids = {};
	char *rest, *line;
	int r;

	r = lookup_ask(kind == IDMAP_UID ? "subuid" : "subgid", caller->name, &text);
	if (r < 0)
		return r == -ELIBACC || r == -ENOMEM ? r : -EIO;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		r = *line ? take_line(line, &ids) : 0;
		if (r < 0)
			return r;
	}
	*ret_ids = ids;
	ids = (struct subids){};
	return 0;
}

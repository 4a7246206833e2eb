/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/idmap.h"

#include "base/text.h"

#include <errno.h>

struct extents {
	struct text text;
	const char *sep;
};

static void add(struct extents *extents, uint64_t disk, uint64_t seen, uint64_t count)
{
	if (count == 0)
		return;
	text_addf(&extents->text, "%s%llu:%llu:%llu", extents->sep, (unsigned long long)disk,
	          (unsigned long long)seen, (unsigned long long)count);
	extents->sep = ",";
}

static int finish(struct extents *extents, char **ret_text, struct err *err)
{
	return text_finish(&extents->text, ret_text) < 0 ? err_oom(err) : 0;
}

/* The ids from @first to before @end as they are, but for those of @holes. */
static void add_same(struct extents *extents, uint64_t first, uint64_t end, const int64_t holes[2])
{
	while (first < end) {
		uint64_t stop = end;

		for (int i = 0; i < 2; i++)
			if (holes[i] >= (int64_t)first && holes[i] < (int64_t)stop)
				stop = (uint64_t)holes[i];
		add(extents, first, first, stop - first);
		first = stop + (stop < end);
	}
}

int idmap_mount_own(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t own,
                    uint32_t ns_id, char **ret_text, struct err *err)
{
	const int64_t seen = idmap_to_host(maps, kind, ns_id), holes[] = { seen, own };
	struct extents extents = { .sep = "" };

	if (seen < 0)
		return err_say(err, -EINVAL, "lxc.idmap does not map id %u of the container",
		               ns_id);
	add(&extents, own, (uint64_t)seen, 1);
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind == kind)
			add_same(&extents, range->host_first,
			         (uint64_t)range->host_first + range->count, holes);
	}
	return finish(&extents, ret_text, err);
}

int idmap_mount_inside(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t end,
                       char **ret_text, struct err *err)
{
	struct extents extents = { .sep = "" };

	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];
		uint64_t left = end > range->ns_first ? end - range->ns_first : 0;

		if (range->kind == kind)
			add(&extents, range->ns_first, range->host_first,
			    left < range->count ? left : range->count);
	}
	return finish(&extents, ret_text, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idmap/idmap.h"

#include "base/cleanup.h"
#include "idmap/idmap-internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The pure part: tables in, tables out. Ends of ranges are formed in 64 bits, so that no sum of
 * what a file or a command line says can wrap around (CVE-2016-6252 was such a sum). */

#define BLOCK_SIZE 65536

static const char *kind_name(enum idmap_kind kind)
{
	return kind == IDMAP_UID ? "uid" : "gid";
}

/* As lxc.idmap writes it: "u 0 100000 65536". */
static const char *line_text(const struct idmap_range *range, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%c %u %u %u", idmap_letter(range->kind), range->ns_first,
	               range->host_first, range->count);
	return buf;
}

#define LINE_TEXT_MAX 48
#define LINE_TEXT(range) line_text(range, (char[LINE_TEXT_MAX]){}, LINE_TEXT_MAX)

static bool overlaps(uint64_t a_first, uint64_t a_end, uint64_t b_first, uint64_t b_end)
{
	return a_first < b_end && b_first < a_end;
}

static int check_range(const struct idmap_range *range, struct err *err)
{
	if (range->count == 0) {
		err_say(err, -ERANGE, "id map line '%s' maps no id", LINE_TEXT(range));
		err_hint(err, "the last number is the count of ids, at least 1");
		return -ERANGE;
	}
	if (idmap_ns_end(range) > IDMAP_ID_LAST + 1 || idmap_host_end(range) > IDMAP_ID_LAST + 1) {
		err_say(err, -ERANGE, "id map line '%s' goes past the last id, %u",
		        LINE_TEXT(range), UINT32_MAX - 1);
		err_hint(err, "the last number is a count of ids, not the last id");
		return -ERANGE;
	}
	return 0;
}

static int check_pair(const struct idmap_range *a, const struct idmap_range *b, struct err *err)
{
	const char *side;

	if (a->kind != b->kind)
		return 0;
	if (overlaps(a->ns_first, idmap_ns_end(a), b->ns_first, idmap_ns_end(b)))
		side = "inside";
	else if (overlaps(a->host_first, idmap_host_end(a), b->host_first, idmap_host_end(b)))
		side = "on the host";
	else
		return 0;
	err_say(err, -EINVAL, "id map lines '%s' and '%s' overlap %s", LINE_TEXT(a), LINE_TEXT(b),
	        side);
	err_hint(err, "give each %s one line only", kind_name(a->kind));
	return -EINVAL;
}

/* Enough lines, not too many, and none that meets another. */
static int check_lines(const struct conf_idmaps *maps, struct err *err)
{
	size_t n[2] = {};
	int r;

	for (size_t i = 0; i < maps->n; i++) {
		r = check_range(&maps->items[i], err);
		if (r < 0)
			return r;
		n[maps->items[i].kind]++;
	}
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID; kind++) {
		if (n[kind] > IDMAP_LINES_MAX) {
			err_say(err, -E2BIG,
			        "the id map has %zu lines for %ss, the kernel takes %d", n[kind],
			        kind_name(kind), IDMAP_LINES_MAX);
			err_hint(err, "join lines whose ids follow one another");
			return -E2BIG;
		}
		if (n[kind] == 0 && maps->n) {
			err_say(err, -EINVAL, "the id map has no line for %ss", kind_name(kind));
			err_hint(err, "add one such as '%c 0 100000 65536'", idmap_letter(kind));
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < maps->n; i++) {
		for (size_t j = 0; j < i; j++) {
			r = check_pair(&maps->items[j], &maps->items[i], err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static uint32_t own_id(const struct caller *caller, enum idmap_kind kind)
{
	return kind == IDMAP_UID ? caller->uid : caller->gid;
}

static bool is_own_id(const struct idmap_range *range, const struct caller *caller)
{
	return range->count == 1 && range->host_first == own_id(caller, range->kind);
}

/* First line of @kind that newuidmap would refuse, or NULL. */
static const struct idmap_range *find_foreign(const struct conf_idmaps *maps, enum idmap_kind kind,
                                              const struct caller *caller, const struct subids *ids)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind == kind && !is_own_id(range, caller) &&
		    !subid_covers(ids, range->host_first, range->count))
			return range;
	}
	return NULL;
}

int idmap_check(const struct conf_idmaps *maps, const struct caller *caller,
                const struct subids *uids, const struct subids *gids, struct err *err)
{
	const struct idmap_range *uid, *gid, *first;
	int r;

	r = check_lines(maps, err);
	if (r < 0 || caller->is_root)
		return r;
	for (size_t i = 0; i < maps->n; i++) {
		if (maps->items[i].host_first != 0)
			continue;
		err_say(err, -EPERM, "id map line '%s' maps %s 0 of the host, which only root may",
		        LINE_TEXT(&maps->items[i]), kind_name(maps->items[i].kind));
		err_hint(err,
		         "map ids of /etc/sub%s, or your own id %u with count 1: the second number "
		         "is the id on the host",
		         kind_name(maps->items[i].kind), own_id(caller, maps->items[i].kind));
		return -EPERM;
	}
	uid = find_foreign(maps, IDMAP_UID, caller, uids);
	gid = find_foreign(maps, IDMAP_GID, caller, gids);
	first = uid ? uid : gid;
	if (!first)
		return 0;
	err_say(err, -EPERM,
	        "%ss %u to %u of the id map line '%s' are not all granted to %s by /etc/sub%s",
	        kind_name(first->kind), first->host_first, (uint32_t)(idmap_host_end(first) - 1),
	        LINE_TEXT(first), caller->name, kind_name(first->kind));
	idmap_hint_grant(uid, gid, caller, err);
	return -EPERM;
}

void idmap_hint_grant(const struct idmap_range *uid, const struct idmap_range *gid,
                      const struct caller *caller, struct err *err)
{
	char uids[64] = "", gids[64] = "";

	if (uid)
		(void)snprintf(uids, sizeof(uids), " --add-subuids %u-%u", uid->host_first,
		               (uint32_t)(idmap_host_end(uid) - 1));
	if (gid)
		(void)snprintf(gids, sizeof(gids), " --add-subgids %u-%u", gid->host_first,
		               (uint32_t)(idmap_host_end(gid) - 1));
	err_hint(err, "as root: usermod%s%s %s", uids, gids, caller->name);
}

int64_t idmap_to_host(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t ns_id)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind == kind && ns_id >= range->ns_first && ns_id < idmap_ns_end(range))
			return (int64_t)range->host_first + (ns_id - range->ns_first);
	}
	return -1;
}

int64_t idmap_to_ns(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t host_id)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind == kind && host_id >= range->host_first &&
		    host_id < idmap_host_end(range))
			return (int64_t)range->ns_first + (host_id - range->host_first);
	}
	return -1;
}

uint32_t idmap_first_free(const struct conf_idmaps *maps, enum idmap_kind kind)
{
	uint64_t id = 0;

	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];

		if (range->kind != kind || id < range->ns_first || id >= idmap_ns_end(range))
			continue;
		id = idmap_ns_end(range);
		i = (size_t)-1; /* an earlier line may go on where this one ends */
	}
	return id > IDMAP_ID_LAST ? UINT32_MAX : (uint32_t)id;
}

int idmap_add(struct conf_idmaps *maps, enum idmap_kind kind, uint32_t ns_first,
              uint32_t host_first, uint32_t count)
{
	struct idmap_range *items = reallocarray(maps->items, maps->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	items[maps->n] = (struct idmap_range){ kind, ns_first, host_first, count };
	maps->items = items;
	maps->n++;
	return 0;
}

void idmap_done(struct conf_idmaps *maps)
{
	free(maps->items);
	*maps = (struct conf_idmaps){};
}

static int add_own(struct conf_idmaps *maps, enum idmap_kind kind, const struct caller *caller)
{
	uint32_t ns_id;

	if (idmap_to_ns(maps, kind, own_id(caller, kind)) >= 0)
		return 0;
	ns_id = idmap_first_free(maps, kind);
	if (ns_id == UINT32_MAX)
		return -ENOSPC;
	return idmap_add(maps, kind, ns_id, own_id(caller, kind), 1);
}

int idmap_with_self(const struct conf_idmaps *maps, const struct caller *caller,
                    struct conf_idmaps *ret_maps)
{
	_cleanup_(idmap_done) struct conf_idmaps copy = {};
	int r = 0;

	for (size_t i = 0; i < maps->n && r == 0; i++) {
		const struct idmap_range *range = &maps->items[i];

		r = idmap_add(&copy, range->kind, range->ns_first, range->host_first, range->count);
	}
	/* Root without a map works without a user namespace. */
	if (r == 0 && (maps->n || !caller->is_root)) {
		r = add_own(&copy, IDMAP_UID, caller);
		if (r == 0)
			r = add_own(&copy, IDMAP_GID, caller);
	}
	if (r < 0)
		return r;
	*ret_maps = copy;
	copy = (struct conf_idmaps){};
	return 0;
}

/* End of a line of @taken that uses one of the host's ids from @first on, 0 when all are free. */
static uint64_t block_taken(const struct conf_idmaps *taken, enum idmap_kind kind, uint64_t first)
{
	for (size_t i = 0; taken && i < taken->n; i++) {
		const struct idmap_range *range = &taken->items[i];

		if (range->kind == kind &&
		    overlaps(range->host_first, idmap_host_end(range), first, first + BLOCK_SIZE))
			return idmap_host_end(range);
	}
	return 0;
}

/* A range without the host's id 0, which is never handed out; false when nothing is left. */
static bool range_bounds(const struct subid_range *range, uint64_t *ret_first, uint64_t *ret_end)
{
	*ret_first = range->first ? range->first : 1;
	*ret_end = (uint64_t)range->first + range->count;
	return *ret_first < *ret_end;
}

static bool find_block(const struct subids *ids, enum idmap_kind kind,
                       const struct conf_idmaps *taken, uint32_t *ret_first)
{
	for (size_t i = 0; i < ids->n; i++) {
		uint64_t first, end;

		if (!range_bounds(&ids->items[i], &first, &end))
			continue;
		while (first + BLOCK_SIZE <= end) {
			uint64_t taken_end = block_taken(taken, kind, first);

			if (!taken_end) {
				*ret_first = (uint32_t)first;
				return true;
			}
			first = taken_end;
		}
	}
	return false;
}

/* Adds the block of one kind. 0: there is no id at all. */
static int choose_kind(const struct subids *ids, enum idmap_kind kind,
                       const struct conf_idmaps *taken, struct conf_idmaps *maps)
{
	uint64_t first, end;
	uint32_t block;

	if (find_block(ids, kind, taken, &block)) {
		int r = idmap_add(maps, kind, 0, block, BLOCK_SIZE);

		return r < 0 ? r : 1;
	}
	for (size_t i = 0; i < ids->n; i++) {
		uint64_t count;
		int r;

		if (!range_bounds(&ids->items[i], &first, &end))
			continue;
		count = end - first < BLOCK_SIZE ? end - first : BLOCK_SIZE;
		r = idmap_add(maps, kind, 0, (uint32_t)first, (uint32_t)count);
		return r < 0 ? r : 1;
	}
	return 0;
}

int idmap_choose(const struct caller *caller, const struct subids *uids, const struct subids *gids,
                 const struct conf_idmaps *taken, struct conf_idmaps *ret_maps, bool *ret_single,
                 struct err *err)
{
	_cleanup_(idmap_done) struct conf_idmaps maps = {};
	bool single;
	int r;

	r = choose_kind(uids, IDMAP_UID, taken, &maps);
	if (r > 0)
		r = choose_kind(gids, IDMAP_GID, taken, &maps);
	single = r == 0;
	if (single) {
		idmap_done(&maps);
		r = idmap_add(&maps, IDMAP_UID, 0, caller->uid, 1);
		if (r == 0)
			r = idmap_add(&maps, IDMAP_GID, 0, caller->gid, 1);
	}
	if (r < 0)
		return err_oom(err);
	*ret_maps = maps;
	*ret_single = single;
	maps = (struct conf_idmaps){};
	return 0;
}

enum idmap_writer idmap_writer_for(const struct conf_idmaps *maps, const struct caller *caller)
{
	size_t n[2] = {};

	if (caller->is_root)
		return IDMAP_WRITE_DIRECT;
	for (size_t i = 0; i < maps->n; i++) {
		n[maps->items[i].kind]++;
		if (!is_own_id(&maps->items[i], caller))
			return IDMAP_WRITE_TOOLS;
	}
	return n[IDMAP_UID] <= 1 && n[IDMAP_GID] <= 1 ? IDMAP_WRITE_SELF : IDMAP_WRITE_TOOLS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser of /etc/subuid and the algebra of id ranges, against a model in 128-bit numbers that
 * is written as plainly as possible. Input: two selector bytes, then the text of a subuid file; its
 * bytes in fours are also the numbers of an id map. */
#include "host/subid.h"
#include "idmap/idmap.h"

#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 wide;

#define ID_END ((wide)UINT32_MAX) /* first number that is no id */
#define MODEL_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct model {
	wide first[MODEL_MAX], end[MODEL_MAX];
	size_t n;
};

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* ---- the parser ---- */

/* Digits only; what is past 2^100 stays there. */
static bool model_number(const char *text, size_t len, wide *ret)
{
	wide value = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (value < (wide)1 << 100)
			value = value * 10 + (unsigned int)(text[i] - '0');
	}
	*ret = value;
	return len > 0;
}

static void model_line(const char *line, size_t len, struct model *model)
{
	const char *colon = memchr(line, ':', len);
	const char *second =
		colon ? memchr(colon + 1, ':', len - (size_t)(colon + 1 - line)) : NULL;
	size_t owner_len = colon ? (size_t)(colon - line) : 0;
	wide first, count;

	if (!second || model->n == MODEL_MAX)
		return;
	if (!(owner_len == 1 && line[0] == 'u') && !(owner_len == 2 && memcmp(line, "42", 2) == 0))
		return;
	if (!model_number(colon + 1, (size_t)(second - colon - 1), &first) ||
	    !model_number(second + 1, len - (size_t)(second + 1 - line), &count))
		return;
	if (count == 0 || first >= ID_END)
		return;
	model->first[model->n] = first;
	model->end[model->n] = first + count < ID_END ? first + count : ID_END;
	model->n++;
}

static void model_parse(const char *text, struct model *model)
{
	for (;;) {
		size_t len = strcspn(text, "\n");

		model_line(text, len, model);
		if (!text[len])
			return;
		text += len + 1;
	}
}

static void check_parse(const struct subids *ids, const struct model *model)
{
	if (model->n == MODEL_MAX)
		return;
	must(ids->n == model->n);
	for (size_t i = 0; i < ids->n; i++) {
		must(ids->items[i].first == model->first[i]);
		must((wide)ids->items[i].first + ids->items[i].count == model->end[i]);
	}
}

/* ---- coverage ---- */

static bool model_has(const struct model *model, wide id)
{
	for (size_t i = 0; i < model->n; i++) {
		if (id >= model->first[i] && id < model->end[i])
			return true;
	}
	return false;
}

/* An interval is covered when its first id is, and each id inside it where a range ends. */
static bool model_covers(const struct model *model, wide first, wide end)
{
	if (first < end && !model_has(model, first))
		return false;
	for (size_t i = 0; i < model->n; i++) {
		if (model->end[i] > first && model->end[i] < end &&
		    !model_has(model, model->end[i]))
			return false;
	}
	return true;
}

static bool meets(wide a_first, wide a_count, wide b_first, wide b_count)
{
	return a_first < b_first + b_count && b_first < a_first + a_count;
}

/* ---- maps ---- */

static bool model_check(const struct conf_idmaps *maps, const struct model *granted)
{
	bool kinds[2] = {};

	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *a = &maps->items[i];

		kinds[a->kind] = true;
		if (a->count == 0 || (wide)a->ns_first + a->count > ID_END ||
		    (wide)a->host_first + a->count > ID_END || a->host_first == 0)
			return false;
		if (!(a->count == 1 && a->host_first == 42) &&
		    !model_covers(granted, a->host_first, (wide)a->host_first + a->count))
			return false;
		for (size_t j = 0; j < i; j++) {
			const struct idmap_range *b = &maps->items[j];

			if (a->kind == b->kind &&
			    (meets(a->ns_first, a->count, b->ns_first, b->count) ||
			     meets(a->host_first, a->count, b->host_first, b->count)))
				return false;
		}
	}
	return maps->n == 0 || (kinds[0] && kinds[1]);
}

static void check_lookups(const struct conf_idmaps *maps)
{
	for (enum idmap_kind kind = IDMAP_UID; kind <= IDMAP_GID; kind++) {
		uint32_t hole = idmap_first_free(maps, kind);

		must(idmap_to_host(maps, kind, hole) < 0);
		must(hole == 0 || idmap_to_host(maps, kind, hole - 1) >= 0);
	}
	for (size_t i = 0; i < maps->n; i++) {
		const struct idmap_range *range = &maps->items[i];
		uint32_t last = range->count - 1;

		must(idmap_to_host(maps, range->kind, range->ns_first + last) ==
		     (int64_t)range->host_first + last);
		must(idmap_to_ns(maps, range->kind, range->host_first + last) ==
		     (int64_t)range->ns_first + last);
	}
}

static void check_with_self(const struct conf_idmaps *maps, const struct caller *caller)
{
	struct conf_idmaps self = {};

	if (idmap_with_self(maps, caller, &self) < 0)
		return;
	must(idmap_to_ns(&self, IDMAP_UID, caller->uid) >= 0);
	must(idmap_to_ns(&self, IDMAP_GID, caller->gid) >= 0);
	check_lookups(&self);
	idmap_done(&self);
}

/* What is chosen is granted, never host id 0, and free when it is a whole block that could be. */
static void check_choice(const struct caller *caller, const struct subids *ids,
                         const struct model *granted, const struct conf_idmaps *taken)
{
	struct conf_idmaps maps = {};
	bool single;

	must(idmap_choose(caller, ids, ids, taken, &maps, &single, NULL) == 0);
	must(maps.n == 2);
	for (size_t i = 0; i < maps.n; i++) {
		const struct idmap_range *range = &maps.items[i];

		must(range->ns_first == 0 && range->host_first != 0 && range->count >= 1);
		must(range->count <= 65536);
		must(single ? range->count == 1 && range->host_first == 42
		            : model_covers(granted, range->host_first,
		                           (wide)range->host_first + range->count));
	}
	must(idmap_check(&maps, caller, ids, ids, NULL) == 0);
	idmap_done(&maps);
}

/* Up to eight lines from the bytes; half of the numbers are made small so that they meet. */
static void fill_maps(const uint8_t *data, size_t size, uint8_t selector, struct conf_idmaps *maps)
{
	for (size_t i = 0; i < 8 && (i + 1) * 12 <= size; i++) {
		enum idmap_kind kind = selector & 1U << i ? IDMAP_GID : IDMAP_UID;
		uint32_t numbers[3];

		memcpy(numbers, data + i * 12, sizeof(numbers));
		for (size_t j = 0; j < 3; j++) {
			if (numbers[j] & 1)
				numbers[j] = (numbers[j] >> 1) % 200000;
		}
		if (idmap_add(maps, kind, numbers[0], numbers[1], numbers[2]) < 0)
			abort();
	}
}

static void check_maps(const struct conf_idmaps *maps, const struct subids *ids,
                       const struct model *granted)
{
	static char name[] = "u";
	const struct caller caller = { .uid = 42, .gid = 42, .name = name, .home = name };
	struct err err;
	int r;

	r = idmap_check(maps, &caller, ids, ids, &err);
	if (granted->n < MODEL_MAX)
		must((r == 0) == model_check(maps, granted));
	must(r == 0 || (err.code == r && err.msg[0] && err.hint[0]));
	if (r == 0) {
		check_lookups(maps);
		check_with_self(maps, &caller);
	}
	if (granted->n < MODEL_MAX)
		check_choice(&caller, ids, granted, maps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_idmaps maps = {};
	struct model model = {};
	struct subids ids = {};
	uint32_t first;
	char *text;

	if (size < 2)
		return 0;
	text = strndup((const char *)data + 2, size - 2);
	if (!text)
		return 0;
	must(subid_parse(text, "u", 42, &ids) == 0);
	model_parse(text, &model);
	check_parse(&ids, &model);
	first = subid_find_free(text, "", 65536);
	must(first == 0 || first >= 100000);
	for (size_t i = 0; i < model.n && first; i++)
		must(!meets(model.first[i], model.end[i] - model.first[i], first, 65536));
	fill_maps(data + 2, size - 2, data[0], &maps);
	if (data[1] & 1) { /* the map of the text's own numbers: what is granted */
		idmap_done(&maps);
		for (size_t i = 0; i < ids.n && i < 8; i++) {
			if (idmap_add(&maps, i & 1 ? IDMAP_GID : IDMAP_UID, data[1],
			              ids.items[i].first, ids.items[i].count) < 0)
				abort();
		}
	}
	check_maps(&maps, &ids, &model);
	idmap_done(&maps);
	subid_done(&ids);
	free(text);
	return 0;
}

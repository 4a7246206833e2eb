/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/subid.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "host/subid-internal.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define SUBUID_FILE "/etc/subuid"
#define SUBGID_FILE "/etc/subgid"
#define NSSWITCH_FILE "/etc/nsswitch.conf"
#define FILE_SIZE_MAX ((size_t)16 << 20)

#define ID_LAST ((uint64_t)UINT32_MAX - 1)
/* useradd(8) begins here by default, SUB_UID_MIN of login.defs(5). */
#define FREE_FIRST 100000
#define FREE_STEP 65536

void subid_done(struct subids *ids)
{
	free(ids->items);
	*ids = (struct subids){};
}

int subid_add(struct subids *ids, uint64_t first, uint64_t count)
{
	struct subid_range *items;

	if (count == 0 || first > ID_LAST)
		return 0;
	if (count > ID_LAST - first + 1)
		count = ID_LAST - first + 1;
	items = reallocarray(ids->items, ids->n + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	items[ids->n] = (struct subid_range){ (uint32_t)first, (uint32_t)count };
	ids->items = items;
	ids->n++;
	return 0;
}

/* Digits only, leading zeros allowed as shadow allows them; what does not fit is UINT64_MAX. */
static bool parse_number(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(unsigned char)*text - '0';

		if (digit > 9)
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			value = UINT64_MAX;
	}
	*ret_value = value;
	return true;
}

/* One line, cut in place. */
static bool parse_line(char *line, const char **ret_owner, uint64_t *ret_first, uint64_t *ret_count)
{
	char *rest = line;
	const char *owner = strsep(&rest, ":");
	const char *first = strsep(&rest, ":");
	const char *count = strsep(&rest, ":");

	if (!owner || !owner[0] || !first || !count || rest)
		return false;
	*ret_owner = owner;
	return parse_number(first, ret_first) && parse_number(count, ret_count);
}

/* @name NULL: the lines of everybody. */
static int parse_owned(const char *text, const char *name, const char *uid_text,
                       struct subids *ret_ids)
{
	_cleanup_free_ char *copy = strdup(text);
	_cleanup_(subid_done) struct subids ids = {};
	char *rest = copy, *line;

	if (!copy)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n"))) {
		uint64_t first, count;
		const char *owner;

		if (!parse_line(line, &owner, &first, &count))
			continue;
		if (name && strcmp(owner, name) != 0 && strcmp(owner, uid_text) != 0)
			continue;
		if (subid_add(&ids, first, count) < 0)
			return -ENOMEM;
	}
	*ret_ids = ids;
	ids = (struct subids){};
	return 0;
}

int subid_parse(const char *text, const char *name, uid_t uid, struct subids *ret_ids)
{
	char uid_text[NUM_TEXT_MAX];

	return parse_owned(text, name, num_format(uid_text, uid), ret_ids);
}

bool subid_covers(const struct subids *ids, uint32_t first, uint32_t count)
{
	uint64_t next = first, end = (uint64_t)first + count;

	while (next < end) {
		uint64_t reached = next;

		for (size_t i = 0; i < ids->n; i++) {
			uint64_t range_end = (uint64_t)ids->items[i].first + ids->items[i].count;

			if (ids->items[i].first <= next && range_end > reached)
				reached = range_end;
		}
		if (reached == next)
			return false;
		next = reached;
	}
	return true;
}

/* End of a range of @ids that touches the block, 0 when it is free. */
static uint64_t block_taken(const struct subids *ids, uint64_t first, uint32_t count)
{
	for (size_t i = 0; i < ids->n; i++) {
		uint64_t end = (uint64_t)ids->items[i].first + ids->items[i].count;

		if (ids->items[i].first < first + count && first < end)
			return end;
	}
	return 0;
}

uint32_t subid_find_free(const char *subuid_text, const char *subgid_text, uint32_t count)
{
	_cleanup_(subid_done) struct subids uids = {}, gids = {};
	uint64_t first = FREE_FIRST;

	if (parse_owned(subuid_text, NULL, NULL, &uids) < 0 ||
	    parse_owned(subgid_text, NULL, NULL, &gids) < 0)
		return 0;
	while (first + count <= ID_LAST + 1) {
		uint64_t end = block_taken(&uids, first, count);

		if (!end)
			end = block_taken(&gids, first, count);
		if (!end)
			return (uint32_t)first;
		first += (end - first + FREE_STEP - 1) / FREE_STEP * FREE_STEP;
	}
	return 0;
}

char *subid_nss_source(const char *nsswitch_text)
{
	_cleanup_free_ char *copy = strdup(nsswitch_text);
	char *rest = copy, *line;

	while (copy && (line = strsep(&rest, "\n"))) {
		char *words, *word;

		line += strspn(line, " \t");
		line[strcspn(line, "#")] = '\0';
		if (strncmp(line, "subid:", 6) != 0)
			continue;
		words = line + 6;
		while ((word = strsep(&words, " \t\r"))) {
			/* "[NOTFOUND=return]" and the like are no sources. */
			if (*word && *word != '[' && strcmp(word, "files") != 0)
				return strdup(word);
		}
		return NULL;
	}
	return NULL;
}

/* Text of a file; empty when it does not exist. A NUL byte spoils its line, not the file. */
static int read_text(const char *path, char **ret_text)
{
	size_t len;
	int r;

	r = fd_read_file(AT_FDCWD, path, FILE_SIZE_MAX, ret_text, &len);
	if (r == -ENOENT) {
		*ret_text = strdup("");
		return *ret_text ? 0 : -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < len; i++) {
		if ((*ret_text)[i] == '\0')
			(*ret_text)[i] = '?';
	}
	return r;
}

static int load_file(const struct caller *caller, const char *path, struct subids *ret_ids,
                     struct err *err)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = read_text(path, &text);
	if (r < 0)
		return err_set(err, r, "cannot read '%s'", path);
	r = subid_parse(text, caller->name, caller->uid, ret_ids);
	return r < 0 ? err_oom(err) : 0;
}

static char *nss_source(void)
{
	_cleanup_free_ char *text = NULL;

	return read_text(NSSWITCH_FILE, &text) < 0 ? NULL : subid_nss_source(text);
}

int subid_load(const struct caller *caller, enum idmap_kind kind, struct subids *ret_ids,
               struct err *err)
{
	const char *path = kind == IDMAP_UID ? SUBUID_FILE : SUBGID_FILE;
	_cleanup_free_ char *source = nss_source();
	int r;

	if (!source)
		return load_file(caller, path, ret_ids, err);
	r = subid_load_nss(caller, kind, ret_ids);
	if (r == -ENOMEM)
		return err_oom(err);
	if (r == -EIO) {
		log_warn("'%s', which the line 'subid:' of %s names, gives no subordinate ids of "
		         "'%s' (unknown there, or no answer), continuing without them",
		         source, NSSWITCH_FILE, caller->name);
		*ret_ids = (struct subids){};
	}
	if (r != -ELIBACC)
		return 0;
	log_warn("libsubid.so, which the line 'subid: %s' of %s needs, is not installed; reading "
	         "%s instead",
	         source, NSSWITCH_FILE, path);
	return load_file(caller, path, ret_ids, err);
}

void subid_hint_none(const struct caller *caller, struct err *err)
{
	_cleanup_free_ char *subuid = NULL, *subgid = NULL, *source = nss_source();
	uint32_t first = 0;

	if (source) {
		err_hint(err,
		         "ask for subordinate ids where the line 'subid: %s' of %s takes them from",
		         source, NSSWITCH_FILE);
		return;
	}
	if (read_text(SUBUID_FILE, &subuid) == 0 && read_text(SUBGID_FILE, &subgid) == 0)
		first = subid_find_free(subuid, subgid, FREE_STEP);
	if (!first)
		first = FREE_FIRST;
	err_hint(err, "as root: usermod --add-subuids %u-%u --add-subgids %u-%u %s", first,
	         first + FREE_STEP - 1, first, first + FREE_STEP - 1, caller->name);
}

int subid_say_none(const struct caller *caller, const struct subids *uids, struct err *err)
{
	err_say(err, -ENOENT, "%s has no subordinate %s", caller->name,
	        uids->n ? "gids in /etc/subgid" : "uids in /etc/subuid");
	subid_hint_none(caller, err);
	return -ENOENT;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking up and using rows of the v1 table; its rows are in cgroup-keys.c. */
#include "cgroup/keys.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#define FILE_NAME_MAX 255
#define CHARS_PER_TYPO 5 /* more edits than one for so many are no typing error */

/* Those of both versions; "cgroup" are the core files of cgroup2. */
static const char *const controllers[] = {
	"blkio",   "cgroup",   "cpu",        "cpuacct", "cpuset", "devices",
	"dmem",    "freezer",  "hugetlb",    "io",      "memory", "misc",
	"net_cls", "net_prio", "perf_event", "pids",    "rdma",
};

size_t cgroup_controller_len(const char *file)
{
	return strcspn(file, ".");
}

bool cgroup_controller_is_known(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (strlen(controllers[i]) == len && memcmp(controllers[i], name, len) == 0)
			return true;
	return false;
}

/* @from has at most one '*', a word without a dot; what it stands for. */
static bool matches(const char *from, const char *name, const char **ret_star, size_t *ret_len)
{
	size_t head = strcspn(from, "*");

	*ret_star = NULL;
	*ret_len = 0;
	if (!from[head])
		return strcmp(from, name) == 0;
	if (strncmp(from, name, head) != 0)
		return false;
	*ret_star = name + head;
	*ret_len = strcspn(*ret_star, ".");
	return *ret_len && strcmp(from + head + 1, *ret_star + *ret_len) == 0;
}

int cgroup_key_map_name(const char *from, const char *to, const char *name, struct text *out)
{
	size_t head = strcspn(to, "*"), len;
	const char *star;

	if (!matches(from, name, &star, &len))
		return -ENOENT;
	text_add_len(out, to, head);
	if (to[head]) {
		text_add_len(out, star, len);
		text_add(out, to + head + 1);
	}
	return 0;
}

const struct cgroup_key *cgroup_key_find(const char *name)
{
	const struct cgroup_key *key;
	const char *star;
	size_t len;

	for (size_t i = 0; (key = cgroup_key_at(i)); i++)
		if (matches(key->v1, name, &star, &len))
			return key;
	return NULL;
}

const char *cgroup_key_nearest(const char *name)
{
	unsigned int best = (unsigned int)strlen(name) / CHARS_PER_TYPO + 1;
	const struct cgroup_key *key;
	const char *nearest = NULL;

	for (size_t i = 0; (key = cgroup_key_at(i)); i++) {
		unsigned int distance = str_distance(name, key->v1, best);

		if (distance < best) {
			best = distance;
			nearest = key->v1;
		}
	}
	return nearest;
}

static int map_name(const struct cgroup_key *key, const char *to, const char *name, char **ret_name,
                    struct err *err)
{
	_cleanup_(text_done) struct text text = {};

	*ret_name = NULL;
	if (!*to)
		return 0;
	(void)cgroup_key_map_name(key->v1, to, name, &text);
	return text_finish(&text, ret_name) < 0 ? err_oom(err) : 0;
}

int cgroup_key_v2_name(const struct cgroup_key *key, const char *name, char **ret_file,
                       char **ret_sibling, struct err *err)
{
	_cleanup_free_ char *file = NULL;
	int r;

	r = map_name(key, key->v2, name, &file, err);
	if (r == 0)
		r = map_name(key, key->sibling, name, ret_sibling, err);
	if (r == 0)
		*ret_file = take_ptr(file);
	return r;
}

static int refuse(const struct cgroup_key *key, const char *name, const char *verb, struct err *err)
{
	const char *why = *key->why ? key->why : "it is for reading only";

	return err_say(err, -EOPNOTSUPP, "'%s' cannot be %s on cgroup2: %s", name, verb, why);
}

static int bad_value(const struct cgroup_key *key, int code, const char *name, const char *value,
                     struct err *err)
{
	if (code == -ERANGE)
		return err_say(err, code, "'%s = %s' is less than the limit of memory alone", name,
		               value);
	if (code == -ENODATA) {
		err_say(err, code, "'%s = %s' has no meaning without a limit of memory alone", name,
		        value);
		err_hint(err, "set memory.limit_in_bytes as well");
		return code;
	}
	err_say(err, code, "'%s = %s' is no value of this file", name, value);
	if (*key->takes)
		err_hint(err, "it takes %s", key->takes);
	return code;
}

int cgroup_key_set(const struct cgroup_key *key, const char *name, const char *value,
                   const char *sibling, char **ret_value, struct err *err)
{
	const struct cgroup_kind *kind = cgroup_key_kind(key);
	_cleanup_(text_done) struct text text = {};
	int r = 0;

	if (!kind->to_v2 && (!*key->only || strcmp(value, key->only) != 0))
		return refuse(key, name, "set", err);
	if (kind->to_v2)
		r = kind->to_v2(&(struct cgroup_conversion){ key, value, sibling, &text });
	if (r < 0)
		return bad_value(key, r, name, value, err);
	return text_finish(&text, ret_value) < 0 ? err_oom(err) : 0;
}

int cgroup_key_get(const struct cgroup_key *key, const char *name, const char *text,
                   const char *sibling, char **ret_text, struct err *err)
{
	const struct cgroup_kind *kind = cgroup_key_kind(key);
	_cleanup_(text_done) struct text out = {};
	int r;

	if (!kind->to_v1)
		return refuse(key, name, "read", err);
	r = kind->to_v1(&(struct cgroup_conversion){ key, text, sibling, &out });
	if (r < 0)
		return err_say(err, r, "cannot make sense of '%s', which is '%s' on cgroup2", name,
		               key->v2);
	return text_finish(&out, ret_text) < 0 ? err_oom(err) : 0;
}

static int report_controller(const char *key, const char *file, size_t len, struct err *err)
{
	_cleanup_free_ char *name = strndup(file, len);
	const char *nearest;

	if (!name)
		return err_oom(err);
	nearest = str_nearest(name, controllers, ARRAY_SIZE(controllers), 2);
	err_say(err, -EINVAL, "'%s': there is no cgroup controller '%s'", key, name);
	if (nearest)
		err_hint(err, "did you mean '%s%s'?", nearest, file + len);
	else
		err_hint(err, "cgroup.controllers in /sys/fs/cgroup lists those of the kernel");
	return -EINVAL;
}

static int report_name(const char *key, const char *what, struct err *err)
{
	err_say(err, -EINVAL, "'%s' is no name of a cgroup file: it has %s", key, what);
	err_hint(err, "those are CONTROLLER.NAME, such as memory.max");
	return -EINVAL;
}

int cgroup_file_check(const char *key, const char *file, struct err *err)
{
	size_t len = cgroup_controller_len(file);

	if (strchr(file, '/'))
		return report_name(key, "a '/' in it", err);
	if (strstr(file, ".."))
		return report_name(key, "'..' in it", err);
	if (!len || !file[len] || !file[len + 1])
		return report_name(key, "not two parts", err);
	if (strlen(file) > FILE_NAME_MAX)
		return report_name(key, "too many characters", err);
	return cgroup_controller_is_known(file, len) ? 0 : report_controller(key, file, len, err);
}

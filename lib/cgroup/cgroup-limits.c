/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decides what is written where for lxc.cgroup.* (v1 names) and lxc.cgroup2.*. A controller is
 * either on cgroup2 or on one v1 hierarchy of the host; a key of the other version is translated by
 * the table of cgroup-keys.c, in either direction. */
#include "cgroup/limits.h"

#include "base/cleanup.h"
#include "cgroup/keys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Files that would take the container away from us. */
static const struct {
	char name[24], why[64];
} refused_files[] = {
	{ "cgroup.freeze", "a frozen container cannot start, see lxc-freeze(1)" },
	{ "cgroup.kill", "it kills what is in the cgroup, see lxc-stop(1)" },
	{ "cgroup.procs", "it moves processes" },
	{ "cgroup.subtree_control", "what is passed on inside is the container's own choice" },
	{ "cgroup.threads", "it moves processes" },
	{ "cgroup.type", "the kernel starts nothing in a threaded cgroup" },
	{ "devices.list", "it is for reading only, see devices.allow" },
	{ "freezer.state", "a frozen container cannot start, see lxc-freeze(1)" },
};

enum version { V1 = 1, V2 = 2 };

struct maker {
	const struct cgroup_host *host;
	struct cgroup_limits *limits;
	struct text translated; /* "memory.limit_in_bytes as memory.max, ..." */
	enum version devices;   /* the family whose device rules count */
	struct err *err;
};

struct setting {
	enum version version;
	const char *file, *value, *where;
	char *key; /* "lxc.cgroup2.memory.max" */
};

/* ---- the list ---- */

static void limit_done(struct cgroup_limit *limit)
{
	free(limit->key);
	free(limit->where);
	free(limit->controller);
	free(limit->file);
	free(limit->value);
	*limit = (struct cgroup_limit){};
}

void cgroup_limits_done(struct cgroup_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		limit_done(&limits->items[i]);
	free(limits->items);
	cgroup_devices_done(&limits->devices);
	strv_done(&limits->notes);
	strv_done(&limits->unheld);
	*limits = (struct cgroup_limits){};
}

static int add(struct maker *maker, const struct setting *setting, const char *file,
               const char *value, bool on_v1)
{
	struct cgroup_limits *limits = maker->limits;
	struct cgroup_limit limit = {
		.key = strdup(setting->key),
		.where = setting->where ? strdup(setting->where) : NULL,
		.controller = strndup(file, cgroup_controller_len(file)),
		.file = strdup(file),
		.value = strdup(value),
		.on_v1 = on_v1,
	};
	struct cgroup_limit *items =
		reallocarray(limits->items, limits->n + 1, sizeof(*limits->items));

	if (items)
		limits->items = items;
	if (!items || !limit.key || !limit.controller || !limit.file || !limit.value) {
		limit_done(&limit);
		return err_oom(maker->err);
	}
	items[limits->n++] = limit;
	return 0;
}

static struct cgroup_limit *find_last(const struct maker *maker, const char *file, bool on_v1)
{
	for (size_t i = maker->limits->n; file && i > 0; i--) {
		struct cgroup_limit *limit = &maker->limits->items[i - 1];

		if (limit->on_v1 == on_v1 && strcmp(limit->file, file) == 0)
			return limit;
	}
	return NULL;
}

__attribute__((format(printf, 2, 3))) static int cannot_hold(struct maker *maker, const char *fmt,
                                                             ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0 || strv_take(&maker->limits->unheld, take_ptr(text)) < 0)
		return err_oom(maker->err);
	return 0;
}

/* The v1 hierarchy of a controller by its name on either version. */
static const struct cgroup_hierarchy *v1_of(const struct maker *maker, const char *file)
{
	size_t len = cgroup_controller_len(file);
	char name[16];

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, file, len);
	name[len] = '\0';
	return cgroup_host_v1(maker->host, strcmp(name, "io") == 0 ? "blkio" : name);
}

/* Can we use that hierarchy? 1: yes; 0: the reason why not is kept. */
static int use_v1(struct maker *maker, const struct setting *setting,
                  const struct cgroup_hierarchy *v1)
{
	int r;

	if (!v1->why_not)
		return 1;
	r = cannot_hold(maker, "'%s' does not hold: %s", setting->key, v1->why_not);
	return r < 0 ? r : 0;
}

/* ---- names of the other version ---- */

static int note_translation(struct maker *maker, const struct setting *setting, const char *file)
{
	_cleanup_free_ char *pair = NULL;

	if (asprintf(&pair, "%s as %s", setting->file, file) < 0)
		return err_oom(maker->err);
	if (!maker->translated.data || !strstr(maker->translated.data, pair))
		text_addf(&maker->translated, "%s%s", maker->translated.len ? ", " : "", pair);
	return 0;
}

/* Two keys of v1 may be one file of cgroup2: there is one write then, in @merge. */
static int put_translated(struct maker *maker, const struct setting *setting, const char *file,
                          const char *value, struct cgroup_limit *merge)
{
	char *copy;
	int r;

	r = note_translation(maker, setting, file);
	if (r < 0 || !merge)
		return r < 0 ? r : add(maker, setting, file, value, /* on_v1= */ false);
	copy = strdup(value);
	if (!copy)
		return err_oom(maker->err);
	free(merge->value);
	merge->value = copy;
	return 0;
}

static int report_unknown(const struct maker *maker, const struct setting *setting)
{
	const char *nearest = cgroup_key_nearest(setting->file);

	err_say(maker->err, -EOPNOTSUPP,
	        "'%s' is no file of cgroup v1 that we know how to do on cgroup2", setting->key);
	if (nearest)
		err_hint(maker->err, "did you mean 'lxc.cgroup.%s'?", nearest);
	else
		err_hint(maker->err, "a file of cgroup2 is written as 'lxc.cgroup2.%s'",
		         setting->file);
	return -EOPNOTSUPP;
}

static int translate(struct maker *maker, const struct setting *setting)
{
	const struct cgroup_key *key = cgroup_key_find(setting->file);
	_cleanup_free_ char *file = NULL, *sibling = NULL, *value = NULL;
	struct cgroup_limit *other;
	int r;

	if (!key)
		return report_unknown(maker, setting);
	r = cgroup_key_v2_name(key, setting->file, &file, &sibling, maker->err);
	if (r < 0)
		return r;
	other = find_last(maker, sibling, /* on_v1= */ false);
	r = cgroup_key_set(key, setting->key, setting->value, other ? other->value : NULL, &value,
	                   maker->err);
	if (r < 0 || !*value)
		return r;
	if (other && strcmp(sibling, file) != 0)
		other = NULL;
	return put_translated(maker, setting, file, value, other);
}

/* The v1 value for @setting by one row; empty: nothing to write. Of rows that read a second file,
 * memory.memsw.limit_in_bytes is the one that can be written. */
static int convert_back(const struct maker *maker, const struct setting *setting,
                        const struct cgroup_key *key, char **ret_value)
{
	const struct cgroup_limit *memory = find_last(maker, "memory.limit_in_bytes", true);
	int r = cgroup_key_get(key, setting->key, setting->value, memory ? memory->value : NULL,
	                       ret_value, NULL);

	if (r == -EINVAL)
		return err_say(maker->err, r, "'%s = %s' is no value of this file", setting->key,
		               setting->value);
	return r == -ENOMEM ? err_oom(maker->err) : r;
}

/* One v1 file for the cgroup2 file of @setting. -ENOENT: the row is of another one. */
static int translate_back_row(struct maker *maker, const struct setting *setting,
                              const struct cgroup_key *key)
{
	_cleanup_free_ char *value = NULL, *name = NULL;
	_cleanup_(text_done) struct text text = {};
	const struct cgroup_kind *kind = cgroup_key_kind(key);
	const struct cgroup_hierarchy *v1;
	int r;

	if (!*key->v2 || !kind->to_v2 || !kind->to_v1 ||
	    cgroup_key_map_name(key->v2, key->v1, setting->file, &text) < 0)
		return -ENOENT;
	if (text_finish(&text, &name) < 0)
		return err_oom(maker->err);
	v1 = v1_of(maker, name);
	if (!v1)
		return -ENOENT;
	r = use_v1(maker, setting, v1);
	if (r <= 0)
		return r;
	r = convert_back(maker, setting, key, &value);
	if (r == -ENODATA)
		return cannot_hold(maker,
		                   "'%s' does not hold: cgroup v1, which has the controller on "
		                   "this host, limits swap together with lxc.cgroup2.memory.max",
		                   setting->key);
	if (r < 0 || !*value)
		return r;
	r = strcmp(name, setting->file) == 0 ? 0 : note_translation(maker, setting, name);
	return r < 0 ? r : add(maker, setting, name, value, /* on_v1= */ true);
}

static int translate_back(struct maker *maker, const struct setting *setting)
{
	const struct cgroup_key *key;
	bool found = false;

	for (size_t i = 0; (key = cgroup_key_at(i)); i++) {
		int r = translate_back_row(maker, setting, key);

		if (r < 0 && r != -ENOENT)
			return r;
		found = found || r != -ENOENT;
	}
	if (found)
		return 0;
	return cannot_hold(maker,
	                   "'%s' does not hold: the controller is on a cgroup v1 hierarchy of this "
	                   "host, which has nothing like it",
	                   setting->key);
}

/* ---- settings ---- */

static int no_hierarchy(struct maker *maker, const struct setting *setting)
{
	return cannot_hold(maker,
	                   "'%s' does not hold: no cgroup file system that is mounted on this host "
	                   "has the controller",
	                   setting->key);
}

static int make_v1(struct maker *maker, const struct setting *setting)
{
	const struct cgroup_hierarchy *v1 = v1_of(maker, setting->file);
	int r;

	if (v1) {
		r = use_v1(maker, setting, v1);
		return r <= 0 ? r : add(maker, setting, setting->file, setting->value, true);
	}
	return maker->host->has_v2 ? translate(maker, setting) : no_hierarchy(maker, setting);
}

static int make_v2(struct maker *maker, const struct setting *setting)
{
	const struct cgroup_key *key = cgroup_key_find(setting->file);

	if (key && strcmp(key->v1, key->v2) != 0) {
		err_say(maker->err, -EINVAL, "'%s' is a file of cgroup v1, not of cgroup2",
		        setting->key);
		err_hint(maker->err, "write 'lxc.cgroup.%s', which is translated", setting->file);
		return -EINVAL;
	}
	if (v1_of(maker, setting->file))
		return translate_back(maker, setting);
	if (!maker->host->has_v2)
		return no_hierarchy(maker, setting);
	return add(maker, setting, setting->file, setting->value, /* on_v1= */ false);
}

/* A hierarchy that is not ours to write leaves the program on cgroup2. */
static bool devices_on_v1(const struct maker *maker)
{
	const struct cgroup_hierarchy *v1 = cgroup_host_v1(maker->host, "devices");

	return v1 && !v1->why_not;
}

/* On v1 the kernel keeps the list itself. */
static int add_device_v1(struct maker *maker, const struct setting *setting, bool allow)
{
	char text[CGROUP_DEVICE_TEXT_MAX];
	struct cgroup_device device;
	bool is_all;
	int r;

	r = cgroup_device_parse(allow, setting->value, &device, &is_all, maker->err);
	if (r < 0)
		return r;
	return add(maker, setting, setting->file,
	           is_all ? "a" : cgroup_device_format(&device, text, sizeof(text)), true);
}

static int make_device(struct maker *maker, const struct setting *setting)
{
	bool allow = strcmp(setting->file, "devices.allow") == 0;
	int r;

	if (!allow && strcmp(setting->file, "devices.deny") != 0)
		return err_say(maker->err, -EINVAL,
		               "'%s' is no device rule: those are devices.allow and devices.deny",
		               setting->key);
	if (maker->devices != setting->version)
		return 0;
	if (devices_on_v1(maker))
		r = add_device_v1(maker, setting, allow);
	else
		r = cgroup_devices_add(&maker->limits->devices, allow, setting->value, maker->err);
	return r < 0 ? err_wrap(maker->err, r, "'%s'", setting->key) : 0;
}

static int check_refused(const struct maker *maker, const struct setting *setting)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused_files); i++) {
		if (strcmp(setting->file, refused_files[i].name) != 0)
			continue;
		err_say(maker->err, -EINVAL, "'%s' cannot be configured: %s", setting->key,
		        refused_files[i].why);
		err_hint(maker->err, "take the line out");
		return -EINVAL;
	}
	return 0;
}

static int make_setting(struct maker *maker, const struct setting *setting)
{
	int r;

	r = cgroup_file_check(setting->key, setting->file, maker->err);
	if (r == 0)
		r = check_refused(maker, setting);
	if (r < 0)
		return r;
	if (strncmp(setting->file, "devices.", strlen("devices.")) == 0)
		return make_device(maker, setting);
	return setting->version == V1 ? make_v1(maker, setting) : make_v2(maker, setting);
}

/* The limit of memory with swap is written when that of memory alone is there. */
static bool is_memsw(const char *file)
{
	return strcmp(file, "memory.memsw.limit_in_bytes") == 0 ||
	       strcmp(file, "memory.swap.max") == 0;
}

/* @memsw: those entries alone, or all but them. */
static int make_family(struct maker *maker, const struct conf_pairs *pairs, enum version version,
                       bool memsw)
{
	int r = 0;

	for (size_t i = 0; i < pairs->n && r == 0; i++) {
		struct setting setting = { version, pairs->items[i].name, pairs->items[i].value,
			                   pairs->items[i].where, NULL };

		if (is_memsw(setting.file) != memsw)
			continue;
		if (asprintf(&setting.key, "lxc.cgroup%s.%s", version == V2 ? "2" : "",
		             setting.file) < 0)
			return err_oom(maker->err);
		r = make_setting(maker, &setting);
		if (r < 0 && setting.where)
			err_wrap(maker->err, r, "%s", setting.where);
		free(setting.key);
	}
	return r;
}

static bool has_devices(const struct conf_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strncmp(pairs->items[i].name, "devices.", strlen("devices.")) == 0)
			return true;
	return false;
}

/* Configurations for every host say the same rules twice: the family of this host counts. */
static enum version devices_family(const struct maker *maker, const struct conf_pairs *cgroup1,
                                   const struct conf_pairs *cgroup2)
{
	if (devices_on_v1(maker))
		return has_devices(cgroup1) ? V1 : V2;
	return has_devices(cgroup2) ? V2 : V1;
}

static int make_all(struct maker *maker, const struct conf_pairs *cgroup1,
                    const struct conf_pairs *cgroup2)
{
	int r;

	maker->devices = devices_family(maker, cgroup1, cgroup2);
	r = make_family(maker, cgroup1, V1, /* memsw= */ false);
	if (r == 0)
		r = make_family(maker, cgroup2, V2, /* memsw= */ false);
	if (r == 0)
		r = make_family(maker, cgroup1, V1, /* memsw= */ true);
	if (r == 0)
		r = make_family(maker, cgroup2, V2, /* memsw= */ true);
	if (r == 0 && maker->translated.failed)
		return err_oom(maker->err);
	if (r == 0 && maker->translated.len &&
	    strv_addf(&maker->limits->notes, "limits are translated for this host's cgroups: %s",
	              maker->translated.data) < 0)
		return err_oom(maker->err);
	return r;
}

int cgroup_limits_make(const struct conf_pairs *cgroup1, const struct conf_pairs *cgroup2,
                       const struct cgroup_host *host, struct cgroup_limits *ret_limits,
                       struct err *err)
{
	struct cgroup_limits limits = {};
	struct maker maker = { .host = host, .limits = &limits, .err = err };
	int r;

	r = make_all(&maker, cgroup1, cgroup2);
	text_done(&maker.translated);
	if (r < 0) {
		cgroup_limits_done(&limits);
		return r;
	}
	*ret_limits = limits;
	return 0;
}

bool cgroup_limits_has_devices(const struct cgroup_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		if (cgroup_limit_is_device(&limits->items[i]))
			return true;
	return cgroup_devices_restrict(&limits->devices);
}

static void add_json(struct text *out, const char *name, const char *value)
{
	text_addf(out, "\"%s\": ", name);
	text_add_json(out, value);
	text_add(out, ", ");
}

void cgroup_limits_json(const struct cgroup_limits *limits, struct text *out)
{
	text_add(out, "[");
	for (size_t i = 0; i < limits->n; i++) {
		const struct cgroup_limit *limit = &limits->items[i];

		text_add(out, i ? ", { " : "{ ");
		add_json(out, "key", limit->key);
		add_json(out, "file", limit->file);
		add_json(out, "value", limit->value);
		text_addf(out, "\"v1\": %s }", limit->on_v1 ? "true" : "false");
	}
	text_add(out, "]");
}

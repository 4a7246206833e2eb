/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup/item.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/cgroup-internal.h"
#include "cgroup/keys.h"
#include "cgroup/limits.h"
#include "os/fd.h"
#include "os/path.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ITEM_MAX (1U << 20) /* cgroup.procs of many processes */
#define MEMBERSHIP_MAX (1U << 20)

static void controller_of(const char *file, char ret_name[CGROUP_FILE_MAX])
{
	(void)snprintf(ret_name, CGROUP_FILE_MAX, "%.*s", (int)cgroup_controller_len(file), file);
}

/* The leaf in the v1 hierarchy of the file's controller; negative: there is none. */
static int v1_dir(const struct cgroup *cgroup, const char *file)
{
	char controller[CGROUP_FILE_MAX];

	controller_of(file, controller);
	return cgroup_v1_fd(cgroup, controller);
}

/* True: @file is in @dir_fd, and @item says so. */
static bool is_in(int dir_fd, const char *file, enum cgroup_item_kind kind,
                  struct cgroup_item *item)
{
	if (dir_fd < 0 || faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	item->kind = kind;
	item->dir_fd = dir_fd;
	(void)snprintf(item->file, sizeof(item->file), "%s", file);
	return true;
}

static bool find_in_v1(const struct cgroup *cgroup, const char *name, struct cgroup_item *item)
{
	return is_in(v1_dir(cgroup, name), name, CGROUP_ITEM_SAME, item);
}

static bool find_in_v2(const struct cgroup *cgroup, const char *name, struct cgroup_item *item)
{
	return is_in(cgroup->payload_fd, name, CGROUP_ITEM_SAME, item);
}

static bool is_device_rule(const char *name)
{
	return strcmp(name, "devices.allow") == 0 || strcmp(name, "devices.deny") == 0;
}

static bool find_devices(const struct cgroup *cgroup, const char *name, struct cgroup_item *item)
{
	if (!is_device_rule(name) || cgroup->payload_fd < 0)
		return false;
	*item = (struct cgroup_item){ .kind = CGROUP_ITEM_DEVICES, .dir_fd = cgroup->payload_fd };
	return true;
}

/* The monitor sees its container freeze on cgroup2 alone: with a core file to go with, that one is
 * taken, whatever v1 has. */
static bool find_core(const struct cgroup *cgroup, const char *name, struct cgroup_item *item)
{
	const struct cgroup_key *key = cgroup_key_find(name);

	return key && str_starts_with(key->v2, "cgroup.") &&
	       is_in(cgroup->payload_fd, key->v2, CGROUP_ITEM_ON_V2, item);
}

static bool find_translated(const struct cgroup *cgroup, const char *name, struct cgroup_item *item)
{
	_cleanup_free_ char *file = NULL, *sibling = NULL;
	const struct cgroup_key *key = cgroup_key_find(name);

	return key && *key->v2 && cgroup_key_v2_name(key, name, &file, &sibling, NULL) == 0 &&
	       is_in(cgroup->payload_fd, file, CGROUP_ITEM_ON_V2, item);
}

/* Only what is one file with one value on both sides can be turned around. */
static const struct cgroup_key *next_turned(const char *name, size_t *i, struct text *out)
{
	const struct cgroup_key *key;

	while ((key = cgroup_key_at((*i)++))) {
		text_done(out);
		if (*key->v2 && cgroup_key_kind(key)->to_v1 && !*key->sibling && !*key->word &&
		    cgroup_key_map_name(key->v2, key->v1, name, out) == 0)
			return key;
	}
	return NULL;
}

static bool find_turned(const struct cgroup *cgroup, const char *name, struct cgroup_item *item)
{
	_cleanup_(text_done) struct text file = {};
	size_t i = 0;

	while (next_turned(name, &i, &file))
		if (file.data &&
		    is_in(v1_dir(cgroup, file.data), file.data, CGROUP_ITEM_ON_V1, item))
			return true;
	return false;
}

static const char *v1_path(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->n_v1; i++)
		if (cgroup_v1_has_word(cgroup->v1[i].controllers, controller))
			return cgroup->v1[i].path;
	return NULL;
}

static int say_no_cgroup(const struct cgroup *cgroup, struct err *err)
{
	err_say(err, -EOPNOTSUPP, "the container has no cgroup of its own%s",
	        cgroup->n_v1 ? " on cgroup2" : "");
	err_hint(err, "start it in a delegated cgroup, see CGROUPS in rlxc(1)");
	return -EOPNOTSUPP;
}

/* @dir: where the others are. */
static int say_no_file(const char *name, const char *controller, const char *dir, struct err *err)
{
	const char *near = cgroup_key_nearest(name);

	if (strcmp(controller, "cgroup") == 0)
		err_say(err, -ENOENT, "cgroup2 of this kernel has no file '%s'", name);
	else
		err_say(err, -ENOENT, "the controller '%s' of this kernel has no file '%s'",
		        controller, name);
	if (near && strcmp(near, name) != 0)
		err_hint(err, "did you mean '%s'?", near);
	else
		err_hint(err, "its files are in '%s'", dir ? dir : "?");
	return -ENOENT;
}

/* On cgroup2; the core files are there without a controller. */
static bool has_controller(const struct cgroup *cgroup, const char *controller)
{
	return cgroup->payload_fd >= 0 &&
	       (strcmp(controller, "cgroup") == 0 ||
	        cgroup_file_has(cgroup->payload_fd, "cgroup.controllers", controller));
}

static bool is_on_v1(const char *controller)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *controllers, *path;

	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", MEMBERSHIP_MAX, &text, NULL) < 0)
		return false;
	rest = text;
	while (cgroup_v1_next_member(&rest, &controllers, &path))
		if (cgroup_v1_has_word(controllers, controller))
			return true;
	return false;
}

static int say_not_on_v1(const char *controller, struct err *err)
{
	err_say(err, -ENODEV,
	        "the controller '%s' is on a cgroup v1 hierarchy of this host, where the "
	        "container has no cgroup",
	        controller);
	err_hint(err, "it has one when its configuration limits something of this controller, and "
	              "who starts it may write there, see CGROUPS in rlxc(1)");
	return -ENODEV;
}

/* @file: the name on cgroup2. */
static int say_not_on_v2(const struct cgroup *cgroup, const char *name, const char *file,
                         struct err *err)
{
	_cleanup_(cgroup_missing_done) struct cgroup_missing missing = {};
	char controller[CGROUP_FILE_MAX];
	int r;

	controller_of(file, controller);
	if (has_controller(cgroup, controller))
		return say_no_file(name, controller, cgroup->payload_path, err);
	if (is_on_v1(controller))
		return say_not_on_v1(controller, err);
	r = cgroup_explain_missing(cgroup, controller, &missing);
	if (r < 0)
		return err_set(err, r, "the controller '%s' is missing", controller);
	err_say(err, -ENODEV, "%s", missing.why);
	if (missing.remedy)
		err_hint(err, "%s", missing.remedy);
	return -ENODEV;
}

static int say_not_found(const struct cgroup *cgroup, const char *name, struct err *err)
{
	_cleanup_free_ char *file = NULL, *sibling = NULL, *none = NULL;
	const struct cgroup_key *key = cgroup_key_find(name);
	char controller[CGROUP_FILE_MAX];

	controller_of(name, controller);
	if (cgroup_v1_fd(cgroup, controller) >= 0)
		return say_no_file(name, controller, v1_path(cgroup, controller), err);
	if (!has_controller(cgroup, controller) && is_on_v1(controller))
		return say_not_on_v1(controller, err);
	if (cgroup->payload_fd < 0)
		return say_no_cgroup(cgroup, err);
	if (key && !*key->v2)
		return cgroup_key_get(key, name, "", NULL, &none, err);
	if (key && cgroup_key_v2_name(key, name, &file, &sibling, err) < 0)
		return -ENOMEM;
	return say_not_on_v2(cgroup, name, file ? file : name, err);
}

int cgroup_item_find(const struct cgroup *cgroup, const char *name, struct cgroup_item *ret_item,
                     struct err *err)
{
	static bool (*const places[])(const struct cgroup *, const char *, struct cgroup_item *) = {
		find_core, find_in_v1, find_in_v2, find_devices, find_translated, find_turned
	};
	struct cgroup_item item = {};
	int r;

	r = cgroup_file_check(name, name, err);
	if (r < 0)
		return r;
	if (strlen(name) >= CGROUP_FILE_MAX)
		return err_set(err, -ENAMETOOLONG, "there is no such file");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!places[i](cgroup, name, &item))
			continue;
		*ret_item = item;
		return 0;
	}
	return say_not_found(cgroup, name, err);
}

static int read_file(int dir_fd, const char *file, char **ret_text)
{
	_cleanup_close_ int fd = path_open_beneath(dir_fd, file, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? fd : fd_read_all(fd, ITEM_MAX, ret_text, NULL);
}

/* The sibling of a v1 name's row; *@ret_text stays NULL without one. */
static int read_sibling(const struct cgroup_item *item, const struct cgroup_key *key,
                        const char *name, char **ret_text, struct err *err)
{
	_cleanup_free_ char *file = NULL, *sibling = NULL;
	int r;

	r = cgroup_key_v2_name(key, name, &file, &sibling, err);
	if (r < 0 || !sibling)
		return r;
	r = read_file(item->dir_fd, sibling, ret_text);
	return r < 0 ? err_set(err, r, "cannot read '%s'", sibling) : 0;
}

/* The row by which the cgroup2 @name was found as @item. */
static const struct cgroup_key *turned_key(const struct cgroup_item *item, const char *name)
{
	_cleanup_(text_done) struct text file = {};
	const struct cgroup_key *key;
	size_t i = 0;

	while ((key = next_turned(name, &i, &file)))
		if (file.data && strcmp(file.data, item->file) == 0)
			break;
	return key;
}

static int turn_read(const struct cgroup_item *item, const char *name, const char *content,
                     char **ret_text, struct err *err)
{
	const struct cgroup_key *key = turned_key(item, name);
	_cleanup_free_ char *max = NULL;

	/* "max" is a number there. */
	if (key && cgroup_key_get(key, name, "max", NULL, &max, NULL) == 0 &&
	    strcmp(max, content) == 0)
		content = "max";
	else if (key && cgroup_key_set(key, item->file, content, NULL, ret_text, NULL) == 0)
		return 0;
	*ret_text = strdup(content);
	return *ret_text ? 0 : err_oom(err);
}

static int translate_read(const struct cgroup_item *item, const char *name, const char *content,
                          char **ret_text, struct err *err)
{
	_cleanup_free_ char *sibling = NULL;
	const struct cgroup_key *key = cgroup_key_find(name);
	int r;

	if (item->kind == CGROUP_ITEM_ON_V1)
		return turn_read(item, name, content, ret_text, err);
	if (!key)
		return err_set(err, -EINVAL, "cannot translate '%s'", name);
	r = read_sibling(item, key, name, &sibling, err);
	return r < 0 ? r : cgroup_key_get(key, name, content, sibling, ret_text, err);
}

int cgroup_item_read(const struct cgroup_item *item, const char *name, char **ret_text,
                     struct err *err)
{
	_cleanup_free_ char *content = NULL, *value = NULL;
	struct text text = {};
	int r;

	if (item->kind == CGROUP_ITEM_DEVICES)
		return err_say(err, -EACCES, "'%s' can only be written", name);
	r = read_file(item->dir_fd, item->file, &content);
	if (r == -EACCES)
		return err_say(err, r, "'%s' can only be written", item->file);
	if (r < 0)
		return err_set(err, r, "cannot read '%s'", item->file);
	if (item->kind == CGROUP_ITEM_SAME) {
		*ret_text = take_ptr(content);
		return 0;
	}
	if (str_ends_with(content, "\n"))
		content[strlen(content) - 1] = '\0';
	r = translate_read(item, name, content, &value, err);
	if (r < 0)
		return r;
	text_add(&text, value);
	text_add(&text, *value ? "\n" : "");
	return text_finish(&text, ret_text) < 0 ? err_oom(err) : 0;
}

/* What to write for @value; nothing: there is nothing to do. */
static int translate_write(const struct cgroup_item *item, const char *name, const char *value,
                           char **ret_value, struct err *err)
{
	_cleanup_free_ char *sibling = NULL;
	const struct cgroup_key *key = NULL;
	int r;

	if (item->kind == CGROUP_ITEM_ON_V2)
		key = cgroup_key_find(name);
	if (key) {
		r = read_sibling(item, key, name, &sibling, err);
		if (r >= 0)
			r = cgroup_key_set(key, name, value, sibling, ret_value, err);
		if (r < 0)
			err_hint(err, "see VERSION 1 LIMITS in lxc.container.conf(5)");
		return r;
	}
	if (item->kind == CGROUP_ITEM_ON_V1)
		key = turned_key(item, name);
	if (key && cgroup_key_get(key, name, value, NULL, ret_value, NULL) == 0)
		return 0;
	*ret_value = strdup(value); /* for the kernel to judge */
	return *ret_value ? 0 : err_oom(err);
}

int cgroup_item_write(const struct cgroup_item *item, const char *name, const char *value,
                      struct err *err)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	int r;

	if (!*value && item->kind != CGROUP_ITEM_SAME)
		return err_say(err, -EINVAL, "'%s' takes no empty value on this host", name);
	r = translate_write(item, name, value, &text, err);
	if (r < 0 || (!*text && item->kind != CGROUP_ITEM_SAME))
		return r;
	fd = path_open_beneath(item->dir_fd, item->file, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		r = fd;
	else
		r = *text ? fd_write(fd, text, strlen(text)) : fd_write(fd, "\n", 1);
	if (r < 0) {
		cgroup_report_write(r, NULL, item->file, text, err);
		err_hint(err, "without a value the present one is printed; the kernel's "
		              "cgroup-v2.rst says what it takes");
	}
	return r;
}

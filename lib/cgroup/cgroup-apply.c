/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the limits, and words for what stands in the way. A limit that nothing can hold is named:
 * a warning, or with strict an error before the first write. */
#include "cgroup/limits.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup-internal.h"
#include "cgroup/keys.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROLLERS_MAX 512 /* text of cgroup.controllers */

/* ---- controllers ---- */

static bool next_name(const char **text, char *name, size_t size)
{
	*text += strspn(*text, " \n");
	while (**text) {
		size_t len = strcspn(*text, " \n");
		const char *word = *text;

		*text += len;
		*text += strspn(*text, " \n");
		if (len >= size)
			continue;
		memcpy(name, word, len);
		name[len] = '\0';
		return true;
	}
	return false;
}

static bool list_has(const char *list, const char *wanted)
{
	char name[32];

	while (next_name(&list, name, sizeof(name)))
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

bool cgroup_file_has(int dir_fd, const char *file, const char *controller)
{
	char list[CONTROLLERS_MAX];

	return fd_read_short(dir_fd, file, list, sizeof(list)) >= 0 && list_has(list, controller);
}

static bool is_needed(const struct cgroup_limits *limits, const char *controller)
{
	for (size_t i = 0; i < limits->n; i++)
		if (!limits->items[i].on_v1 && strcmp(limits->items[i].controller, controller) == 0)
			return true;
	return false;
}

/* The root of the hierarchy, which has no type, is free of the rule. */
static bool is_occupied(int dir_fd)
{
	char first[2];

	return faccessat(dir_fd, "cgroup.type", F_OK, 0) == 0 &&
	       fd_read_short(dir_fd, "cgroup.procs", first, sizeof(first)) > 0;
}

/* The kernel refuses most controllers where there are processes, but not cpu, pids and their like:
 * those make the base the root of a threaded tree, and its children a place for no process. */
int cgroup_enable_controllers(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                              struct err *err)
{
	char list[CONTROLLERS_MAX], enabled[CONTROLLERS_MAX], name[32];
	const char *rest = list;
	bool occupied;
	int busy = 0;

	if (cgroup->base_fd < 0 ||
	    fd_read_short(cgroup->base_fd, "cgroup.controllers", list, sizeof(list)) < 0 ||
	    fd_read_short(cgroup->base_fd, "cgroup.subtree_control", enabled, sizeof(enabled)) < 0)
		return 0;
	occupied = is_occupied(cgroup->base_fd);
	while (next_name(&rest, name, sizeof(name))) {
		char word[sizeof(name) + 1];
		int r = -EBUSY;

		if (list_has(enabled, name))
			continue;
		(void)snprintf(word, sizeof(word), "+%s", name);
		if (!occupied)
			r = fd_write_at(cgroup->base_fd, "cgroup.subtree_control", word);
		if (r == -EBUSY && is_needed(limits, name) && !busy)
			busy = err_say(err, -EBUSY,
			               "the cgroup '%s' cannot pass the controller '%s' on: there "
			               "are processes in it",
			               cgroup->base, name);
	}
	return busy;
}

void cgroup_pass_all(int dir_fd)
{
	char list[CONTROLLERS_MAX], name[32], word[sizeof(name) + 1];
	const char *rest = list;

	if (fd_read_short(dir_fd, "cgroup.controllers", list, sizeof(list)) < 0)
		return;
	while (next_name(&rest, name, sizeof(name))) {
		(void)snprintf(word, sizeof(word), "+%s", name);
		(void)fd_write_at(dir_fd, "cgroup.subtree_control", word);
	}
}

/* ---- what is missing ---- */

void cgroup_missing_done(struct cgroup_missing *missing)
{
	free(missing->why);
	free(missing->remedy);
	*missing = (struct cgroup_missing){};
}

/* The user whose service manager decides what is below @path. */
static bool find_user_service(const char *path)
{
	const char *service = strstr(path, "/user@");

	return service && strstr(service, ".service/");
}

/* What root has to write, from the top down: each level passes on to the next. */
static int add_writes(const char *path, const char *mount, const char *controller, struct text *out)
{
	_cleanup_free_ char *parent = strdup(path);
	char *slash = parent ? strrchr(parent, '/') : NULL;
	_cleanup_close_ int fd = -EBADF;
	int r = 0;

	if (!slash)
		return -ENOMEM;
	*slash = '\0';
	fd = strlen(parent) >= strlen(mount) ? cgroup_open_dir(AT_FDCWD, parent) : -ENOENT;
	if (fd < 0)
		return -ENOENT;
	if (!cgroup_file_has(fd, "cgroup.controllers", controller))
		r = add_writes(parent, mount, controller, out);
	if (r == 0 && !cgroup_file_has(fd, "cgroup.subtree_control", controller))
		text_addf(out, "%secho +%s > %s/cgroup.subtree_control", out->len ? "; " : "",
		          controller, parent);
	return r;
}

/* Directories above the mount point are no cgroups, so the walk ends there by itself. */
static int explain_base(const struct cgroup *cgroup, const char *controller, struct text *why,
                        struct text *remedy)
{
	_cleanup_(text_done) struct text writes = {};
	int r = add_writes(cgroup->base, "/", controller, &writes);

	if (r == -ENOENT) {
		text_addf(
			why,
			"cgroup2 of this host has no controller '%s' for us: the kernel is without "
			"it, or it is used on a cgroup v1 hierarchy, or outside of this container",
			controller);
		return 0;
	}
	text_addf(why, "the controller '%s' is not delegated to '%s'", controller, cgroup->base);
	if (find_user_service(cgroup->base))
		text_addf(remedy,
		          "as root, write the lines '[Service]' and 'Delegate=cpu cpuset io memory "
		          "pids' to /etc/systemd/system/user@.service.d/delegate.conf, then run "
		          "'systemctl daemon-reload' and log in anew");
	else if (writes.len)
		text_addf(remedy, "as root: %s", writes.data);
	return r;
}

static int explain(const struct cgroup *cgroup, const char *controller, struct text *why,
                   struct text *remedy)
{
	if (cgroup->payload_fd < 0) {
		text_add(why, "the container has no cgroup of its own");
		text_add(remedy, "see CGROUPS in rlxc(1)");
		return 0;
	}
	if (!cgroup_file_has(cgroup->base_fd, "cgroup.controllers", controller))
		return explain_base(cgroup, controller, why, remedy);
	text_addf(why, "the cgroup '%s' does not pass the controller '%s' on", cgroup->base,
	          controller);
	text_addf(remedy, "move the processes that are in it to a cgroup below it");
	return 0;
}

int cgroup_explain_missing(const struct cgroup *cgroup, const char *controller,
                           struct cgroup_missing *ret_missing)
{
	_cleanup_(text_done) struct text why = {}, remedy = {};
	struct cgroup_missing missing = {};

	if (explain(cgroup, controller, &why, &remedy) < 0 || text_finish(&why, &missing.why) < 0)
		return -ENOMEM;
	if (remedy.len && text_finish(&remedy, &missing.remedy) < 0) {
		cgroup_missing_done(&missing);
		return -ENOMEM;
	}
	*ret_missing = missing;
	return 0;
}

/* A limit, or several, that do not hold. */
static int complain(bool strict, const char *what, const char *remedy, struct err *err)
{
	if (!strict) {
		log_warn("%s, continuing without it%s%s", what, remedy ? "; to have it, " : "",
		         remedy ? remedy : "");
		return 0;
	}
	err_say(err, -EOPNOTSUPP, "%s", what);
	err_hint(err, "%s", remedy ? remedy : "without --strict-limits it is left out");
	return -EOPNOTSUPP;
}

/* ---- which are there ---- */

static int leaf_fd(const struct cgroup *cgroup, const struct cgroup_limit *limit)
{
	return limit->on_v1 ? cgroup_v1_fd(cgroup, limit->controller) : cgroup->payload_fd;
}

static bool is_held(const struct cgroup *cgroup, const struct cgroup_limit *limit)
{
	int fd = leaf_fd(cgroup, limit);

	if (fd < 0 || limit->on_v1 || strcmp(limit->controller, "cgroup") == 0)
		return fd >= 0;
	return cgroup_file_has(fd, "cgroup.controllers", limit->controller);
}

static bool same_place(const struct cgroup_limit *a, const struct cgroup_limit *b)
{
	return a->on_v1 == b->on_v1 && strcmp(a->controller, b->controller) == 0;
}

/* Was the place of limit @i spoken of before? */
static bool is_first(const struct cgroup_limits *limits, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_place(&limits->items[i], &limits->items[j]))
			return false;
	return true;
}

/* "'KEY', 'KEY'": each key of the same place once. */
static void add_keys(const struct cgroup_limits *limits, size_t i, struct text *out)
{
	for (size_t j = i; j < limits->n; j++) {
		const struct cgroup_limit *limit = &limits->items[j];
		_cleanup_(text_done) struct text key = {};

		text_addf(&key, "'%s'", limit->key);
		if (key.failed || !same_place(&limits->items[i], limit) ||
		    (out->data && strstr(out->data, key.data)))
			continue;
		text_addf(out, "%s%s", out->len ? ", " : "", key.data);
	}
}

static int explain_limit(const struct cgroup *cgroup, const struct cgroup_limit *limit,
                         struct cgroup_missing *ret_missing)
{
	if (!limit->on_v1)
		return cgroup_explain_missing(cgroup, limit->controller, ret_missing);
	return asprintf(&ret_missing->why,
	                "the container has no cgroup in the v1 hierarchy of '%s'",
	                limit->controller) < 0
	               ? -ENOMEM
	               : 0;
}

static int complain_missing(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                            size_t i, bool strict, struct err *err)
{
	_cleanup_(cgroup_missing_done) struct cgroup_missing missing = {};
	_cleanup_(text_done) struct text what = {};

	add_keys(limits, i, &what);
	if (explain_limit(cgroup, &limits->items[i], &missing) < 0 || what.failed)
		return err_oom(err);
	text_addf(&what, " cannot hold: %s", missing.why);
	return what.failed ? err_oom(err) : complain(strict, what.data, missing.remedy, err);
}

static int check_all(const struct cgroup *cgroup, const struct cgroup_limits *limits, bool strict,
                     struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < limits->n && r == 0; i++)
		if (!is_held(cgroup, &limits->items[i]) && is_first(limits, i))
			r = complain_missing(cgroup, limits, i, strict, err);
	return r;
}

/* ---- writing ---- */

static const struct {
	int code;
	char text[84];
} write_reasons[] = {
	{ -EINVAL, "the kernel takes no such value there" },
	{ -ERANGE, "the value is outside of the range that the kernel takes" },
	{ -EOVERFLOW, "the number is too large" },
	{ -ENOENT, "this kernel has no such file" },
	{ -EACCES, "it is not for us to write, or for reading only" },
	{ -EPERM, "it is not for us to write" },
	{ -EBUSY, "it cannot be changed while it is in use, or more than that is used already" },
	{ -ENODEV, "there is no such device" },
	{ -ENXIO, "there is no such device" },
	{ -ENOSPC, "nothing is left of it to give" },
	{ -EOPNOTSUPP, "the kernel cannot do it on this host" },
	{ -ENOMEM, "the kernel has no memory for it" },
};

int cgroup_report_write(int code, const char *key, const char *file, const char *value,
                        struct err *err)
{
	const char *why = strerror(-code);

	for (size_t i = 0; i < ARRAY_SIZE(write_reasons); i++)
		if (write_reasons[i].code == code)
			why = write_reasons[i].text;
	err_say(err, code, "writing '%s' to '%s': %s", value, file, why);
	return key ? err_wrap(err, code, "cannot set '%s'", key) : code;
}

/* In the way of LXC, device rules of v1 that are not ours to write do not stop a start. */
static int write_limit(const struct cgroup *cgroup, const struct cgroup_limit *limit, bool strict,
                       struct err *err)
{
	int r = fd_write_at(leaf_fd(cgroup, limit), limit->file, limit->value);

	if (r == 0) {
		log_debug("'%s': wrote '%s' to '%s'", limit->key, limit->value, limit->file);
		return 0;
	}
	if (cgroup_limit_is_device(limit) && (r == -EPERM || r == -EACCES) && !strict) {
		log_warn("'%s = %s' does not hold: %s, continuing without it", limit->key,
		         limit->value, strerror(-r));
		return 0;
	}
	cgroup_report_write(r, limit->key, limit->file, limit->value, err);
	return limit->where ? err_wrap(err, r, "%s", limit->where) : r;
}

/* @devices: the device rules alone, or all but them. */
static int write_all(const struct cgroup *cgroup, const struct cgroup_limits *limits, bool devices,
                     bool strict, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < limits->n && r == 0; i++)
		if (cgroup_limit_is_device(&limits->items[i]) == devices &&
		    is_held(cgroup, &limits->items[i]))
			r = write_limit(cgroup, &limits->items[i], strict, err);
	return r;
}

int cgroup_limits_apply(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                        bool strict, struct err *err)
{
	int r = check_all(cgroup, limits, strict, err);

	return r < 0 ? r : write_all(cgroup, limits, /* devices= */ false, strict, err);
}

static int attach_devices(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                          bool strict, int *prog_fd, struct err *err)
{
	struct err inner = {};
	int r;

	if (!cgroup_devices_restrict(&limits->devices))
		return 0;
	if (cgroup->payload_fd < 0)
		return complain(strict,
		                "device rules (lxc.cgroup*.devices.*) cannot hold: the container "
		                "has no cgroup of its own",
		                "see CGROUPS in rlxc(1)", err);
	r = cgroup_devices_attach(cgroup->payload_fd, &limits->devices, prog_fd, &inner);
	if (r == -EPERM || r == -EACCES)
		return complain(
			strict,
			"device rules (lxc.cgroup*.devices.*) cannot hold: the kernel takes "
			"them from the host's root alone; it lets nobody else's container "
			"make device nodes anyway",
			NULL, err);
	if (r < 0 && err)
		*err = inner;
	return r < 0 ? r : 0;
}

int cgroup_limits_apply_devices(const struct cgroup *cgroup, const struct cgroup_limits *limits,
                                bool strict, int *prog_fd, struct err *err)
{
	int r = write_all(cgroup, limits, /* devices= */ true, strict, err);

	return r < 0 ? r : attach_devices(cgroup, limits, strict, prog_fd, err);
}

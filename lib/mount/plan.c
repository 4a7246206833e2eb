/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mount/plan.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "mount/mount-internal.h"
#include "os/overlay.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void op_done(struct mount_op *op)
{
	free(op->source);
	free(op->target);
	free(op->idmap);
	for (size_t i = 0; i < op->n_options; i++)
		free(op->options[i]);
	free(op->options);
}

void mount_plan_done(struct mount_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		op_done(&plan->ops[i]);
	free(plan->ops);
	free(plan->tty_dir);
	free(plan->slave_after_pivot);
	strv_done(&plan->ignored);
	mount_entry_done(&plan->rootfs_options);
	*plan = (struct mount_plan){};
}

struct mount_op *mount_plan_add(struct mount_builder *b, enum mount_kind kind, const char *source,
                                const char *target)
{
	struct mount_plan *plan = b->plan;
	struct mount_op *ops = array_grow(plan->ops, plan->n, sizeof(*ops));
	struct mount_op *op;

	if (!ops)
		return NULL;
	plan->ops = ops;
	op = &ops[plan->n];
	*op = (struct mount_op){ .kind = kind, .source = strdup(source), .target = strdup(target) };
	if (!op->source || !op->target) {
		op_done(op);
		return NULL;
	}
	plan->n++;
	return op;
}

int mount_plan_add_option(struct mount_op *op, const char *key, const char *value)
{
	char **options = reallocarray(op->options, op->n_options + 3, sizeof(*options));

	if (!options)
		return -ENOMEM;
	op->options = options;
	options += op->n_options;
	options[0] = strdup(key);
	options[1] = value ? strdup(value) : NULL;
	options[2] = NULL;
	op->n_options += 2;
	return options[0] && (!value || options[1]) ? 0 : -ENOMEM;
}

int mount_plan_add_new(struct mount_builder *b, const char *type, const char *target, uint64_t attr)
{
	struct mount_op *op = mount_plan_add(b, MOUNT_NEW, type, target);

	if (!op)
		return err_oom(b->err);
	op->attr_set = attr;
	op->create_dir = true;
	return 0;
}

int mount_plan_add_tmpfs(struct mount_builder *b, const char *target, uint64_t attr,
                         const char *size)
{
	int r = mount_plan_add_new(b, "tmpfs", target, attr);
	struct mount_op *op;

	if (r < 0)
		return r;
	op = &b->plan->ops[b->plan->n - 1];
	if (mount_plan_add_option(op, "mode", "0755") < 0 ||
	    mount_plan_add_option(op, "size", size) < 0)
		return err_oom(b->err);
	return 0;
}

/* Binds a path of the container on itself with other attributes; absent: nothing to protect. */
static int add_self(struct mount_builder *b, const char *path, uint64_t set, uint64_t clear)
{
	struct mount_op *op = mount_plan_add(b, MOUNT_BIND_INSIDE, path, path);

	if (!op)
		return err_oom(b->err);
	op->attr_set = set;
	op->attr_clear = clear;
	op->recursive = true;
	op->skip_absent = true;
	return 0;
}

static int plan_proc(struct mount_builder *b)
{
	int r;

	if (b->conf->mount_auto.proc == CONF_PROC_NONE)
		return 0;
	if (b->facts->new_userns && !b->facts->new_pidns) {
		/* procfs belongs to the pid namespace: a user can only show the host's, whole. */
		struct mount_op *op = mount_plan_add(b, MOUNT_BIND_HOST, "/proc", "proc");

		if (!op)
			return err_oom(b->err);
		op->recursive = op->create_dir = true;
		op->attr_set = NO_EXEC_DEV_SUID;
		r = 0;
	} else {
		r = mount_plan_add_new(b, "proc", "proc", NO_EXEC_DEV_SUID);
	}
	if (r < 0 || b->conf->mount_auto.proc == CONF_PROC_RW)
		return r;
	r = add_self(b, "proc/sys", MOUNT_ATTR_RDONLY, 0);
	if (r == 0 && b->facts->cap_net_admin && b->facts->new_netns)
		r = add_self(b, "proc/sys/net", 0, MOUNT_ATTR_RDONLY);
	if (r == 0)
		r = add_self(b, "proc/sysrq-trigger", MOUNT_ATTR_RDONLY, 0);
	return r;
}

static int plan_sys(struct mount_builder *b)
{
	enum conf_auto_sys kind = b->conf->mount_auto.sys;
	uint64_t attr = kind == CONF_SYS_MIXED ? NO_EXEC_DEV_SUID : 0;
	struct mount_op *op;
	int r;

	if (kind == CONF_SYS_NONE)
		return 0;
	if (kind != CONF_SYS_RW)
		attr |= MOUNT_ATTR_RDONLY;
	if (b->facts->new_userns && !b->facts->new_netns) {
		/* sysfs belongs to the network namespace: without an own one only the host's can
		 * be shown, and a user may only show it whole. */
		op = mount_plan_add(b, MOUNT_BIND_HOST, "/sys", "sys");
		if (!op)
			return err_oom(b->err);
		op->recursive = op->create_dir = true;
		op->attr_set = MOUNT_ATTR_RDONLY | NO_EXEC_DEV_SUID;
		return 0;
	}
	r = mount_plan_add_new(b, "sysfs", "sys", attr);
	if (r < 0 || kind != CONF_SYS_MIXED || !b->facts->new_netns)
		return r;
	return add_self(b, "sys/devices/virtual/net", 0, MOUNT_ATTR_RDONLY);
}

static int plan_shmounts(struct mount_builder *b)
{
	const struct conf_mount_auto *chosen = &b->conf->mount_auto;
	const char *inside;
	struct mount_op *op;

	if (!chosen->shmounts_host)
		return 0;
	inside = chosen->shmounts_container ? chosen->shmounts_container : "/dev/.lxc-mounts";
	op = mount_plan_add(b, MOUNT_BIND_HOST, chosen->shmounts_host,
	                    inside + strspn(inside, "/"));
	b->plan->slave_after_pivot = strdup(inside);
	if (!op || !b->plan->slave_after_pivot)
		return err_oom(b->err);
	op->create_dir = true;
	return 0;
}

static int plan_resolver(struct mount_builder *b)
{
	const char *text = b->facts->resolver;

	return !text || mount_plan_add(b, MOUNT_RESOLVER, text, "etc/resolv.conf")
	               ? 0
	               : err_oom(b->err);
}

static int plan_dev(struct mount_builder *b)
{
	char size[32];

	if (!b->conf->autodev)
		return 0;
	(void)snprintf(size, sizeof(size), "%d", b->conf->autodev_tmpfs_size);
	return mount_plan_add_tmpfs(b, "dev", MOUNT_ATTR_NOSUID, size);
}

static int plan_nodes(struct mount_builder *b)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = { { "null", 1, 3 },   { "zero", 1, 5 },    { "full", 1, 7 },
		      { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };
	static const struct {
		const char *target, *source;
	} links[] = { { "dev/fd", "/proc/self/fd" },
		      { "dev/stdin", "/proc/self/fd/0" },
		      { "dev/stdout", "/proc/self/fd/1" },
		      { "dev/stderr", "/proc/self/fd/2" } };
	char target[32];

	b->plan->first_node = b->plan->n;
	for (size_t i = 0; b->conf->autodev && i < ARRAY_SIZE(nodes); i++) {
		struct mount_op *op;

		(void)snprintf(target, sizeof(target), "dev/%s", nodes[i].name);
		op = mount_plan_add(b, MOUNT_DEVICE, nodes[i].name, target);
		if (!op)
			return err_oom(b->err);
		op->major = nodes[i].major;
		op->minor = nodes[i].minor;
		op->mknod = b->facts->may_mknod;
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (!mount_plan_add(b, MOUNT_LINK, links[i].source, links[i].target))
			return err_oom(b->err);
	return 0;
}

static int add_masks(struct mount_builder *b, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mount_op *op = mount_plan_add(b, MOUNT_MASK, "null", paths[i]);

		if (!op)
			return err_oom(b->err);
		op->major = 1;
		op->minor = 3;
		op->mknod = b->facts->may_mknod && b->conf->autodev;
		op->skip_absent = true;
	}
	return 0;
}

/* What tells of the host's memory, keys and hardware. Behind a map of ids most of it is closed, or
 * root's; the first ones are hidden there as well. What an entry has mounted there stays. */
static int plan_masks(struct mount_builder *b)
{
	static const char *const proc[] = { "proc/kcore",       "proc/keys",   "proc/timer_list",
		                            "proc/acpi",        "proc/asound", "proc/latency_stats",
		                            "proc/sched_debug", "proc/scsi" };
	static const char *const sys[] = { "sys/devices/virtual/powercap", "sys/firmware" };
	const struct conf_mount_auto *chosen = &b->conf->mount_auto;
	const bool ids = b->facts->new_userns;
	int r = 0;

	if (chosen->proc == CONF_PROC_MIXED)
		r = add_masks(b, proc, ids ? 3 : ARRAY_SIZE(proc));
	if (r == 0 && chosen->sys == CONF_SYS_MIXED && !ids)
		r = add_masks(b, sys, ARRAY_SIZE(sys));
	return r;
}

static int take_options(struct mount_op *op, const struct strv *data)
{
	for (size_t i = 0; i < data->n; i++) {
		_cleanup_free_ char *key = strdup(data->items[i]);
		char *value = key ? strchr(key, '=') : NULL;
		int r;

		if (!key)
			return -ENOMEM;
		if (value)
			*value++ = '\0';
		r = mount_plan_add_option(op, key, value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_data(struct mount_op *op, const struct mount_entry *entry, struct err *err)
{
	int r = take_options(op, &entry->data);

	if (r == 0 && entry->source && strcmp(entry->source, "none") != 0 &&
	    strcmp(entry->source, entry->type) != 0)
		r = mount_plan_add_option(op, "source", entry->source);
	return r < 0 ? err_set(err, r, "cannot take the options of the mount on '%s'", op->target)
	             : 0;
}

/* Configurations from before there was a fresh /dev mount over what their tree has in it: dev/pts,
 * dev/shm. What is made there does not last. */
static bool is_in_fresh_dev(const struct mount_builder *b, const char *target)
{
	return b->conf->autodev && str_starts_with(target, "dev/");
}

/* As LXC does, but aloud: somebody meant a path inside. */
static int ignore_entry(struct mount_builder *b, const struct mount_entry *entry)
{
	const char *inside = entry->target + strspn(entry->target, "/");
	int r = strv_addf(&b->plan->ignored,
	                  "the mount target '%s' is not below the root file system%s%s%s",
	                  entry->target, *inside ? " (inside the container it is '" : "", inside,
	                  *inside ? "')" : "");

	return r < 0 ? err_oom(b->err) : 0;
}

/* The kernel takes no words for a bind mount, so a mistyped one would be lost in silence. */
static int ignore_words(struct mount_builder *b, const struct mount_entry *entry)
{
	int r = 0;

	for (size_t i = 0; i < entry->data.n && r == 0; i++)
		r = strv_addf(&b->plan->ignored,
		              "the option '%s' of the mount on '%s' means nothing for a bind mount",
		              entry->data.items[i], entry->target);
	return r < 0 ? err_oom(b->err) : 0;
}

static int check_type(const struct mount_entry *entry, struct err *err)
{
	if (entry->bind || entry->optional || (*entry->type && strcmp(entry->type, "none") != 0))
		return 0;
	err_say(err, -EINVAL, "the mount on '%s' has no file system type, and is no bind mount",
	        entry->target);
	err_hint(err, "for a directory of the host write: SOURCE TARGET none bind");
	return -EINVAL;
}

static int plan_entry(struct mount_builder *b, struct mount_entry *entry)
{
	_cleanup_free_ char *target = NULL;
	size_t n_layers = 0;
	enum mount_kind kind = MOUNT_NEW;
	const char *source = entry->type;
	struct mount_op *op;
	int r;

	r = mount_entry_target(entry, b->conf->rootfs_path, b->facts->container_rootfs, &target,
	                       b->err);
	if (r != 0)
		return r < 0 ? r : ignore_entry(b, entry);
	if (entry->move)
		return err_say(b->err, -EOPNOTSUPP,
		               "the mount option 'move' is not supported: use bind");
	r = check_type(entry, b->err);
	if (r < 0)
		return r;
	if (entry->bind) {
		kind = mount_entry_source(entry) == MOUNT_SOURCE_CONTAINER ? MOUNT_BIND_INSIDE
		                                                           : MOUNT_BIND_HOST;
		source = entry->source;
	}
	r = kind == MOUNT_NEW ? mount_plan_layers(b, entry, &n_layers) : 0;
	if (r < 0)
		return r;
	op = mount_plan_add(b, n_layers ? MOUNT_OVERLAY : kind, source, target);
	if (!op)
		return err_oom(b->err);
	op->n_layers = n_layers;
	op->upper_tmpfs = n_layers && strv_drop(&entry->data, OVERLAY_WORD_TMPFS);
	op->attr_set = entry->attr_set;
	op->attr_clear = entry->attr_clear;
	op->propagation = entry->propagation;
	op->propagation_recursive = entry->propagation_recursive;
	op->recursive = entry->recursive;
	op->create_dir = entry->create_dir || (kind == MOUNT_NEW && is_in_fresh_dev(b, target));
	op->create_file = entry->create_file;
	op->optional = entry->optional;
	if (n_layers)
		return take_data(op, entry, b->err);
	if (entry->idmap && kind != MOUNT_BIND_HOST)
		return err_say(b->err, -EINVAL, "'idmap=%s' needs a path of the host, not '%s'",
		               entry->idmap, source);
	op->idmap = entry->idmap ? strdup(entry->idmap) : NULL;
	if (entry->idmap && !op->idmap)
		return err_oom(b->err);
	return kind == MOUNT_NEW ? take_data(op, entry, b->err) : ignore_words(b, entry);
}

static int plan_entries(struct mount_builder *b)
{
	_cleanup_(mount_entries_done) struct mount_entries fstab = {};
	int r = 0;

	if (b->conf->mount_fstab)
		r = mount_fstab_read(b->conf->mount_fstab, &fstab, b->err);
	for (size_t i = 0; r >= 0 && i < fstab.n; i++) {
		r = plan_entry(b, &fstab.items[i]);
		if (r < 0)
			err_wrap(b->err, r, "%s", fstab.items[i].where);
	}
	for (size_t i = 0; r >= 0 && i < b->conf->mount_entries.n; i++) {
		_cleanup_(mount_entry_done) struct mount_entry entry = {};
		const char *line = b->conf->mount_entries.items[i];

		r = mount_entry_parse(line, &entry, b->err);
		if (r == 0)
			r = plan_entry(b, &entry);
		if (r < 0)
			err_wrap(b->err, r, "lxc.mount.entry '%s'", line);
	}
	return r < 0 ? r : 0;
}

static int plan_ttys(struct mount_builder *b)
{
	struct mount_plan *plan = b->plan;
	const struct conf *conf = b->conf;

	plan->autodev = conf->autodev;
	plan->tty_gid_mapped = b->facts->tty_gid_mapped;
	plan->n_ttys = conf->tty_max;
	plan->pty_max = conf->pty_max_set ? conf->pty_max : 1024;
	plan->private_devpts = plan->pty_max > 0 || plan->n_ttys > 0 || plan->console;
	if (conf->tty_dir) {
		plan->tty_dir = strdup(conf->tty_dir);
		if (!plan->tty_dir)
			return err_oom(b->err);
	}
	return 0;
}

int mount_plan_make(const struct conf *conf, const struct mount_facts *facts,
                    struct mount_plan *ret_plan, struct err *err)
{
	static int (*const parts[])(struct mount_builder * b) = {
		plan_dev,          plan_proc,  plan_sys,   plan_shmounts, plan_entries,
		mount_plan_cgroup, plan_nodes, plan_masks, plan_resolver, plan_ttys
	};
	_cleanup_(mount_plan_done) struct mount_plan plan = { .has_rootfs = conf->rootfs_path,
		                                              .console = facts->console };
	struct mount_builder builder = { .conf = conf, .facts = facts, .plan = &plan, .err = err };
	int r = 0;

	if (!plan.has_rootfs && (conf->mount_entries.n || conf->mount_fstab))
		r = err_say(err, -EOPNOTSUPP,
		            "lxc.mount.entry and lxc.mount.fstab need a root file system of the "
		            "container's own (lxc.rootfs.path)");
	if (conf->rootfs_options)
		r = mount_options_parse(conf->rootfs_options, &plan.rootfs_options, err);
	for (size_t i = 0; r >= 0 && plan.has_rootfs && i < ARRAY_SIZE(parts); i++)
		r = parts[i](&builder);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct mount_plan){};
	return 0;
}

static const char *kind_name(enum mount_kind kind)
{
	static const char *const names[] = { "new",    "bind-inside", "bind-host", "bind-cgroup",
		                             "change", "device",      "resolver",  "link",
		                             "layer",  "overlay",     "mask" };

	return names[kind];
}

static void attr_json(struct text *text, const char *name, uint64_t attr)
{
	static const struct {
		uint64_t bit;
		const char *word;
	} words[] = { { MOUNT_ATTR_RDONLY, "ro" },       { MOUNT_ATTR_NOSUID, "nosuid" },
		      { MOUNT_ATTR_NODEV, "nodev" },     { MOUNT_ATTR_NOEXEC, "noexec" },
		      { MOUNT_ATTR_NOATIME, "noatime" }, { MOUNT_ATTR_NODIRATIME, "nodiratime" } };
	const char *sep = "";

	if (!attr)
		return;
	text_addf(text, ", \"%s\": [", name);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!(attr & words[i].bit))
			continue;
		text_addf(text, "%s\"%s\"", sep, words[i].word);
		sep = ", ";
	}
	text_add(text, "]");
}

void mount_plan_json(const struct mount_plan *plan, struct text *text)
{
	text_add(text, "[");
	for (size_t i = 0; i < plan->n; i++) {
		const struct mount_op *op = &plan->ops[i];

		text_addf(text, "%s\n    {\"kind\": \"%s\", \"source\": ", i ? "," : "",
		          kind_name(op->kind));
		text_add_json(text, op->source);
		text_add(text, ", \"target\": ");
		text_add_json(text, op->target);
		attr_json(text, "set", op->attr_set);
		attr_json(text, "clear", op->attr_clear);
		if (op->idmap) {
			text_add(text, ", \"idmap\": ");
			text_add_json(text, op->idmap);
		}
		if (op->optional)
			text_add(text, ", \"optional\": true");
		text_add(text, "}");
	}
	text_add(text, plan->n ? "\n  ]" : "]");
}

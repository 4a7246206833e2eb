/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY(key_name, kind, member, ...)                                                           \
	{                                                                                          \
		.name = key_name, .type = &kind, .field = offsetof(struct conf, member),           \
		__VA_ARGS__                                                                        \
	}
#define HOOK(hook_name, index) KEY("lxc.hook." hook_name, conf_lines, hooks[index])

/* Sorted by name in byte order, found by bsearch. */
static const struct conf_key keys[] = {
	KEY("lxc.apparmor.allow_incomplete", conf_bool, apparmor_allow_incomplete),
	KEY("lxc.apparmor.allow_nesting", conf_bool, apparmor_allow_nesting),
	KEY("lxc.apparmor.profile", conf_str, apparmor_profile),
	KEY("lxc.apparmor.raw", conf_lines, apparmor_raw),
	KEY("lxc.arch", conf_arch, arch, .flags = CONF_EMPTY_REFUSED),
	KEY("lxc.autodev", conf_bool, autodev, .arg = 1, .flags = CONF_EMPTY_ZERO),
	KEY("lxc.autodev.tmpfs.size", conf_tmpfs_size, autodev_tmpfs_size, .arg = 500000),
	KEY("lxc.cap.drop", conf_caps, cap_drop),
	KEY("lxc.cap.keep", conf_caps, cap_keep),
	KEY("lxc.cgroup", conf_cgroup, cgroup1, .flags = CONF_FAMILY),
	KEY("lxc.cgroup.dir", conf_cgroup_dir, cgroup_dir),
	KEY("lxc.cgroup.dir.container", conf_cgroup_dir, cgroup_container),
	KEY("lxc.cgroup.dir.container.inner", conf_cgroup_name, cgroup_inner),
	KEY("lxc.cgroup.dir.monitor", conf_cgroup_dir, cgroup_monitor),
	KEY("lxc.cgroup.dir.monitor.pivot", conf_cgroup_dir, cgroup_pivot),
	KEY("lxc.cgroup.relative", conf_bool, cgroup_relative),
	KEY("lxc.cgroup2", conf_cgroup, cgroup2, .flags = CONF_FAMILY),
	KEY("lxc.console.buffer.size", conf_size, console_buffer_size),
	KEY("lxc.console.logfile", conf_path, console_logfile),
	KEY("lxc.console.path", conf_path, console_path),
	KEY("lxc.console.rotate", conf_bool, console_rotate),
	KEY("lxc.console.size", conf_size, console_size),
	KEY("lxc.environment", conf_environment, environment),
	KEY("lxc.environment.hooks", conf_environment, environment_hooks),
	KEY("lxc.environment.runtime", conf_environment, environment_runtime),
	KEY("lxc.ephemeral", conf_bool, ephemeral),
	KEY("lxc.execute.cmd", conf_str, execute_cmd),
	KEY("lxc.group", conf_words, groups),
	KEY("lxc.hook", conf_all_hooks, hooks),
	HOOK("autodev", CONF_HOOK_AUTODEV),
	HOOK("clone", CONF_HOOK_CLONE),
	HOOK("destroy", CONF_HOOK_DESTROY),
	HOOK("mount", CONF_HOOK_MOUNT),
	HOOK("post-stop", CONF_HOOK_POST_STOP),
	HOOK("pre-mount", CONF_HOOK_PRE_MOUNT),
	HOOK("pre-start", CONF_HOOK_PRE_START),
	HOOK("start", CONF_HOOK_START),
	HOOK("start-host", CONF_HOOK_START_HOST),
	HOOK("stop", CONF_HOOK_STOP),
	KEY("lxc.hook.version", conf_version, hook_version),
	KEY("lxc.idmap", conf_idmap, idmaps),
	KEY("lxc.include", conf_include, file),
	KEY("lxc.init.cmd", conf_str, init_cmd),
	KEY("lxc.init.cwd", conf_path, init_cwd),
	KEY("lxc.init.gid", conf_u32, init_gid),
	KEY("lxc.init.groups", conf_ids, init_groups),
	KEY("lxc.init.uid", conf_u32, init_uid),
	KEY("lxc.keyring.session", conf_bool, keyring_disabled),
	KEY("lxc.log.file", conf_path, log_file),
	KEY("lxc.log.level", conf_level, log_level, .arg = -1),
	KEY("lxc.log.syslog", conf_facility, log_syslog),
	KEY("lxc.monitor.signal.pdeath", conf_signal, monitor_pdeath, .arg = SIGKILL,
	    .flags = CONF_EMPTY_ZERO),
	KEY("lxc.monitor.unshare", conf_u32, monitor_unshare),
	KEY("lxc.mount.auto", conf_mount_auto, mount_auto),
	KEY("lxc.mount.entry", conf_lines, mount_entries),
	KEY("lxc.mount.fstab", conf_path, mount_fstab, .flags = CONF_EMPTY_REFUSED),
	KEY("lxc.namespace.clone", conf_ns_list, ns_clone),
	KEY("lxc.namespace.keep", conf_ns_list, ns_keep),
	KEY("lxc.namespace.share", conf_ns_share, ns_share,
	    .flags = CONF_FAMILY | CONF_FAMILY_ONLY),
	KEY("lxc.net", conf_nets, nets, .flags = CONF_FAMILY),
	KEY("lxc.no_new_privs", conf_bool, no_new_privs),
	KEY("lxc.prlimit", conf_prlimit, prlimit, .flags = CONF_FAMILY),
	KEY("lxc.proc", conf_proc, proc, .flags = CONF_FAMILY),
	KEY("lxc.pty.max", conf_u32_noted, pty_max, .arg = offsetof(struct conf, pty_max_set)),
	KEY("lxc.rootfs.managed", conf_bool, rootfs_managed, .arg = 1),
	KEY("lxc.rootfs.mount", conf_path, rootfs_mount),
	KEY("lxc.rootfs.options", conf_rootfs_options, rootfs_options),
	KEY("lxc.rootfs.path", conf_rootfs, rootfs_path),
	KEY("lxc.sched.core", conf_bool, sched_core),
	KEY("lxc.seccomp.allow_nesting", conf_bool, seccomp_allow_nesting),
	KEY("lxc.seccomp.notify.cookie", conf_str, seccomp_notify_cookie),
	KEY("lxc.seccomp.notify.proxy", conf_proxy, seccomp_notify_proxy),
	KEY("lxc.seccomp.profile", conf_path, seccomp_profile),
	KEY("lxc.selinux.context", conf_str, selinux_context),
	KEY("lxc.selinux.context.keyring", conf_str, selinux_keyring),
	KEY("lxc.signal.halt", conf_signal, signal_halt),
	KEY("lxc.signal.reboot", conf_signal, signal_reboot),
	KEY("lxc.signal.stop", conf_signal, signal_stop),
	KEY("lxc.start.auto", conf_bool, start_auto),
	KEY("lxc.start.delay", conf_u32, start_delay),
	KEY("lxc.start.order", conf_int, start_order),
	KEY("lxc.sysctl", conf_sysctl, sysctl, .flags = CONF_FAMILY),
	KEY("lxc.time.offset.boot", conf_time_offset, time_boot_s,
	    .arg = offsetof(struct conf, time_boot_ns)),
	KEY("lxc.time.offset.monotonic", conf_time_offset, time_monotonic_s,
	    .arg = offsetof(struct conf, time_monotonic_ns)),
	KEY("lxc.tty.dir", conf_str, tty_dir, .arg = 255),
	KEY("lxc.tty.max", conf_u32, tty_max),
	KEY("lxc.uts.name", conf_hostname, uts_name, .arg = 64),
};

const struct conf_key *conf_key_at(size_t i)
{
	return i < ARRAY_SIZE(keys) ? &keys[i] : NULL;
}

struct name {
	const char *text;
	size_t len;
};

static int compare_name(const void *wanted, const void *row)
{
	const struct name *name = wanted;
	const struct conf_key *key = row;
	int r = strncmp(name->text, key->name, name->len);

	return r ? r : -(key->name[name->len] != '\0');
}

static const struct conf_key *find_len(const char *name, size_t len)
{
	struct name wanted = { name, len };

	return bsearch(&wanted, keys, ARRAY_SIZE(keys), sizeof(*keys), compare_name);
}

/* The longest row that is a prefix of @name up to a dot. A more specific key than a family's
 * wins: lxc.cgroup.dir.x is no controller file. */
static const struct conf_key *find_parent(const char *name, const char **ret_sub)
{
	for (size_t len = strlen(name); len > 0; len--) {
		const struct conf_key *key;

		if (name[len - 1] != '.')
			continue;
		key = find_len(name, len - 1);
		if (key) {
			*ret_sub = name + len;
			return key;
		}
	}
	return NULL;
}

const struct conf_key *conf_key_find(const char *name, const char **ret_sub)
{
	const struct conf_key *key = find_len(name, strlen(name));
	const char *sub;

	if (key) {
		*ret_sub = "";
		return key->flags & CONF_FAMILY_ONLY ? NULL : key;
	}
	key = find_parent(name, &sub);
	if (!key || !(key->flags & CONF_FAMILY) || !*sub)
		return NULL;
	if (key->type->family && !key->type->family->knows(sub))
		return NULL;
	*ret_sub = sub;
	return key;
}

static const char *nearest_key(const char *name)
{
	unsigned int best = conf_typo_limit(name) + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		unsigned int distance = str_distance(name, keys[i].name, best);

		if (distance < best) {
			best = distance;
			nearest = keys[i].name;
		}
	}
	return nearest;
}

/* The same among the sub-keys of a family, such as lxc.net.0.* and lxc.prlimit.*. */
static const char *nearest_member(const struct conf_key *family, const char *word)
{
	unsigned int best = conf_typo_limit(word) + 1;
	const char *nearest = NULL, *member;

	for (unsigned int i = 0; (member = family->type->family->member(i)); i++) {
		unsigned int distance = str_distance(word, member, best);

		if (distance < best) {
			best = distance;
			nearest = member;
		}
	}
	return nearest;
}

static void hint_member(const char *name, const struct conf_key *family, const char *sub,
                        struct err *err)
{
	const char *nearest, *word = sub;

	if (family->type == &conf_nets) {
		word += strspn(word, "0123456789");
		if (word == sub || *word != '.') {
			err_hint(err, "name a device by its number: 'lxc.net.0.type = veth'");
			return;
		}
		word++;
	}
	nearest = nearest_member(family, word);
	if (nearest && strcmp(nearest, word) == 0)
		err_hint(err, "the number of the device is too large");
	else if (nearest)
		err_hint(err, "did you mean '%.*s%s'?", (int)(word - name), name, nearest);
}

int conf_key_unknown(const char *name, struct err *err)
{
	const struct conf_key *family;
	_cleanup_free_ char *today = NULL;
	const char *sub, *nearest;

	(void)err_say(err, -ENOENT, "unknown key '%s'", SHOW(name));
	if (conf_legacy_name(name, -1, &today) == CONF_LEGACY_RENAMED && today) {
		err_hint(err, "it is called '%s' now", today);
		return -ENOENT;
	}
	family = find_parent(name, &sub);
	if (family && (family->flags & CONF_FAMILY) && family->type->family)
		hint_member(name, family, sub, err);
	nearest = nearest_key(name);
	if (nearest)
		err_hint(err, "did you mean '%s'?", nearest);
	err_hint(err, "lxc.container.conf(5) lists the keys");
	return -ENOENT;
}

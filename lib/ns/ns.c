/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ns/ns.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/strv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

static const uint64_t clone_flags[NS_MAX] = {
	[NS_USER] = CLONE_NEWUSER,     [NS_MNT] = CLONE_NEWNS,    [NS_PID] = CLONE_NEWPID,
	[NS_UTS] = CLONE_NEWUTS,       [NS_IPC] = CLONE_NEWIPC,   [NS_NET] = CLONE_NEWNET,
	[NS_CGROUP] = CLONE_NEWCGROUP, [NS_TIME] = CLONE_NEWTIME,
};

uint64_t ns_clone_flag(enum ns_kind kind)
{
	return clone_flags[kind];
}

uint64_t ns_clone_flags(uint32_t bits)
{
	uint64_t flags = 0;

	for (unsigned int kind = 0; kind < NS_MAX; kind++) {
		if (bits & NS_BIT(kind))
			flags |= clone_flags[kind];
	}
	return flags;
}

/* ---- which ones ---- */

static bool wants_host_net(const struct conf_nets *nets)
{
	for (size_t i = 0; i < nets->n; i++) {
		if (nets->items[i].type != CONF_NET_NONE)
			return false;
	}
	return nets->n > 0;
}

static bool has_time_offset(const struct conf *conf)
{
	return conf->time_boot_s || conf->time_boot_ns || conf->time_monotonic_s ||
	       conf->time_monotonic_ns;
}

/* What nobody needs to list because it follows from other keys. */
static uint32_t pointless_bits(const struct conf *conf, bool has_idmap)
{
	uint32_t bits = 0;

	if (!has_idmap)
		bits |= NS_BIT(NS_USER);
	if (wants_host_net(&conf->nets))
		bits |= NS_BIT(NS_NET);
	if (!has_time_offset(conf))
		bits |= NS_BIT(NS_TIME);
	return bits;
}

static uint32_t shared_bits(const struct conf *conf)
{
	uint32_t bits = 0;

	for (unsigned int kind = 0; kind < NS_MAX; kind++) {
		if (conf->ns_share[kind])
			bits |= NS_BIT(kind);
	}
	return bits;
}

/* Offsets belong to a new time namespace; nowhere else can they be set. */
static int check_time(const struct conf *conf, const struct ns_choice *choice, struct err *err)
{
	if (!has_time_offset(conf) || (choice->fresh & NS_BIT(NS_TIME)))
		return 0;
	if (choice->shared & NS_BIT(NS_TIME)) {
		err_say(err, -EINVAL,
		        "lxc.time.offset cannot change the clocks of the namespace "
		        "that lxc.namespace.share.time joins");
		err_hint(err, "remove one of the two");
	} else if (conf->ns_clone_set) {
		err_say(err, -EINVAL,
		        "lxc.time.offset needs a new time namespace, and "
		        "lxc.namespace.clone does not list 'time'");
		err_hint(err, "add 'time' to lxc.namespace.clone");
	} else {
		err_say(err, -EINVAL,
		        "lxc.time.offset needs a new time namespace, and "
		        "lxc.namespace.keep lists 'time'");
		err_hint(err, "take 'time' out of lxc.namespace.keep");
	}
	return -EINVAL;
}

static int check_user(bool has_idmap, const struct ns_choice *choice, struct err *err)
{
	if (has_idmap && (choice->kept & NS_BIT(NS_USER))) {
		err_say(err, -EINVAL,
		        "lxc.namespace.keep lists 'user', but the container has an "
		        "id map, which needs a user namespace of its own");
		err_hint(err, "take 'user' out of lxc.namespace.keep");
		return -EINVAL;
	}
	if (!has_idmap && (choice->fresh & NS_BIT(NS_USER))) {
		err_say(err, -EINVAL, "lxc.namespace.clone lists 'user', but there is no id map");
		err_hint(err, "add lines such as lxc.idmap = u 0 100000 65536 and "
		              "lxc.idmap = g 0 100000 65536");
		return -EINVAL;
	}
	return 0;
}

int ns_choose(const struct conf *conf, bool has_idmap, struct ns_choice *ret_choice,
              struct err *err)
{
	struct ns_choice choice = { .shared = shared_bits(conf) };
	int r;

	if (conf->ns_clone_set)
		choice.fresh = conf->ns_clone | (has_idmap ? NS_BIT(NS_USER) : 0);
	else
		choice.fresh = NS_ALL & ~conf->ns_keep & ~pointless_bits(conf, has_idmap);
	choice.fresh &= ~choice.shared;
	choice.kept = NS_ALL & ~choice.fresh & ~choice.shared;
	r = check_user(has_idmap, &choice, err);
	if (r == 0)
		r = check_time(conf, &choice, err);
	if (r < 0)
		return r;
	*ret_choice = choice;
	return 0;
}

/* ---- lists ---- */

static int parse_word(const char *word)
{
	static const struct {
		const char *name;
		enum ns_kind kind;
	} aliases[] = {
		{ "MOUNT", NS_MNT },
		{ "UTSNAME", NS_UTS },
		{ "NETWORK", NS_NET },
	};

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strcmp(word, aliases[i].name) == 0)
			return (int)aliases[i].kind;
	}
	return ns_parse(word);
}

int ns_list_parse(const char *text, uint32_t *ret_bits, struct err *err)
{
	_cleanup_(strv_done) struct strv words = {};
	uint32_t bits = 0;

	if (strv_split_at(&words, text, '|') < 0)
		return err_oom(err);
	for (size_t i = 0; i < words.n; i++) {
		int kind = parse_word(words.items[i]);

		if (kind < 0) {
			err_say(err, -EINVAL, "there is no namespace '%s'", words.items[i]);
			err_hint(err, "the list is joined with '|', from: user mnt pid uts ipc net "
			              "cgroup time, MOUNT UTSNAME NETWORK");
			return -EINVAL;
		}
		bits |= NS_BIT(kind);
	}
	*ret_bits = bits;
	return 0;
}

/* ---- somebody else's ---- */

enum ns_share_kind ns_share_kind_of(const char *value)
{
	uint32_t pid;

	if (value[0] == '/')
		return NS_SHARE_PATH;
	return num_parse_u32(value, &pid) == 0 && pid >= 1 && pid <= INT32_MAX ? NS_SHARE_PID
	                                                                       : NS_SHARE_CONTAINER;
}

/* Only looks (O_PATH) until it is known to be a namespace: opening another thing may block or
 * have effects of its own. */
int ns_open_path(const char *path, enum ns_kind kind, int *ret_fd, struct err *err)
{
	_cleanup_close_ int look_fd = open(path, O_PATH | O_CLOEXEC), fd = -EBADF;
	char again[64];
	struct statfs fs;
	int type;

	if (look_fd < 0)
		return err_set(err, -errno, "cannot open namespace '%s'", path);
	if (fstatfs(look_fd, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return err_say(err, -EINVAL, "'%s' is not a namespace", path);
	(void)snprintf(again, sizeof(again), "/proc/self/fd/%d", look_fd);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "cannot open namespace '%s'", path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0 || (uint64_t)type != clone_flags[kind])
		return err_say(err, -EINVAL, "'%s' is not a %s namespace", path, ns_name(kind));
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_of_pid(const char *what, pid_t pid, enum ns_kind kind, int *ret_fd, struct err *err)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, ns_name(kind));
	r = ns_open_path(path, kind, ret_fd, err);
	if (r == -ENOENT)
		return err_say(err, -ESRCH, "%s does not run, so its %s namespace cannot be shared",
		               what, ns_name(kind));
	if (r == -EACCES || r == -EPERM)
		err_hint(err, "only processes of the own user, in a user namespace of the own "
		              "user, share their namespaces");
	return r;
}

int ns_open_shared(const char *value, enum ns_kind kind, pid_t container_init, int *ret_fd,
                   struct err *err)
{
	char what[300];
	uint32_t pid;
	int r;

	switch (ns_share_kind_of(value)) {
	case NS_SHARE_PATH:
		r = ns_open_path(value, kind, ret_fd, err);
		break;
	case NS_SHARE_PID:
		(void)num_parse_u32(value, &pid);
		(void)snprintf(what, sizeof(what), "process %s", value);
		r = open_of_pid(what, (pid_t)pid, kind, ret_fd, err);
		break;
	default:
		(void)snprintf(what, sizeof(what), "container '%.255s'", value);
		if (container_init <= 0)
			r = err_say(err, -ESRCH,
			            "%s does not run, so its %s namespace cannot be shared", what,
			            ns_name(kind));
		else
			r = open_of_pid(what, container_init, kind, ret_fd, err);
	}
	return r < 0 ? err_wrap(err, r, "lxc.namespace.share.%s", ns_name(kind)) : 0;
}

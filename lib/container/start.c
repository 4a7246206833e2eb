/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/start.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/item.h"
#include "conf/read.h"
#include "container/hooks.h"
#include "container/logfile.h"
#include "container/start-internal.h"
#include "host/subid.h"
#include "net/links.h"
#include "os/path.h"
#include "seccomp/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void start_done(struct start *start)
{
	log_drop(start->log_fd);
	cleanup_close(&start->log_fd);
	cleanup_close(&start->filter_fd);
	start->conf = conf_free(start->conf);
	cgroup_host_done(&start->cgroups);
	start_plan_done(&start->plan);
	rundir_done(&start->dir);
	cgroup_done(&start->cgroup);
	pidfile_done(&start->pidfile);
}

/* ---- deciding ---- */

/* Whose port can be published? With no line about networks at all, that of the network a user has
 * anyway. */
static int find_user_net(struct conf *conf, uint32_t *ret_index, struct err *err)
{
	for (size_t i = 0; i < conf->nets.n; i++) {
		*ret_index = conf->nets.items[i].index;
		if (conf->nets.items[i].type == CONF_NET_USER)
			return 0;
	}
	*ret_index = 0;
	if (!conf->nets.n)
		return conf_set(conf, "lxc.net.0.type", "user", err);
	err_say(err, -EINVAL, "'--publish' needs a network of type user");
	err_hint(err, "set 'lxc.net.%u.type = user'", conf->nets.items[0].index);
	return -EINVAL;
}

static int apply_publish(struct start *start, struct err *err)
{
	const struct rlxc_start_options *options = start->options;
	uint32_t index;
	char key[64];
	int r = 0;

	if (options->n_publish)
		r = find_user_net(start->conf, &index, err);
	for (size_t i = 0; i < options->n_publish && r == 0; i++) {
		(void)snprintf(key, sizeof(key), "lxc.net.%u.publish", index);
		r = conf_set(start->conf, key, options->publish[i], err);
	}
	return r;
}

static int apply_options(struct start *start, struct err *err)
{
	const struct rlxc_start_options *options = start->options;
	int r = 0;

	for (size_t i = 0; i < options->n_defines && r == 0; i++)
		r = conf_define(start->conf, "-s", options->defines[i], err);
	if (r == 0 && options->console)
		r = conf_set(start->conf, "lxc.console.path", options->console, err);
	if (r == 0 && options->console_log)
		r = conf_set(start->conf, "lxc.console.logfile", options->console_log, err);
	return r < 0 ? r : apply_publish(start, err);
}

/* A configuration with a map of one id was meant like that; this one was not. */
static void warn_single_id(const struct caller *caller)
{
	struct err advice = {};

	subid_hint_none(caller, &advice);
	log_warn("user '%s' has no subordinate ids (/etc/subuid, /etc/subgid): root is the only "
	         "user of the container, continuing with that (for more, %s)",
	         caller->name, advice.hint);
}

/* Is the program that will be init a link to systemd? Unsure is no. */
static bool init_is_systemd(const struct start *start)
{
	static const char *const paths[] = { "sbin/init", "usr/sbin/init" };
	const struct conf *conf = start->conf;
	_cleanup_close_ int root = -EBADF;

	if (!conf->rootfs_path || conf->init_cmd || start->options->argv || start->plan.execute)
		return false;
	root = open(conf->rootfs_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; root >= 0 && i < ARRAY_SIZE(paths); i++) {
		_cleanup_close_ int fd = path_open_beneath(root, paths[i], O_PATH | O_NOFOLLOW);
		char target[256];
		ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		return str_ends_with(target, "/systemd");
	}
	return false;
}

static void warn_of_missing_cgroup(const struct start *start)
{
	if (start->plan.use_cgroup || !start->cgroups.why_no_base || !init_is_systemd(start))
		return;
	log_warn("%s: systemd as init ends at once without a cgroup of its own (see CGROUPS in "
	         "rlxc(1)), continuing without it",
	         start->cgroups.why_no_base);
}

static int open_log(struct start *start, struct err *err)
{
	const struct conf *conf = start->conf;
	int r = 0;

	if (start->dry_run)
		return 0;
	if (conf->log_file && log_fd() < 0)
		r = logfile_open(start->store, start->options->name, conf->log_file, false,
		                 &start->log_fd, err);
	log_configure(start->log_fd, (enum log_level)conf->log_level);
	if (conf->log_syslog)
		log_to_syslog(conf->log_syslog);
	return r < 0 ? err_wrap(err, r, "lxc.log.file") : 0;
}

int start_make_plan(struct start *start, struct err *err)
{
	const struct rlxc_start_options *options = start->options;
	const struct start_request request = { .name = options->name,
		                               .foreground = options->foreground,
		                               .execute = options->execute,
		                               .strict_limits = options->strict_limits,
		                               .argv = options->argv };
	int r;

	start_plan_done(&start->plan);
	r = start_plan_make(start->store, start->conf, &request, &start->cgroups, &start->plan,
	                    err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < start->plan.limits.unheld.n; i++)
		log_warn("%s, continuing without it", start->plan.limits.unheld.items[i]);
	warn_of_missing_cgroup(start);
	return 0;
}

static int find_cgroups(struct start *start, struct err *err)
{
	const struct conf *conf = start->conf;
	const struct sysconf *system = &start->store->sysconf;
	const struct cgroup_wishes wishes = {
		.relative = conf->cgroup_relative,
		.named = conf->cgroup_dir || conf->cgroup_container || system->cgroup_pattern,
	};
	int r = cgroup_host_load(&start->cgroups, err);

	if (r == 0)
		r = cgroup_place(&start->store->caller, &wishes, &start->cgroups, err);
	if (r == 0 && system->cgroup_use && *system->cgroup_use)
		r = cgroup_use_only(&start->cgroups, system->cgroup_use, err);
	return r;
}

static int decide(struct start *start, struct err *err)
{
	const struct rlxc_start_options *options = start->options;
	int r;

	r = store_check_name(options->name, err);
	if (r == 0)
		r = store_load_conf(start->store, options->name, options->rcfile, false,
		                    &start->conf, err);
	if (r == 0)
		r = apply_options(start, err);
	if (r == 0)
		r = open_log(start, err);
	if (r == 0)
		r = conf_check_supported(start->conf, err);
	if (r == 0)
		r = hooks_check(start->conf, err);
	if (r == 0 && start->store->caller.is_root)
		r = net_find_prefixes(&start->conf->nets, err);
	if (r == 0)
		r = find_cgroups(start, err);
	if (r == 0)
		r = start_make_plan(start, err);
	if (r == 0 && start->plan.single_id && start->conf->idmaps.n == 0)
		warn_single_id(&start->store->caller);
	for (size_t i = 0; r == 0 && i < start->plan.notes.n; i++)
		log_info("%s", start->plan.notes.items[i]);
	return r;
}

/* The policy itself is not needed again: the monitor keeps the file alone. */
static int open_filter(struct start *start, struct err *err)
{
	struct seccomp_choice *seccomp = &start->plan.seccomp;

	if (!seccomp->policy)
		return 0;
	start->filter_fd = seccomp_cache_open(&start->store->caller, seccomp->policy, err);
	seccomp_choice_done(seccomp);
	return start->filter_fd < 0 ? start->filter_fd : 0;
}

int container_start(const struct store *store, const struct rlxc_start_options *options,
                    struct err *err)
{
	_cleanup_(start_done) struct start start = { .store = store,
		                                     .options = options,
		                                     .dir = RUNDIR_NONE,
		                                     .cgroup = CGROUP_NONE,
		                                     .log_fd = -EBADF,
		                                     .filter_fd = -EBADF,
		                                     .pidfile = PIDFILE_NONE };
	int r;

	r = decide(&start, err);
	if (r == 0)
		r = open_filter(&start, err);
	return r < 0 ? r : start_run(&start, err);
}

int container_start_plan(const struct store *store, const struct rlxc_start_options *options,
                         char **ret_json, struct err *err)
{
	_cleanup_(start_done) struct start start = { .store = store,
		                                     .options = options,
		                                     .dir = RUNDIR_NONE,
		                                     .cgroup = CGROUP_NONE,
		                                     .log_fd = -EBADF,
		                                     .filter_fd = -EBADF,
		                                     .dry_run = true,
		                                     .pidfile = PIDFILE_NONE };
	int r = decide(&start, err);

	if (r < 0)
		return r;
	return start_plan_json(&start.plan, start.conf, &start.cgroups, ret_json) < 0 ? err_oom(err)
	                                                                              : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/start.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/item.h"
#include "conf/read.h"
#include "container/checkpoint.h"
#include "container/hooks.h"
#include "container/logfile.h"
#include "container/rootfs.h"
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

void start_done(struct start *start)
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
	criu_done(&start->restore);
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

struct start_request start_request_of(const struct start *start)
{
	const struct rlxc_start_options *options = start->options;

	return (struct start_request){ .name = options->name,
		                       .foreground = options->foreground,
		                       .execute = options->execute,
		                       .strict_limits = options->strict_limits,
		                       .argv = options->argv };
}

static void warn_of(const struct strv *sentences, const char *how)
{
	for (size_t i = 0; i < sentences->n; i++)
		log_warn("%s, continuing %s it", sentences->items[i], how);
}

int start_make_plan(struct start *start, struct err *err)
{
	const struct start_request request = start_request_of(start);
	int r;

	start_plan_done(&start->plan);
	r = start_plan_make(start->store, start->conf, &request, &start->cgroups, &start->plan,
	                    err);
	if (r < 0)
		return r;
	warn_of(&start->plan.mounts.ignored, "without");
	warn_of(&start->plan.limits.unheld, "without");
	warn_of(&start->plan.host_sysctls, "with");
	warn_of_missing_cgroup(start);
	return 0;
}

int start_find_cgroups(struct start *start, struct err *err)
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

int start_load(struct start *start, struct err *err)
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
	return r;
}

static int decide(struct start *start, struct err *err)
{
	int r = start_load(start, err);

	if (r == 0)
		r = hooks_check(start->conf, err);
	if (r == 0 && start->store->caller.is_root)
		r = net_find_prefixes(&start->conf->nets, err);
	if (r == 0)
		r = start_find_cgroups(start, err);
	if (r == 0)
		r = start_make_plan(start, err);
	if (r == 0 && start->plan.single_id && start->conf->idmaps.n == 0)
		warn_single_id(&start->store->caller);
	for (size_t i = 0; r == 0 && i < start->plan.notes.n; i++)
		log_info("%s", start->plan.notes.items[i]);
	return r;
}

/* The policy itself is not needed again: the monitor keeps the file alone. */
int start_open_filter(struct start *start, struct err *err)
{
	struct seccomp_choice *seccomp = &start->plan.seccomp;

	if (!seccomp->policy)
		return 0;
	start->filter_fd = seccomp_cache_open(&start->store->caller, seccomp->policy, err);
	seccomp_choice_done(seccomp);
	return start->filter_fd < 0 ? start->filter_fd : 0;
}

static struct start start_of(const struct store *store, const struct rlxc_start_options *options,
                             bool dry_run)
{
	return (struct start){ .store = store,
		               .options = options,
		               .dir = RUNDIR_NONE,
		               .cgroup = CGROUP_NONE,
		               .log_fd = -EBADF,
		               .filter_fd = -EBADF,
		               .dry_run = dry_run,
		               .pidfile = PIDFILE_NONE };
}

int container_start(const struct store *store, const struct rlxc_start_options *options,
                    struct err *err)
{
	_cleanup_(start_done) struct start start = start_of(store, options, false);
	int r = options->restore ? criu_check(&store->caller, err) : 0;

	if (r == 0)
		r = decide(&start, err);
	if (r == 0 && options->restore)
		r = checkpoint_begin_restore(start.conf, options->restore, &start.restore, err);
	if (r == 0)
		r = start_open_filter(&start, err);
	return r < 0 ? r : start_run(&start, err);
}

/* For a dry run: what else would end a start. */
static int decide_all(struct start *start, struct err *err)
{
	int r = decide(start, err);

	return r < 0 ? r : rootfs_check(start->store, start->conf, &start->plan, err);
}

int container_start_plan(const struct store *store, const struct rlxc_start_options *options,
                         char **ret_json, struct err *err)
{
	_cleanup_(start_done) struct start start = start_of(store, options, true);
	int r = decide_all(&start, err);

	if (r < 0)
		return r;
	return start_plan_json(&start.plan, start.conf, &start.cgroups, ret_json) < 0 ? err_oom(err)
	                                                                              : 0;
}

int container_start_check(const struct store *store, const struct rlxc_start_options *options,
                          struct strv *ret_warnings, struct err *err)
{
	_cleanup_(start_done) struct start start = start_of(store, options, true);
	const struct start_plan *plan = &start.plan;
	const struct strv *lists[] = { &plan->mounts.ignored, &plan->limits.unheld,
		                       &plan->host_sysctls };
	_cleanup_(strv_done) struct strv warnings = {};
	int r = decide_all(&start, err);

	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		for (size_t k = 0; k < lists[i]->n && r == 0; k++)
			r = strv_add(&warnings, lists[i]->items[k]) < 0 ? err_oom(err) : 0;
	if (r == 0) {
		*ret_warnings = warnings;
		warnings = (struct strv){};
	}
	return r;
}

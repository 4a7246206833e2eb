/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/info.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/item.h"
#include "container/control.h"
#include "container/links.h"
#include "container/recover.h"
#include "container/stats.h"
#include "container/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void info_done(struct rlxc_info *info)
{
	free(info->name);
	free(info->config_error);
	free(info->groups);
	free(info->addrs);
	free(info->links);
}

void container_info_free(struct rlxc_info *info)
{
	if (info)
		info_done(info);
	free(info);
}

void container_list_free(struct rlxc_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		info_done(&list->items[i]);
	free(list->items);
	free(list);
}

/* ---- one container ---- */

static int info_init(struct rlxc_info *info, const char *name)
{
	*info = (struct rlxc_info){ .name = strdup(name), .state = RLXC_STOPPED };
	container_stats(&CGROUP_NONE, 0, &info->stats);
	return info->name ? 0 : -ENOMEM;
}

static int take_groups(struct rlxc_info *info, const struct strv *groups)
{
	struct text text = {};

	for (size_t i = 0; i < groups->n; i++) {
		text_add(&text, i ? ", " : "");
		text_add(&text, groups->items[i]);
	}
	return groups->n ? text_finish(&text, &info->groups) : 0;
}

/* A configuration that cannot be read makes a container of state ERROR, not a failed list. */
static int from_config(const struct store *store, struct rlxc_info *info)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct err why = {};
	int r;

	r = store_load_conf(store, info->name, NULL, true, &conf, &why);
	if (r == -ENOENT && !conf)
		return 0;
	info->defined = true;
	if (r < 0) {
		info->state = RLXC_ERROR;
		info->config_error = strdup(why.msg);
	}
	if (!conf)
		return 0;
	info->autostart = conf->start_auto;
	info->unprivileged = conf->idmaps.n > 0;
	return take_groups(info, &conf->groups);
}

/* Sends the question; the socket, or a negative errno when nobody runs there. */
static int ask(const struct store *store, const struct rundir *dir, unsigned int want)
{
	_cleanup_close_ int sock = control_open(dir, &store->caller);

	if (sock < 0)
		return sock;
	if (control_send(sock, CONTROL_INFO, (int32_t)want, NULL, 0, NULL, 0) < 0)
		return -ECONNREFUSED;
	return take_fd(&sock);
}

static int take_addrs(struct rlxc_info *info, const struct control_info *answer)
{
	info->addrs = calloc(answer->n_addrs ? answer->n_addrs : 1, sizeof(*info->addrs));
	if (!info->addrs)
		return -ENOMEM;
	for (uint32_t i = 0; i < answer->n_addrs; i++) {
		struct rlxc_addr *addr = &info->addrs[info->n_addrs++];

		memcpy(addr->interface, answer->addrs[i].interface, sizeof(addr->interface) - 1);
		memcpy(addr->text, answer->addrs[i].text, sizeof(addr->text) - 1);
		addr->ipv6 = answer->addrs[i].ipv6;
		addr->shown = answer->addrs[i].shown;
	}
	return 0;
}

static int take_answer(int sock, struct rlxc_info *info)
{
	struct control_info answer = {};
	size_t len;
	int r;

	r = control_reply(sock, CONTROL_INFO, &answer, sizeof(answer), &len, NULL, 0, NULL);
	if (r < 0)
		return r == -ESRCH ? 0 : r; /* it ended while we asked */
	if (len < offsetof(struct control_info, addrs) || answer.n_addrs > CONTROL_ADDRS_MAX ||
	    answer.state < 0 || answer.state >= RLXC_STATE_MAX)
		return -EBADMSG;
	answer.groups[sizeof(answer.groups) - 1] = '\0';
	info->state = (enum rlxc_state)answer.state;
	info->init_pid = answer.init_pid;
	info->monitor_pid = answer.monitor_pid;
	info->autostart = answer.autostart;
	info->unprivileged = answer.unprivileged;
	free(info->groups);
	info->groups = answer.groups[0] ? strdup(answer.groups) : NULL;
	info->stats = answer.stats;
	return take_addrs(info, &answer);
}

/* Its monitor was killed but init lives: still there, still to be stopped. */
static void from_left_over(const struct rundir *dir, struct rlxc_info *info)
{
	pid_t pid;
	int pidfd = recover_open_init(dir, &pid);

	if (pidfd < 0)
		return;
	cleanup_close(&pidfd);
	info->state = RLXC_RUNNING;
	info->init_pid = pid;
}

static int info_fill(const struct store *store, struct rlxc_info *info, const struct rundir *dir,
                     int sock)
{
	int r;

	if (sock < 0) {
		r = from_config(store, info);
		if (dir->dir_fd >= 0)
			from_left_over(dir, info);
		return r;
	}
	info->defined = store_is_defined(store, info->name);
	return take_answer(sock, info);
}

int container_info(const struct store *store, const char *name, unsigned int want,
                   struct rlxc_info **ret_info, struct err *err)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_close_ int sock = -EBADF;
	struct rlxc_info *info;
	int r;

	r = store_check_name(name, err);
	if (r < 0)
		return r;
	info = calloc(1, sizeof(*info));
	if (!info || info_init(info, name) < 0) {
		container_info_free(info);
		return err_oom(err);
	}
	if (rundir_find(store, name, &dir) == 0)
		sock = ask(store, &dir, want);
	r = info_fill(store, info, &dir, sock);
	if (r >= 0 && sock >= 0 && want & RLXC_WANT_LINKS)
		links_ask(&dir, &store->caller, info);
	if (r < 0) {
		container_info_free(info);
		return err_set(err, r, "cannot ask about container '%s'", name);
	}
	if (!info->defined && info->state == RLXC_STOPPED) {
		container_info_free(info);
		return store_say_missing(store, name, err);
	}
	*ret_info = info;
	return 0;
}

/* ---- all of them ---- */

/* What the monitor has published. A container that has nothing yet is about to start. */
static int from_status(const struct store *store, const struct rundir *dir, unsigned int want,
                       struct rlxc_info *info)
{
	_cleanup_(run_status_done) struct run_status status = { .state = RLXC_STARTING };
	int r;

	r = run_status_read(dir, &status);
	if (r < 0 && r != -ENOENT)
		return r;
	info->defined = store_is_defined(store, info->name);
	info->state = status.state;
	info->init_pid = status.init_pid;
	info->monitor_pid = status.monitor_pid;
	info->autostart = status.autostart;
	info->unprivileged = status.unprivileged;
	if (want & RLXC_WANT_STATS)
		container_stats_of_leaves(&status.leaves, want, &info->stats);
	info->groups = status.groups[0] ? strdup(status.groups) : NULL;
	info->addrs = calloc(status.n_addrs + 1, sizeof(*info->addrs));
	if (!info->addrs || (status.groups[0] && !info->groups))
		return -ENOMEM;
	info->n_addrs = status.n_addrs;
	memcpy(info->addrs, status.addrs, status.n_addrs * sizeof(*info->addrs));
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strv *names)
{
	if (names->n)
		qsort(names->items, names->n, sizeof(*names->items), compare_names);
}

static bool has_name(const struct strv *names, const char *name)
{
	return names->n &&
	       bsearch(&name, names->items, names->n, sizeof(*names->items), compare_names) != NULL;
}

/* @running: sorted; these may run. */
static int all_names(const struct store *store, bool only_running, struct strv *names,
                     struct strv *running, struct err *err)
{
	int r;

	r = only_running ? 0 : store_names(store, names, err);
	if (r < 0)
		return r;
	r = rundir_names(store, running);
	sort(running);
	sort(names);
	for (size_t i = 0, n = names->n; i < running->n && r >= 0; i++) {
		const struct strv defined = { names->items, n };

		if (!has_name(&defined, running->items[i]))
			r = strv_add(names, running->items[i]);
	}
	sort(names);
	return r < 0 ? err_oom(err) : 0;
}

/* Without waking a monitor: it has published what it knows, and the numbers are the kernel's. */
static int list_one(const struct store *store, bool may_run, unsigned int want,
                    struct rlxc_info *info)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;

	if (may_run && rundir_find(store, info->name, &dir) == 0 && rundir_is_locked(&dir))
		return from_status(store, &dir, want, info);
	return info_fill(store, info, &dir, -EBADF);
}

static bool belongs(const struct rlxc_info *info, unsigned int want)
{
	if (want & RLXC_ONLY_RUNNING)
		return rlxc_state_runs(info->state);
	return info->defined || info->state != RLXC_STOPPED;
}

static int list_all(const struct store *store, const struct strv *names, const struct strv *running,
                    unsigned int want, struct rlxc_list *list)
{
	for (size_t i = 0; i < names->n; i++) {
		struct rlxc_info *info = &list->items[list->n];
		int r;

		r = info_init(info, names->items[i]);
		if (r >= 0)
			r = list_one(store, has_name(running, info->name), want, info);
		if (r >= 0 && belongs(info, want))
			list->n++;
		else
			info_done(info);
		if (r < 0)
			return r;
	}
	return 0;
}

int container_list(const struct store *store, unsigned int want, struct rlxc_list **ret_list,
                   struct err *err)
{
	_cleanup_(strv_done) struct strv names = {};
	_cleanup_(strv_done) struct strv running = {};
	struct rlxc_list *list = NULL;
	int r;

	r = all_names(store, want & RLXC_ONLY_RUNNING, &names, &running, err);
	if (r < 0)
		return r;
	list = calloc(1, sizeof(*list));
	if (list)
		list->items = calloc(names.n + 1, sizeof(*list->items));
	if (!list || !list->items) {
		container_list_free(list);
		return err_oom(err);
	}
	r = list_all(store, &names, &running, want, list);
	if (r < 0) {
		container_list_free(list);
		return err_set(err, r, "cannot list the containers of %s", store->path);
	}
	*ret_list = list;
	return 0;
}

int container_item(const struct store *store, const char *name, const char *key, bool running,
                   char **ret_value, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_close_ int sock = -EBADF;
	char data[CONTROL_MAX];
	size_t len;
	int r;

	if (!running) {
		r = store_load_conf(store, name, NULL, false, &conf, err);
		return r < 0 ? r : conf_get(conf, key, ret_value, err);
	}
	sock = control_connect(store, name, err);
	if (sock < 0)
		return sock;
	r = control_call(sock, CONTROL_ITEM, 0, key, data, sizeof(data) - 1, &len, NULL, 0, err);
	if (r < 0)
		return r;
	*ret_value = strndup(data, len);
	return *ret_value ? 0 : err_oom(err);
}

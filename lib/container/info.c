/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/info.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "conf/item.h"
#include "container/control.h"
#include "container/links.h"
#include "container/nested.h"
#include "container/recover.h"
#include "container/run.h"
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
static int ask(const struct store *store, const char *name, const struct rundir *dir,
               unsigned int want)
{
	_cleanup_close_ int sock = control_reach(store, name, dir, NULL);

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

int container_info_take(struct control_info *answer, struct rlxc_info *info)
{
	if (answer->n_addrs > CONTROL_ADDRS_MAX || answer->state < 0 ||
	    answer->state >= RLXC_STATE_MAX)
		return -EBADMSG;
	answer->groups[sizeof(answer->groups) - 1] = '\0';
	info->state = (enum rlxc_state)answer->state;
	info->init_pid = answer->init_pid;
	info->monitor_pid = answer->monitor_pid;
	info->autostart = answer->autostart;
	info->unprivileged = answer->unprivileged;
	free(info->groups);
	info->groups = answer->groups[0] ? strdup(answer->groups) : NULL;
	info->stats = answer->stats;
	return take_addrs(info, answer);
}

static int take_answer(int sock, struct rlxc_info *info)
{
	struct control_info answer = {};
	size_t len;
	int r;

	r = control_reply(sock, CONTROL_INFO, &answer, sizeof(answer), &len, NULL, 0, NULL);
	if (r < 0)
		return r;
	return len < offsetof(struct control_info, addrs) ? -EBADMSG
	                                                  : container_info_take(&answer, info);
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

/* What the monitor has published. A container that has nothing yet is about to start. */
static int from_status(const struct store *store, const struct rundir *dir, unsigned int want,
                       struct rlxc_info *info)
{
	_cleanup_(run_status_done) struct run_status status = { .state = RLXC_STARTING };
	int r;

	r = run_status_read(dir, &status);
	if (r < 0 && r != -ENOENT)
		return r;
	info->defined = info->defined || store_is_defined(store, info->name);
	info->state = status.state;
	info->init_pid = status.init_pid;
	info->monitor_pid = status.monitor_pid;
	info->autostart = status.autostart;
	info->unprivileged = status.unprivileged;
	if (want & RLXC_WANT_STATS)
		container_stats_of_leaves(&status.leaves, want, &info->stats);
	info->groups = status.groups[0] ? strdup(status.groups) : NULL;
	info->addrs = take_ptr(status.addrs);
	info->n_addrs = status.n_addrs;
	return status.groups[0] && !info->groups ? -ENOMEM : 0;
}

/* While hooks run before and after the container its monitor answers nobody. */
static bool is_busy(const struct rundir *dir)
{
	_cleanup_(run_status_done) struct run_status status = { .state = RLXC_STARTING };

	if (!rundir_is_locked(dir))
		return false;
	(void)run_status_read(dir, &status);
	return status.state == RLXC_STARTING || status.state == RLXC_STOPPING ||
	       status.state == RLXC_ABORTING;
}

static int look(const struct store *store, unsigned int want, struct rlxc_info *info)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_close_ int sock = -EBADF;
	int r;

	if (rundir_find(store, info->name, &dir) == 0) {
		if (is_busy(&dir))
			return from_status(store, &dir, want, info);
		sock = ask(store, info->name, &dir, want);
	}
	r = info_fill(store, info, &dir, sock);
	if (r >= 0 && sock >= 0 && want & RLXC_WANT_LINKS)
		links_ask(&dir, &store->caller, info);
	return r;
}

int container_info(const struct store *store, const char *name, unsigned int want,
                   struct rlxc_info **ret_info, struct err *err)
{
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
	r = look(store, want, info);
	if (r == -ESRCH) /* it ended while we asked, or its monitor alone */
		r = look(store, want, info);
	if (r == -ESRCH)
		r = 0;
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

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strv *names)
{
	if (names->n)
		qsort(names->items, names->n, sizeof(*names->items), compare_names);
}

/* Each sorted. A name of @running may run, and need not be defined. */
struct found {
	struct strv defined, running;
};

static void found_done(struct found *found)
{
	strv_done(&found->defined);
	strv_done(&found->running);
}

static int find_all(const struct store *store, bool only_running, struct found *found,
                    struct err *err)
{
	int r;

	r = only_running ? 0 : store_names(store, &found->defined, err);
	if (r < 0)
		return r;
	r = rundir_names(store, &found->running);
	sort(&found->running);
	return r < 0 ? err_oom(err) : 0;
}

/* Without waking a monitor: it has published what it knows, and the numbers are the kernel's. */
static int fill_listed(const struct store *store, bool may_run, unsigned int want,
                       struct rlxc_info *info)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;

	if (!want && info->defined)
		return 0; /* the name is enough */
	if (may_run && rundir_find(store, info->name, &dir) == 0 && !rundir_is_locked(&dir) &&
	    !(want & INFO_LOOK_ONLY)) {
		(void)run_adopt(store, info->name, NULL);
		/* An ephemeral one that had ended is gone now. */
		info->defined = info->defined && store_is_defined(store, info->name);
	}
	if (dir.dir_fd >= 0 && rundir_is_locked(&dir))
		return from_status(store, &dir, want, info);
	return info_fill(store, info, &dir, -EBADF);
}

static bool belongs(const struct rlxc_info *info, unsigned int want)
{
	if (want & RLXC_ONLY_RUNNING)
		return rlxc_state_runs(info->state);
	return info->defined || info->state != RLXC_STOPPED;
}

struct listing {
	const struct store *store;
	unsigned int want;
	bool nested;
	struct rlxc_list *list;
	size_t room; /* items that it has still to take, by one each */
};

/* What is inside stands behind the container. */
static int add_nested(struct listing *listing, const char *name)
{
	struct rlxc_list *inner, *list = listing->list;
	struct rlxc_info *more;
	struct err err = {};

	if (nested_list(listing->store, name, listing->want, &inner, &err) < 0)
		return -ENOMEM;
	more = reallocarray(list->items, list->n + inner->n + listing->room, sizeof(*more));
	if (more) {
		list->items = more;
		for (size_t i = 0; i < inner->n; i++)
			list->items[list->n++] = inner->items[i];
		inner->n = 0;
	}
	container_list_free(inner);
	return more ? 0 : -ENOMEM;
}

static int list_one(struct listing *listing, const char *name, bool defined, bool may_run)
{
	const struct store *store = listing->store;
	struct rlxc_list *list = listing->list;
	struct rlxc_info *info = &list->items[list->n];
	unsigned int want = listing->want;
	int r;

	r = info_init(info, name);
	info->defined = defined;
	if (r >= 0)
		r = fill_listed(store, may_run, want, info);
	listing->room--;
	if (r < 0 || !belongs(info, want)) {
		info_done(info);
		return r;
	}
	list->n++;
	return listing->nested && rlxc_state_runs(info->state) ? add_nested(listing, name) : r;
}

/* Both lists as one, in order. */
static int list_all(struct listing *listing, const struct found *found)
{
	const struct strv *defined = &found->defined, *running = &found->running;
	size_t d = 0, n = 0;
	int r = 0;

	while (r >= 0 && (d < defined->n || n < running->n)) {
		int order = d == defined->n   ? 1
		            : n == running->n ? -1
		                              : strcmp(defined->items[d], running->items[n]);

		r = list_one(listing, order <= 0 ? defined->items[d] : running->items[n],
		             order <= 0, order >= 0);
		d += order <= 0;
		n += order >= 0;
	}
	return r;
}

int container_list(const struct store *store, unsigned int want, bool nested,
                   struct rlxc_list **ret_list, struct err *err)
{
	_cleanup_(found_done) struct found found = {};
	struct listing listing = { .store = store, .want = want, .nested = nested };
	struct rlxc_list *list;
	int r;

	r = find_all(store, want & RLXC_ONLY_RUNNING, &found, err);
	if (r < 0)
		return r;
	listing.list = list = calloc(1, sizeof(*list));
	listing.room = found.defined.n + found.running.n + 1;
	if (list)
		list->items = calloc(listing.room, sizeof(*list->items));
	if (!list || !list->items) {
		container_list_free(list);
		return err_oom(err);
	}
	r = list_all(&listing, &found);
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

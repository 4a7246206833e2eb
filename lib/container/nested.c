/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child of ours goes inside, lists what is there as root of the container would, and leaves the
 * answer in a memory file. Nothing of the container is executed; that the answer makes sense is
 * looked at nevertheless. */
#include "container/nested.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "container/entry.h"
#include "container/info.h"
#include "container/rundir.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TIMEOUT_MS 10000
#define NAME_MAX_BYTES 1024
#define RECORDS_MAX 10000

struct record {
	char name[NAME_MAX_BYTES];
	uint8_t defined;
	struct control_info info;
};

struct visit {
	struct entry entry;
	unsigned int want;
	int answer_fd;
};

/* ---- inside ---- */

static void fill_record(struct record *record, const struct rlxc_info *info)
{
	struct control_info *out = &record->info;

	*record = (struct record){ .defined = info->defined };
	strncpy(record->name, info->name, sizeof(record->name) - 1);
	out->state = (int32_t)info->state;
	out->init_pid = info->init_pid;
	out->monitor_pid = info->monitor_pid;
	out->autostart = info->autostart;
	out->unprivileged = info->unprivileged;
	out->stats = info->stats;
	strncpy(out->groups, info->groups ? info->groups : "", sizeof(out->groups) - 1);
	for (size_t i = 0; i < info->n_addrs && i < CONTROL_ADDRS_MAX; i++) {
		struct control_addr *addr = &out->addrs[out->n_addrs++];

		memcpy(addr->interface, info->addrs[i].interface, sizeof(addr->interface) - 1);
		memcpy(addr->text, info->addrs[i].text, sizeof(addr->text) - 1);
		addr->ipv6 = info->addrs[i].ipv6;
		addr->shown = info->addrs[i].shown;
	}
}

static int write_list(int fd, const struct rlxc_list *list)
{
	_cleanup_free_ struct record *record = malloc(sizeof(*record));
	int r = record ? 0 : -ENOMEM;

	for (size_t i = 0; i < list->n && i <= RECORDS_MAX && r == 0; i++) {
		fill_record(record, &list->items[i]);
		r = fd_write(fd, record, sizeof(*record));
	}
	return r;
}

static int list_here(const struct visit *visit, struct err *err)
{
	_cleanup_(store_done) struct store store = {};
	struct rlxc_list *list;
	int r = store_open(NULL, &store, err);

	/* The procfs of that place, which would tell, does not know this process. */
	store.caller.in_userns = visit->entry.facts.new_namespaces & NS_BIT(NS_USER);
	if (r == 0)
		r = container_list(&store, visit->want | INFO_LOOK_ONLY, /* nested= */ false, &list,
		                   err);
	if (r < 0)
		return r;
	r = write_list(visit->answer_fd, list);
	container_list_free(list);
	return r < 0 ? err_set(err, r, "cannot hand the list over") : 0;
}

/* Not in the pid namespace: its root would meet this process there, and could open the program that
 * we are (CVE-2019-5736). No monitor in there talks to a process that hides, so one level is all.
 */
static int go_inside(void *arg, struct err *err)
{
	const struct visit *visit = arg;
	_cleanup_close_ int root_fd = -EBADF;
	int r = entry_join_userns(&visit->entry, err);

	if (r < 0)
		return r;
	root_fd = entry_join_mounts(&visit->entry, err);
	return root_fd < 0 ? root_fd : list_here(visit, err);
}

/* ---- outside ---- */

static int take_record(const char *parent, struct record *record, struct rlxc_list *list)
{
	struct rlxc_info *info = &list->items[list->n];
	int r;

	record->name[sizeof(record->name) - 1] = '\0';
	r = container_info_take(&record->info, info);
	if (r < 0)
		return r;
	info->defined = record->defined;
	if (asprintf(&info->name, "%s/%s", parent, record->name) < 0)
		info->name = NULL;
	list->n++;
	return info->name ? 0 : -ENOMEM;
}

static int read_list(int fd, const char *parent, struct rlxc_list *list)
{
	_cleanup_free_ struct record *record = malloc(sizeof(*record));
	size_t n = (size_t)lseek(fd, 0, SEEK_END) / sizeof(*record);
	int r = 0;

	if (n > RECORDS_MAX) {
		n = RECORDS_MAX;
		log_warn("'%s' has more than %zu containers inside, continuing with these", parent,
		         n);
	}
	list->items = calloc(n + 1, sizeof(*list->items));
	if (!record || !list->items)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		ssize_t got = pread(fd, record, sizeof(*record), (off_t)(i * sizeof(*record)));

		r = got == sizeof(*record) ? take_record(parent, record, list) : -EBADMSG;
	}
	return r;
}

static int visit(const struct store *store, const char *name, struct visit *visit, struct err *err)
{
	_cleanup_(rundir_done) struct rundir dir = RUNDIR_NONE;
	_cleanup_close_ int sock = -EBADF;
	int r = rundir_find(store, name, &dir);

	if (r == 0)
		r = sock = control_open(&dir, &store->caller);
	if (r < 0)
		return err_set(err, r, "cannot reach its monitor");
	r = entry_ask(sock, &visit->entry, err);
	if (r < 0)
		return r;
	return proc_run_child_for(go_inside, visit, TIMEOUT_MS, err);
}

int nested_list(const struct store *store, const char *name, unsigned int want,
                struct rlxc_list **ret_list, struct err *err)
{
	_cleanup_close_ int fd = memfd_create("rlxc-nested", MFD_CLOEXEC);
	struct visit job = { .entry = ENTRY_NONE, .want = want, .answer_fd = fd };
	struct rlxc_list *list = calloc(1, sizeof(*list));
	struct err why = {};
	int r;

	if (!list)
		return err_oom(err);
	r = fd < 0 ? err_set(&why, -errno, "cannot make a memory file")
	           : visit(store, name, &job, &why);
	entry_done(&job.entry);
	if (r < 0)
		log_warn("cannot list what is inside '%s': %s", name, why.msg);
	else
		r = read_list(fd, name, list);
	if (r == -ENOMEM) {
		container_list_free(list);
		return err_oom(err);
	}
	*ret_list = list;
	return 0;
}

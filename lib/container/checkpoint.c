/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The null device that a start puts on a container's descriptors 0 to 2 is on a mount of its own,
 * which the container does not see (exec_replace_null). For criu that is an external file: its name
 * is noted beside the images, and a new such device is given to the restore under that name. */
#include "container/checkpoint.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "cgroup/cgroup.h"
#include "container/criu.h"
#include "container/exec.h"
#include "container/info.h"
#include "container/launch.h"
#include "container/stop.h"
#include "mount/apply.h"
#include "os/fd.h"
#include "os/path.h"
#include "os/proc.h"
#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define NULL_NOTE "rlxc-null"
#define NULL_NOTE_MAX 128
#define PIDFILE "criu.pid"

/* ---- what can be written at all ---- */

static bool has_no_ids(const struct conf *conf)
{
	return conf->idmaps.n == 0;
}

static bool has_no_console(const struct conf *conf)
{
	return conf->console_path && strcmp(conf->console_path, "none") == 0;
}

static bool has_no_ttys(const struct conf *conf)
{
	return conf->tty_max == 0;
}

static bool has_empty_network(const struct conf *conf)
{
	return conf->nets.n == 1 && conf->nets.items[0].type == CONF_NET_EMPTY;
}

static bool has_directory(const struct conf *conf)
{
	_cleanup_(storage_done) struct storage storage = {};

	return conf->rootfs_path && !conf->rootfs_options &&
	       storage_parse(conf->rootfs_backend, conf->rootfs_path, &storage, NULL) == 0 &&
	       strcmp(storage_name(&storage), "dir") == 0;
}

static int check_conf(const struct conf *conf, struct err *err)
{
	static const struct {
		bool (*holds)(const struct conf *conf);
		const char *wanted;
	} needs[] = {
		{ has_no_ids, "no lxc.idmap" },
		{ has_no_console, "'lxc.console.path = none'" },
		{ has_no_ttys, "'lxc.tty.max = 0'" },
		{ has_empty_network, "'lxc.net.0.type = empty' and no other network" },
		{ has_directory, "a directory as lxc.rootfs.path, without lxc.rootfs.options" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (needs[i].holds(conf))
			continue;
		err_say(err, -EOPNOTSUPP, "its configuration needs %s for a checkpoint",
		        needs[i].wanted);
		err_hint(err, "see lxc-checkpoint(1); a change counts from the next start on");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* ---- dump ---- */

static int check_running(const struct store *store, const char *name, pid_t *ret_pid,
                         struct err *err)
{
	struct rlxc_info *info = NULL;
	int r = container_info(store, name, RLXC_WANT_STATE, &info, err);
	bool runs, frozen;

	if (r < 0)
		return r;
	runs = info->state == RLXC_RUNNING;
	frozen = info->state == RLXC_FROZEN;
	*ret_pid = info->init_pid;
	container_info_free(info);
	if (runs)
		return 0;
	r = frozen ? -EBUSY : -ESRCH;
	err_say(err, r, "container '%s' is %s", name, frozen ? "frozen" : "not running");
	err_hint(err, "%s%s -n %s",
	         frozen ? "let it go on first: lxc-unfreeze" : "start it first: lxc-start",
	         STORE_OPTION(store), name);
	return r;
}

static int check_conf_of(const struct store *store, const char *name, struct err *err)
{
	struct conf *conf = NULL;
	int r = store_load_conf(store, name, NULL, false, &conf, err);

	if (r == 0)
		r = check_conf(conf, err);
	conf_free(conf);
	return r;
}

/* "file[MOUNT:INODE]" when 0 of @pid is a null device, else empty. */
static void name_null(pid_t pid, char *name, size_t size)
{
	char path[64];
	struct statx st;

	*name = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/0", (int)pid);
	if (statx(AT_FDCWD, path, 0, STATX_TYPE | STATX_INO | STATX_MNT_ID, &st) < 0)
		return;
	if (S_ISCHR(st.stx_mode) && st.stx_rdev_major == 1 && st.stx_rdev_minor == 3)
		(void)snprintf(name, size, "file[%llx:%llx]", (unsigned long long)st.stx_mnt_id,
		               (unsigned long long)st.stx_ino);
}

static int note_null(struct criu *criu, pid_t pid, struct err *err)
{
	_cleanup_close_ int dir = open(criu->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NULL_NOTE_MAX];
	int r;

	name_null(pid, name, sizeof(name));
	r = fd_replace_at(dir, NULL_NOTE, 0600, name, strlen(name));
	if (r < 0)
		return err_set(err, r, "cannot write to '%s'", criu->dir);
	return *name && strv_addf(&criu->argv, "--external=%s", name) < 0 ? err_oom(err) : 0;
}

static int add_dump_words(struct criu *criu, pid_t pid,
                          const struct rlxc_checkpoint_options *options, struct err *err)
{
	int r = strv_addf(&criu->argv, "--tree=%d", (int)pid);

	if (r == 0 && (options->pre_dump || options->predump_dir))
		r = strv_add(&criu->argv, "--track-mem");
	if (r == 0 && options->predump_dir)
		r = strv_addf(&criu->argv, "--prev-images-dir=%s", options->predump_dir);
	if (r == 0 && !options->pre_dump && !options->stop)
		r = strv_add(&criu->argv, "--leave-running");
	return r < 0 ? err_oom(err) : note_null(criu, pid, err);
}

int container_checkpoint(const struct store *store, const char *name,
                         const struct rlxc_checkpoint_options *options, struct err *err)
{
	_cleanup_(criu_done) struct criu criu = {};
	pid_t pid;
	int r = criu_check(&store->caller, err);

	if (r == 0)
		r = check_running(store, name, &pid, err);
	if (r == 0)
		r = check_conf_of(store, name, err);
	if (r < 0)
		return r;
	r = path_mkdir_parents(options->dir, 0700);
	if (r < 0)
		return err_set(err, r, "cannot make the directory '%s'", options->dir);
	r = criu_begin(&criu, options->pre_dump ? "pre-dump" : "dump", options, err);
	if (r == 0)
		r = add_dump_words(&criu, pid, options, err);
	if (r == 0)
		r = criu_run(&criu, NULL, NULL, err);
	if (r == 0 && options->stop) /* criu has ended its processes */
		r = container_wait(store, name, 1U << RLXC_STOPPED, -1, err);
	return r;
}

/* ---- restore ---- */

/* As it is called in /proc/PID/cgroup. */
static int add_cgroup(struct criu *criu, const struct cgroup *cgroup, struct err *err)
{
	_cleanup_(cgroup_host_done) struct cgroup_host host = {};
	int r;

	if (!cgroup->payload_path || cgroup->n_v1) {
		err_say(err, -EOPNOTSUPP,
		        "a restore needs cgroup2, and no limit that a v1 hierarchy "
		        "holds");
		err_hint(err, "see CGROUPS in rlxc(1)");
		return -EOPNOTSUPP;
	}
	r = cgroup_host_load(&host, err);
	if (r < 0)
		return r;
	r = strv_addf(&criu->argv, "--cgroup-root=%s",
	              cgroup->payload_path + strlen(host.v2_mount));
	return r < 0 ? err_oom(err) : 0;
}

static int give_null(struct criu *criu, struct err *err)
{
	_cleanup_close_ int dir = open(criu->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NULL_NOTE_MAX];
	int fd, r;

	if (fd_read_short(dir, NULL_NOTE, name, sizeof(name)) <= 0)
		return 0;
	r = exec_replace_null(err);
	if (r < 0)
		return r;
	fd = fcntl(STDIN_FILENO, F_DUPFD, STDERR_FILENO + 1); /* for criu: open across its exec */
	if (fd < 0)
		return err_set(err, -errno, "cannot copy a descriptor");
	return strv_addf(&criu->argv, "--inherit-fd=fd[%d]:%s", fd, name) < 0 ? err_oom(err) : 0;
}

/* The root file system has to be a mount; it is one in criu's mount namespace alone. */
static int prepare_restore(struct criu *criu, const void *arg, struct err *err)
{
	const char *root = arg;
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_set(err, -errno, "cannot make a mount namespace");
	r = mount_isolate(err);
	if (r < 0)
		return r;
	if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_set(err, -errno, "cannot mount '%s'", root);
	return give_null(criu, err);
}

static int take_init(const struct launch_request *request, struct launched *launched,
                     struct err *err)
{
	char text[NUM_TEXT_MAX];
	uint32_t pid;
	int r = (int)fd_read_short(request->dir->dir_fd, PIDFILE, text, sizeof(text));

	(void)unlinkat(request->dir->dir_fd, PIDFILE, 0);
	if (r < 0 || num_parse_u32(text, &pid) < 0)
		return err_say(err, -EPROTO, "criu does not say which process it has made");
	launched->pidfd = pidfd_open_pid((pid_t)pid);
	if (launched->pidfd < 0)
		return err_set(err, launched->pidfd, "cannot watch the container's init");
	launched->pid = (pid_t)pid;
	r = run_state_record(request->dir, request->cgroup, launched->pid);
	return r < 0 ? err_set(err, r, "cannot write the run-time state of the container") : 0;
}

int checkpoint_begin_restore(const struct conf *conf, const struct rlxc_checkpoint_options *options,
                             struct criu *ret_restore, struct err *err)
{
	int r = check_conf(conf, err);

	return r < 0 ? r : criu_begin(ret_restore, "restore", options, err);
}

int checkpoint_restore(const struct launch_request *request, struct criu *restore,
                       struct launched *ret_launched, struct err *err)
{
	const char *root = request->rootfs->storage.path;
	int r = add_cgroup(restore, request->cgroup, err);

	if (r < 0)
		return r;
	if (strv_add(&restore->argv, "--restore-detached") < 0 ||
	    strv_add(&restore->argv, "--restore-sibling") < 0 ||
	    strv_addf(&restore->argv, "--root=%s", root) < 0 ||
	    strv_addf(&restore->argv, "--pidfile=/proc/%d/fd/%d/" PIDFILE, (int)getpid(),
	              request->dir->dir_fd) < 0)
		return err_oom(err);
	r = criu_run(restore, prepare_restore, root, err);
	if (r == 0)
		r = take_init(request, ret_launched, err);
	if (r < 0)
		(void)cgroup_kill(request->cgroup);
	return r;
}

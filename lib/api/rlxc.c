/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rlxc.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/nsbits.h"
#include "conf/sysconf.h"
#include "conf/update.h"
#include "container/attach.h"
#include "container/boot.h"
#include "container/cgroup-item.h"
#include "container/check-config.h"
#include "container/check.h"
#include "container/checkpoint.h"
#include "container/console.h"
#include "container/copy.h"
#include "container/create.h"
#include "container/device.h"
#include "container/exported.h"
#include "container/info.h"
#include "container/inject.h"
#include "container/logfile.h"
#include "container/snapshot.h"
#include "container/start.h"
#include "container/state.h"
#include "container/stop.h"
#include "container/store.h"
#include "container/unshare.h"
#include "container/usernsexec.h"
#include "container/watch.h"
#include "host/program.h"
#include "ns/ns.h"
#include "os/fd.h"
#include "os/proc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rlxc {
	struct store store;
	int log_fd;
};

/* The public error is the inner one under another name. */
_Static_assert(sizeof(struct rlxc_err) == sizeof(struct err), "the two errors differ");
_Static_assert(offsetof(struct rlxc_err, msg) == offsetof(struct err, msg) &&
                       offsetof(struct rlxc_err, hint) == offsetof(struct err, hint),
               "the two errors differ");

static struct err *inner(struct rlxc_err *err)
{
	return (struct err *)(void *)err;
}

const char *rlxc_version(void)
{
	return RLXC_VERSION;
}

int rlxc_init(int argc, char **argv)
{
	proc_title_init(argc, argv);
	program_init(argv);
	return fd_open_stdio();
}

int rlxc_protect(struct rlxc_err *err)
{
	return program_detach(inner(err));
}

const char *rlxc_state_name(enum rlxc_state state)
{
	return state_name(state);
}

int rlxc_state_parse(const char *name)
{
	return state_parse(name);
}

int rlxc_open(const char *lxcpath, struct rlxc **ret_rlxc, struct rlxc_err *err)
{
	struct rlxc *rlxc = calloc(1, sizeof(*rlxc));
	int r;

	if (!rlxc)
		return err_oom(inner(err));
	rlxc->log_fd = -EBADF;
	r = store_open(lxcpath, &rlxc->store, inner(err));
	if (r < 0) {
		free(rlxc);
		return r;
	}
	*ret_rlxc = rlxc;
	return 0;
}

void rlxc_close(struct rlxc *rlxc)
{
	if (!rlxc)
		return;
	log_setup(NULL, NULL, -EBADF, LOG_LEVEL_UNSET, false);
	cleanup_close(&rlxc->log_fd);
	store_done(&rlxc->store);
	free(rlxc);
}

const char *rlxc_path(const struct rlxc *rlxc)
{
	return rlxc->store.path;
}

int rlxc_log(struct rlxc *rlxc, const char *prog, const char *name, const char *file,
             const char *level, bool quiet, struct rlxc_err *err)
{
	int number = level ? log_level_parse(level) : LOG_LEVEL_UNSET, r;

	if (level && number < 0) {
		err_say(inner(err), -EINVAL, "unknown log level '%s'", level);
		err_hint(inner(err),
		         "use one of TRACE DEBUG INFO NOTICE WARN ERROR CRIT ALERT FATAL");
		return -EINVAL;
	}
	r = logfile_open(&rlxc->store, name, file, level != NULL, &rlxc->log_fd, inner(err));
	if (r < 0)
		return r;
	log_setup(prog, name, rlxc->log_fd, (enum log_level)number, quiet);
	return 0;
}

int rlxc_config_get(const struct rlxc *rlxc, const char *key, const char **ret_value)
{
	return sysconf_get(&rlxc->store.sysconf, key, ret_value);
}

const char *rlxc_config_key(unsigned int i)
{
	return sysconf_key(i);
}

int rlxc_create(struct rlxc *rlxc, const struct rlxc_create_options *options, struct rlxc_err *err)
{
	return container_create(&rlxc->store, options, inner(err));
}

int rlxc_destroy(struct rlxc *rlxc, const char *name, bool force, bool snapshots,
                 struct rlxc_err *err)
{
	return container_destroy(&rlxc->store, name, force, snapshots, inner(err));
}

int rlxc_copy(struct rlxc *rlxc, const struct rlxc_copy_options *options, char **ret_name,
              struct rlxc_err *err)
{
	struct store to = {};
	int r;

	if (!options->new_path)
		return container_copy(&rlxc->store, &rlxc->store, options, NULL, ret_name,
		                      inner(err));
	r = store_open(options->new_path, &to, inner(err));
	if (r == 0)
		r = container_copy(&rlxc->store, &to, options, NULL, ret_name, inner(err));
	store_done(&to);
	return r;
}

int rlxc_rename(struct rlxc *rlxc, const char *name, const char *new_name, struct rlxc_err *err)
{
	return container_rename(&rlxc->store, name, new_name, inner(err));
}

int rlxc_snapshot_create(struct rlxc *rlxc, const char *name, const char *comment,
                         const struct rlxc_copy_options *more, char **ret_name,
                         struct rlxc_err *err)
{
	return container_snapshot_create(&rlxc->store, name, comment, more, ret_name, inner(err));
}

int rlxc_snapshot_list(struct rlxc *rlxc, const char *name, struct rlxc_snapshot **ret_list,
                       size_t *ret_n, struct rlxc_err *err)
{
	return container_snapshot_list(&rlxc->store, name, ret_list, ret_n, inner(err));
}

void rlxc_snapshot_list_free(struct rlxc_snapshot *list, size_t n)
{
	container_snapshot_list_free(list, n);
}

int rlxc_snapshot_destroy(struct rlxc *rlxc, const char *name, const char *snapshot,
                          struct rlxc_err *err)
{
	return container_snapshot_destroy(&rlxc->store, name, snapshot, inner(err));
}

int rlxc_snapshot_restore(struct rlxc *rlxc, const char *name, const char *snapshot,
                          const char *new_name, const struct rlxc_copy_options *more,
                          struct rlxc_err *err)
{
	return container_snapshot_restore(&rlxc->store, name, snapshot, new_name, more, inner(err));
}

int rlxc_export(struct rlxc *rlxc, const struct rlxc_export_options *options, struct rlxc_err *err)
{
	return container_export(&rlxc->store, options, inner(err));
}

int rlxc_import(struct rlxc *rlxc, const struct rlxc_import_options *options, char **ret_name,
                struct rlxc_err *err)
{
	return container_import(&rlxc->store, options, ret_name, inner(err));
}

int rlxc_template_help(struct rlxc *rlxc, const char *template_name, struct rlxc_err *err)
{
	return container_template_help(&rlxc->store, template_name, inner(err));
}

int rlxc_start(struct rlxc *rlxc, const struct rlxc_start_options *options, struct rlxc_err *err)
{
	return container_start(&rlxc->store, options, inner(err));
}

int rlxc_start_plan(struct rlxc *rlxc, const struct rlxc_start_options *options, char **ret_json,
                    struct rlxc_err *err)
{
	return container_start_plan(&rlxc->store, options, ret_json, inner(err));
}

int rlxc_stop(struct rlxc *rlxc, const char *name, const struct rlxc_stop_options *options,
              struct rlxc_err *err)
{
	return container_stop(&rlxc->store, name, options, inner(err));
}

int rlxc_freeze(struct rlxc *rlxc, const char *name, int timeout_s, struct rlxc_err *err)
{
	return container_freeze(&rlxc->store, name, true, timeout_s, inner(err));
}

int rlxc_unfreeze(struct rlxc *rlxc, const char *name, int timeout_s, struct rlxc_err *err)
{
	return container_freeze(&rlxc->store, name, false, timeout_s, inner(err));
}

int rlxc_checkpoint(struct rlxc *rlxc, const char *name,
                    const struct rlxc_checkpoint_options *options, struct rlxc_err *err)
{
	return container_checkpoint(&rlxc->store, name, options, inner(err));
}

int rlxc_cgroup_get(struct rlxc *rlxc, const char *name, const char *file, char **ret_value,
                    struct rlxc_err *err)
{
	return container_cgroup_get(&rlxc->store, name, file, ret_value, inner(err));
}

int rlxc_cgroup_set(struct rlxc *rlxc, const char *name, const char *file, const char *value,
                    struct rlxc_err *err)
{
	return container_cgroup_set(&rlxc->store, name, file, value, inner(err));
}

int rlxc_device_add(struct rlxc *rlxc, const char *name, const char *device, const char *other,
                    struct rlxc_err *err)
{
	return container_device_add(&rlxc->store, name, device, other, inner(err));
}

int rlxc_device_remove(struct rlxc *rlxc, const char *name, const char *device, const char *other,
                       struct rlxc_err *err)
{
	return container_device_remove(&rlxc->store, name, device, other, inner(err));
}

int rlxc_mount(struct rlxc *rlxc, const char *name, const char *source, const char *target,
               const char *options, struct rlxc_err *err)
{
	return container_mount(&rlxc->store, name, source, target, options, inner(err));
}

int rlxc_umount(struct rlxc *rlxc, const char *name, const char *target, struct rlxc_err *err)
{
	return container_umount(&rlxc->store, name, target, inner(err));
}

int rlxc_wait(struct rlxc *rlxc, const char *name, unsigned int states, int timeout_s,
              struct rlxc_err *err)
{
	return container_wait(&rlxc->store, name, states, timeout_s, inner(err));
}

int rlxc_watch(struct rlxc *rlxc, const struct rlxc_watch_options *options, struct rlxc_err *err)
{
	return container_watch(&rlxc->store, options, inner(err));
}

int rlxc_console(struct rlxc *rlxc, const char *name, const struct rlxc_console_options *options,
                 struct rlxc_err *err)
{
	return container_console(&rlxc->store, name, options, inner(err));
}

int rlxc_console_log(struct rlxc *rlxc, const char *name, bool clear, int *ret_fd,
                     struct rlxc_err *err)
{
	return container_console_log(&rlxc->store, name, clear, ret_fd, inner(err));
}

int rlxc_attach(struct rlxc *rlxc, const char *name, const struct rlxc_attach_options *options,
                struct rlxc_err *err)
{
	return container_attach(&rlxc->store, name, options, inner(err));
}

int rlxc_info(struct rlxc *rlxc, const char *name, unsigned int want, struct rlxc_info **ret_info,
              struct rlxc_err *err)
{
	return container_info(&rlxc->store, name, want, ret_info, inner(err));
}

void rlxc_info_free(struct rlxc_info *info)
{
	container_info_free(info);
}

int rlxc_list(struct rlxc *rlxc, unsigned int want, bool nested, struct rlxc_list **ret_list,
              struct rlxc_err *err)
{
	return container_list(&rlxc->store, want, nested, ret_list, inner(err));
}

void rlxc_list_free(struct rlxc_list *list)
{
	container_list_free(list);
}

int rlxc_boots(struct rlxc *rlxc, struct rlxc_boot **ret_boots, size_t *ret_n, struct rlxc_err *err)
{
	return container_boots(&rlxc->store, ret_boots, ret_n, inner(err));
}

void rlxc_boots_free(struct rlxc_boot *boots, size_t n)
{
	container_boots_free(boots, n);
}

int rlxc_item(struct rlxc *rlxc, const char *name, const char *key, bool running, char **ret_value,
              struct rlxc_err *err)
{
	return container_item(&rlxc->store, name, key, running, ret_value, inner(err));
}

int rlxc_update_config(const char *path, bool *ret_changed, struct rlxc_err *err)
{
	return conf_update_file(path, ret_changed, inner(err));
}

int rlxc_explain(const char *key, struct rlxc_key **ret_keys, size_t *ret_n, struct rlxc_err *err)
{
	return container_explain(key, ret_keys, ret_n, inner(err));
}

int rlxc_check_config(struct rlxc *rlxc, const char *path,
                      void (*see)(void *arg, const struct rlxc_line *line), void *arg,
                      unsigned int *ret_wrong, struct rlxc_err *err)
{
	return container_check_config(&rlxc->store, path, see, arg, ret_wrong, inner(err));
}

int rlxc_check(const char *const *subjects, size_t n_subjects, struct rlxc_check **ret_checks,
               size_t *ret_n, struct rlxc_err *err)
{
	return container_check(subjects, n_subjects, ret_checks, ret_n, inner(err));
}

const char *rlxc_check_subject(unsigned int i)
{
	return container_check_subject(i);
}

int rlxc_usernsexec(const struct rlxc_userns_options *options, struct rlxc_err *err)
{
	return userns_exec(options, inner(err));
}

int rlxc_unshare(const struct rlxc_unshare_options *options, struct rlxc_err *err)
{
	return ns_unshare(options, inner(err));
}

int rlxc_namespaces_parse(const char *text, unsigned int *ret_bits, struct rlxc_err *err)
{
	return ns_list_parse(text, ret_bits, inner(err));
}

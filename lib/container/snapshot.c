/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/snapshot.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "container/copy.h"
#include "container/create.h"
#include "container/snapshot-internal.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NUMBER_MAX 100000U
#define COMMENT_MAX ((size_t)1024 * 1024)
#define TIME_FORMAT "%Y:%m:%d %H:%M:%S"
#define TIME_MAX 32

int snapshot_find_dir(const struct store *store, const char *name, char **ret_path)
{
	_cleanup_free_ char *old = NULL, *path = NULL;

	if (asprintf(&old, "%ssnaps", store->path) < 0)
		return -ENOMEM;
	if (access(old, F_OK) == 0)
		path = path_join(old, name);
	else if (asprintf(&path, "%s/%s/snaps", store->path, name) < 0)
		path = NULL;
	*ret_path = take_ptr(path);
	return *ret_path ? 0 : -ENOMEM;
}

/* The store of a container's snapshots: borrows all but its path. */
static int open_snaps(const struct store *store, const char *name, struct store *ret_snaps,
                      struct err *err)
{
	int r = store_check_name(name, err);

	if (r == 0)
		r = store_check_defined(store, name, err);
	if (r < 0)
		return r;
	*ret_snaps = *store;
	ret_snaps->path = NULL;
	return snapshot_find_dir(store, name, &ret_snaps->path) < 0 ? err_oom(err) : 0;
}

static void snaps_done(struct store *snaps)
{
	free(snaps->path);
}

static int say_unknown(const struct store *snaps, const char *name, const char *snapshot,
                       struct err *err)
{
	err_say(err, -ENOENT, "container '%s' has no snapshot '%s' in %s", name, snapshot,
	        snaps->path);
	err_hint(err, "lxc-snapshot -L lists them");
	return -ENOENT;
}

static int check_snapshot(const struct store *snaps, const char *name, const char *snapshot,
                          struct err *err)
{
	if (store_check_name(snapshot, NULL) < 0 || !store_is_defined(snaps, snapshot))
		return say_unknown(snaps, name, snapshot, err);
	return 0;
}

/* ---- a new one ---- */

static int read_comment(const char *path, char **ret_text, size_t *ret_len, struct err *err)
{
	int r = path ? fd_read_file(AT_FDCWD, path, COMMENT_MAX, ret_text, ret_len) : 0;

	return r < 0 ? err_set(err, r, "cannot read the comment '%s'", path) : 0;
}

/* @text: TIME_MAX bytes. */
static void format_now(char *text)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)strftime(text, TIME_MAX, TIME_FORMAT, localtime_r(&now, &tm));
}

/* The lowest number that is free; another command may take it at the same time. */
static int make_next(const struct store *store, const struct store *snaps,
                     struct rlxc_copy_options *options, const struct copy_note *notes,
                     char **ret_name, struct err *err)
{
	char name[32];
	int r = -EEXIST;

	options->new_name = name;
	for (unsigned int i = 0; i < NUMBER_MAX && r == -EEXIST; i++) {
		(void)snprintf(name, sizeof(name), "snap%u", i);
		if (!store_is_defined(snaps, name))
			r = container_copy(store, snaps, options, notes, ret_name, err);
	}
	return r;
}

int container_snapshot_create(const struct store *store, const char *name, const char *comment,
                              const struct rlxc_copy_options *more, char **ret_name,
                              struct err *err)
{
	_cleanup_(snaps_done) struct store snaps = {};
	_cleanup_free_ char *text = NULL;
	struct rlxc_copy_options options = more ? *more : (struct rlxc_copy_options){};
	char now[TIME_MAX];
	size_t len = 0;
	int r;

	r = open_snaps(store, name, &snaps, err);
	if (r == 0)
		r = read_comment(comment, &text, &len, err);
	if (r < 0)
		return r;
	format_now(now);
	const struct copy_note notes[] = {
		{ "ts", now, strlen(now) },
		{ "comment", text, len },
		{},
	};

	options.name = name;
	options.keep_name = options.keep_mac = options.native = true;
	r = make_next(store, &snaps, &options, notes, ret_name, err);
	if (r < 0)
		(void)rmdir(snaps.path);
	return r;
}

/* ---- those there are ---- */

static void read_note(int dir_fd, const char *name, char **ret_text)
{
	if (fd_read_file(dir_fd, name, COMMENT_MAX, ret_text, NULL) < 0)
		*ret_text = NULL;
}

static int load_one(const struct store *snaps, const char *name, struct rlxc_snapshot *snapshot)
{
	_cleanup_close_ int dir_fd = store_open_dir(snaps, name, NULL);

	snapshot->name = strdup(name);
	snapshot->path = strdup(snaps->path);
	if (dir_fd >= 0) {
		read_note(dir_fd, "ts", &snapshot->time);
		read_note(dir_fd, "comment", &snapshot->comment);
	}
	return snapshot->name && snapshot->path ? 0 : -ENOMEM;
}

static uint32_t number_of(const struct rlxc_snapshot *snapshot)
{
	uint32_t number;

	return str_starts_with(snapshot->name, "snap") &&
	                       num_parse_u32(snapshot->name + strlen("snap"), &number) == 0
	               ? number
	               : UINT32_MAX;
}

static int compare_snapshots(const void *a, const void *b)
{
	uint32_t first = number_of(a), second = number_of(b);

	return first < second ? -1 : first > second;
}

void container_snapshot_list_free(struct rlxc_snapshot *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].name);
		free(list[i].path);
		free(list[i].time);
		free(list[i].comment);
	}
	free(list);
}

int container_snapshot_list(const struct store *store, const char *name,
                            struct rlxc_snapshot **ret_list, size_t *ret_n, struct err *err)
{
	_cleanup_(snaps_done) struct store snaps = {};
	_cleanup_(strv_done) struct strv names = {};
	struct rlxc_snapshot *list;
	int r;

	r = open_snaps(store, name, &snaps, err);
	if (r == 0)
		r = store_names(&snaps, &names, err);
	if (r < 0)
		return r;
	list = calloc(names.n + 1, sizeof(*list));
	for (size_t i = 0; list && r == 0 && i < names.n; i++)
		r = load_one(&snaps, names.items[i], &list[i]);
	if (!list || r < 0) {
		container_snapshot_list_free(list, list ? names.n : 0);
		return err_oom(err);
	}
	qsort(list, names.n, sizeof(*list), compare_snapshots);
	*ret_list = list;
	*ret_n = names.n;
	return 0;
}

static int destroy_all(const struct store *snaps, const char *name, struct err *err)
{
	_cleanup_(strv_done) struct strv names = {};
	int r = store_names(snaps, &names, err);

	if (r == 0 && names.n == 0)
		r = err_say(err, -ENOENT, "container '%s' has no snapshots", name);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = container_destroy(snaps, names.items[i], false, false, err);
	return r;
}

int container_snapshot_destroy(const struct store *store, const char *name, const char *snapshot,
                               struct err *err)
{
	_cleanup_(snaps_done) struct store snaps = {};
	int r;

	r = open_snaps(store, name, &snaps, err);
	if (r < 0)
		return r;
	if (!snapshot)
		r = destroy_all(&snaps, name, err);
	else
		r = check_snapshot(&snaps, name, snapshot, err);
	if (r == 0 && snapshot)
		r = container_destroy(&snaps, snapshot, false, false, err);
	(void)rmdir(snaps.path); /* after the last one */
	return r;
}

int container_snapshot_restore(const struct store *store, const char *name, const char *snapshot,
                               const char *new_name, const struct rlxc_copy_options *more,
                               struct err *err)
{
	_cleanup_(snaps_done) struct store snaps = {};
	struct rlxc_copy_options options = more ? *more : (struct rlxc_copy_options){};
	_cleanup_free_ char *made = NULL;
	int r;

	r = open_snaps(store, name, &snaps, err);
	if (r == 0)
		r = check_snapshot(&snaps, name, snapshot, err);
	if (r < 0)
		return r;
	if (!new_name || strcmp(new_name, name) == 0)
		return snapshot_restore_here(store, &snaps, name, snapshot, more, err);
	options.name = snapshot;
	options.new_name = new_name;
	options.native = true;
	return container_copy(&snaps, store, &options, NULL, &made, err);
}

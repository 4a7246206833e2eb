/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-internal.h"

#include "base/cleanup.h"
#include "container/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Cuts @path, which is absolute, to what there is of it. */
static void cut_to_existing(char *path)
{
	while (access(path, F_OK) < 0 && errno == ENOENT && strrchr(path, '/') != path)
		*strrchr(path, '/') = '\0';
}

static int say_unusable(const struct store *store, const char *there, int code, struct err *err)
{
	err_set(err, code, "cannot make a directory in '%s'", there);
	if (code == -EACCES)
		err_hint(err, "as root: install -d -o %s %s", store->caller.name, store->path);
	else if (code == -EROFS)
		err_hint(err, "mount its file system writable");
	else
		store_hint_full(store, code, err);
	return code;
}

static int say_noexec(const char *there, struct err *err)
{
	err_say(err, -EACCES,
	        "the file system of '%s' is mounted noexec: no program of a "
	        "container runs there",
	        there);
	err_hint(err, "mount it without noexec");
	return -EACCES;
}

/* The directory of containers, or the one it will be made in. */
static int check_store(struct check_job *job, struct err *err)
{
	_cleanup_(store_done) struct store store = {};
	char there[PATH_MAX], probe[PATH_MAX + 32];
	struct statvfs fs;
	int r = store_open(NULL, &store, err);

	if (r < 0)
		return r;
	check_note(job, "%s", store.path);
	(void)snprintf(there, sizeof(there), "%s", store.path);
	cut_to_existing(there);
	(void)snprintf(probe, sizeof(probe), "%s/.check-XXXXXX", there);
	if (!mkdtemp(probe))
		return say_unusable(&store, there, -errno, err);
	r = statvfs(probe, &fs) < 0 ? -errno : 0;
	(void)rmdir(probe);
	if (r < 0)
		return err_set(err, r, "cannot look at the file system of '%s'", there);
	return fs.f_flag & ST_NOEXEC ? say_noexec(there, err) : 0;
}

const struct check_row check_rows_files[] = {
	{ .label = "Directory of containers", .need = CHECK_BY_ALL, .run = check_store },
	{},
};

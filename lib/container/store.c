/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/store.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/read.h"
#include "container/mark.h"
#include "container/pending.h"
#include "os/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_NAME_MAX 200

/* Absolute and without trailing slash; a relative path starts at the working directory. */
static int make_absolute(const char *path, char **ret_path, struct err *err)
{
	_cleanup_free_ char *cwd = NULL, *full = NULL;

	if (!*path)
		return err_say(err, -EINVAL, "the path of the containers is empty");
	if (*path == '/') {
		full = strdup(path);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return err_set(err, -errno, "cannot find out the working directory");
		full = path_join(cwd, path);
	}
	if (!full)
		return err_oom(err);
	if (strlen(full) >= PATH_MAX)
		return err_set(err, -ENAMETOOLONG, "cannot use '%.64s...' for containers", full);
	path_simplify(full);
	*ret_path = take_ptr(full);
	return 0;
}

int store_open(const char *path, struct store *ret_store, struct err *err)
{
	struct store store = {};
	int r;

	r = caller_load(&store.caller, err);
	if (r < 0)
		return r;
	r = sysconf_load(&store.sysconf, store.caller.home, store.caller.is_root, err);
	if (r == 0)
		r = make_absolute(path ? path : store.sysconf.lxcpath, &store.path, err);
	if (r < 0) {
		store_done(&store);
		return r;
	}
	*ret_store = store;
	return 0;
}

void store_done(struct store *store)
{
	free(store->path);
	caller_done(&store->caller);
	sysconf_done(&store->sysconf);
	*store = (struct store){};
}

static int refuse_name(const char *name, const char *why, struct err *err)
{
	err_say(err, -EINVAL, "'%.64s%s' cannot be the name of a container: %s", name,
	        strlen(name) > 64 ? "..." : "", why);
	err_hint(err, "use letters, digits, '.', '_' and '-', beginning with a letter or digit");
	return -EINVAL;
}

int store_check_name(const char *name, struct err *err)
{
	size_t len = name ? strlen(name) : 0;

	if (len == 0) {
		err_say(err, -EINVAL, "the name of the container is empty");
		err_hint(err, "lxc-ls lists the containers");
		return -EINVAL;
	}
	if (len > STORE_NAME_MAX)
		return refuse_name(name, "it is longer than 200 bytes", err);
	if (*name == '.' || *name == '-')
		return refuse_name(name, "it begins with '.' or '-'", err);
	for (const char *s = name; *s; s++) {
		if (*s == '/')
			return refuse_name(name, "it contains a slash", err);
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return refuse_name(name, "it contains a blank or control character", err);
		if (strchr("!\"#$&'()*;<>?[\\]^`{|}~", *s))
			return refuse_name(name, "it contains a character that shells expand", err);
	}
	return 0;
}

int store_say_missing(const struct store *store, const char *name, struct err *err)
{
	err_say(err, -ENOENT, "container '%s' does not exist in %s", name, store->path);
	err_hint(err, "lxc-ls%s lists the containers; -P names another directory",
	         STORE_OPTION(store));
	return -ENOENT;
}

void store_hint_full(const struct store *store, int code, struct err *err)
{
	if (code == -ENOSPC || code == -EDQUOT)
		err_hint(err,
		         "df '%s' and df -i '%s' show what is free; -P chooses another directory",
		         store->path, store->path);
}

const char *store_option(const struct store *store, char *buf, size_t size)
{
	const char *usual = store->sysconf.lxcpath;

	buf[0] = '\0';
	if (strlen(store->path) + sizeof(" -P ") <= size &&
	    !(usual && strcmp(usual, store->path) == 0))
		(void)snprintf(buf, size, " -P %s", store->path);
	return buf;
}

int store_open_dir(const struct store *store, const char *name, struct err *err)
{
	_cleanup_close_ int store_fd = -EBADF;
	int fd;

	store_fd = open(store->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store_fd < 0 && errno == ENOENT)
		return store_say_missing(store, name, err);
	if (store_fd < 0)
		return err_set(err, -errno, "cannot open '%s'", store->path);
	fd = path_open_beneath(store_fd, name, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT)
		return store_say_missing(store, name, err);
	if (fd == -ELOOP || fd == -ENOTDIR)
		return err_say(err, fd, "'%s/%s' is not a directory", store->path, name);
	if (fd < 0)
		return err_set(err, fd, "cannot open '%s/%s'", store->path, name);
	return fd;
}

/* Is there a configuration file in the directory behind @dir_fd? errno: why not. */
static bool has_config(int dir_fd)
{
	struct stat st;

	if (fstatat(dir_fd, "config", &st, 0) < 0)
		return false;
	errno = ENOENT;
	return !S_ISDIR(st.st_mode);
}

bool store_is_defined(const struct store *store, const char *name)
{
	_cleanup_close_ int fd = store_open_dir(store, name, NULL);

	return fd >= 0 && has_config(fd);
}

int store_check_defined(const struct store *store, const char *name, struct err *err)
{
	_cleanup_close_ int fd = store_open_dir(store, name, err);

	if (fd < 0 || has_config(fd))
		return fd < 0 ? fd : 0;
	return errno == ENOENT
	               ? store_say_missing(store, name, err)
	               : err_set(err, -errno, "cannot look into '%s/%s'", store->path, name);
}

/* Path of the configuration, after a look at whether it is there. */
static int find_config(const struct store *store, const char *name, char **ret_path,
                       struct err *err)
{
	_cleanup_close_ int fd = store_open_dir(store, name, err);
	struct stat st;

	if (fd < 0)
		return fd;
	pending_settle(fd, name);
	if (fstatat(fd, "config", &st, 0) < 0 && errno == ENOENT)
		return store_say_missing(store, name, err);
	if (asprintf(ret_path, "%s/%s/config", store->path, name) < 0)
		return err_oom(err);
	return 0;
}

int store_load_conf(const struct store *store, const char *name, const char *rcfile, bool tolerate,
                    struct conf **ret_conf, struct err *err)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_free_ char *path = NULL;
	int r;

	if (!rcfile) {
		r = find_config(store, name, &path, err);
		if (r < 0)
			return r;
	}
	conf = conf_new();
	if (!conf)
		return err_oom(err);
	r = conf_read_file(conf, rcfile ? rcfile : path, err);
	if (r == 0 || tolerate)
		*ret_conf = take_ptr(conf);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Does the entry @name of the open store define a container? Rests of a failed creation are
 * cleared away on this occasion. */
static bool is_container(const struct store *store, int store_fd, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	struct err err = {};

	if (store_check_name(name, NULL) < 0)
		return false;
	fd = path_open_beneath(store_fd, name, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return false;
	if (has_config(fd) && faccessat(fd, PARTIAL_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	if (store_clean_partial(store, name, &err) < 0)
		log_warn("%s, leaving it", err.msg);
	return has_config(fd);
}

int store_names(const struct store *store, struct strv *ret_names, struct err *err)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_(strv_done) struct strv names = {};
	struct dirent *entry;

	dir = opendir(store->path);
	if (!dir && errno != ENOENT)
		return err_set(err, -errno, "cannot read '%s'", store->path);
	while (dir && (errno = 0, entry = readdir(dir))) {
		if (!is_container(store, dirfd(dir), entry->d_name))
			continue;
		if (strv_add(&names, entry->d_name) < 0)
			return err_oom(err);
	}
	if (dir && errno)
		return err_set(err, -errno, "cannot read '%s'", store->path);
	if (names.n > 1)
		qsort(names.items, names.n, sizeof(*names.items), compare_names);
	*ret_names = names;
	names = (struct strv){};
	return 0;
}

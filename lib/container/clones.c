/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/clones.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "container/mark.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLONES_MAX (1024 * 1024)

/* Lines of a file, without the empty one after the last newline. */
static int read_lines(int dir_fd, const char *name, struct strv *ret_lines)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_read_all(fd, CLONES_MAX, &text, &len);
	if (r < 0)
		return r;
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	return len ? strv_split_at(ret_lines, text, '\n') : 0;
}

static bool is_gone(const char *lxcpath, const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT && access(lxcpath, F_OK) == 0;
}

static int add_present(struct strv *paths, const char *lxcpath, const char *name)
{
	char *path = path_join(lxcpath, name);

	if (!path)
		return -ENOMEM;
	if (!is_gone(lxcpath, path))
		return strv_take(paths, path);
	free(path);
	return 0;
}

int clones_read(int dir_fd, struct strv *ret_paths)
{
	_cleanup_(strv_done) struct strv lines = {};
	int r = read_lines(dir_fd, CLONES_NAME, &lines);

	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; r == 0 && i + 1 < lines.n; i += 2)
		r = add_present(ret_paths, lines.items[i], lines.items[i + 1]);
	return r;
}

int clones_refuse(int dir_fd, const char *path, const char *name, struct err *err)
{
	_cleanup_(strv_done) struct strv paths = {};
	int r = clones_read(dir_fd, &paths);

	if (r < 0)
		return err_set(err, r, "cannot read '%s/" CLONES_NAME "'", path);
	if (paths.n == 1)
		return err_say(err, -EBUSY, "container '%s' has a clone that needs it, '%s'", name,
		               paths.items[0]);
	if (paths.n)
		return err_say(err, -EBUSY,
		               "container '%s' has %zu clones that need it, such as '%s'", name,
		               paths.n, paths.items[0]);
	return 0;
}

int clones_read_parent(int dir_fd, char **ret_lxcpath, char **ret_name)
{
	_cleanup_(strv_done) struct strv lines = {};
	int r = read_lines(dir_fd, CLONES_PARENT_NAME, &lines);

	if (r < 0)
		return r;
	if (lines.n != 2 || lines.items[0][0] != '/' || store_check_name(lines.items[1], NULL) < 0)
		return -EBADMSG;
	*ret_lxcpath = take_ptr(lines.items[0]);
	*ret_name = take_ptr(lines.items[1]);
	return 0;
}

static int write_lines(int dir_fd, const struct strv *lines)
{
	_cleanup_free_ char *content = NULL;
	struct text text = {};
	int r;

	if (lines->n < 2)
		return unlinkat(dir_fd, CLONES_NAME, 0) < 0 ? -errno : 0;
	for (size_t i = 0; i < lines->n; i++)
		text_addf(&text, "%s\n", lines->items[i]);
	r = text_finish(&text, &content);
	return r < 0 ? r : fd_replace_at(dir_fd, CLONES_NAME, 0644, content, strlen(content));
}

int clones_write_parent(int dir_fd, const char *lxcpath, const char *name)
{
	_cleanup_free_ char *content = NULL;
	struct text text = {};
	int r;

	text_addf(&text, "%s\n%s\n", lxcpath, name);
	r = text_finish(&text, &content);
	return r < 0 ? r
	             : fd_replace_at(dir_fd, CLONES_PARENT_NAME, 0644, content, strlen(content));
}

int clones_lock(int dir_fd)
{
	int fd = openat(dir_fd, "config", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

static int open_parent(const char *lxcpath, const char *name, int *ret_lock)
{
	_cleanup_close_ int store_fd = -EBADF, dir_fd = -EBADF;
	struct stat st, now;

	store_fd = open(lxcpath, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store_fd < 0)
		return -errno;
	dir_fd = path_open_beneath(store_fd, name, O_PATH | O_DIRECTORY);
	if (dir_fd < 0)
		return dir_fd;
	*ret_lock = clones_lock(dir_fd);
	/* It may have been renamed meanwhile. */
	if (fstat(dir_fd, &st) < 0 || fstatat(store_fd, name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_ino != now.st_ino)
		return -EBUSY;
	return take_fd(&dir_fd);
}

int clones_add(const char *parent_lxcpath, const char *parent_name, const char *lxcpath,
               const char *name)
{
	_cleanup_close_ int lock_fd = -EBADF, dir_fd = -EBADF;
	_cleanup_(strv_done) struct strv lines = {};
	int r;

	dir_fd = open_parent(parent_lxcpath, parent_name, &lock_fd);
	if (dir_fd < 0)
		return dir_fd;
	if (faccessat(dir_fd, PARTIAL_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EBUSY;
	r = read_lines(dir_fd, CLONES_NAME, &lines);
	if (r < 0 && r != -ENOENT)
		return r;
	r = strv_add(&lines, lxcpath);
	if (r == 0)
		r = strv_add(&lines, name);
	return r < 0 ? r : write_lines(dir_fd, &lines);
}

int clones_forget(const char *parent_lxcpath, const char *parent_name, const char *lxcpath,
                  const char *name)
{
	_cleanup_close_ int lock_fd = -EBADF, dir_fd = -EBADF;
	_cleanup_(strv_done) struct strv lines = {};
	int r;

	dir_fd = open_parent(parent_lxcpath, parent_name, &lock_fd);
	if (dir_fd < 0)
		return dir_fd;
	r = read_lines(dir_fd, CLONES_NAME, &lines);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i + 1 < lines.n;) {
		if (strcmp(lines.items[i], lxcpath) != 0 || strcmp(lines.items[i + 1], name) != 0) {
			i += 2;
			continue;
		}
		strv_remove(&lines, i + 1);
		strv_remove(&lines, i);
	}
	return write_lines(dir_fd, &lines);
}

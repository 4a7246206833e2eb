/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/clones.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARENT_NAME "lxc_rdepends"
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

int clones_read(int dir_fd, struct strv *ret_paths)
{
	_cleanup_(strv_done) struct strv lines = {};
	int r = read_lines(dir_fd, CLONES_NAME, &lines);

	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; r == 0 && i + 1 < lines.n; i += 2)
		r = strv_addf(ret_paths, "%s/%s", lines.items[i], lines.items[i + 1]);
	return r;
}

int clones_read_parent(int dir_fd, char **ret_lxcpath, char **ret_name)
{
	_cleanup_(strv_done) struct strv lines = {};
	int r = read_lines(dir_fd, PARENT_NAME, &lines);

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

int clones_forget(const char *parent_lxcpath, const char *parent_name, const char *lxcpath,
                  const char *name)
{
	_cleanup_close_ int store_fd = -EBADF, dir_fd = -EBADF;
	_cleanup_(strv_done) struct strv lines = {};
	int r;

	store_fd = open(parent_lxcpath, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store_fd < 0)
		return -errno;
	dir_fd = path_open_beneath(store_fd, parent_name, O_PATH | O_DIRECTORY);
	if (dir_fd < 0)
		return dir_fd;
	r = read_lines(dir_fd, CLONES_NAME, &lines);
	if (r < 0)
		return r;
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

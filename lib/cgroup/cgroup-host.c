/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which cgroup file systems this host has. The texts of /proc are parsed as hostile: mount points,
 * roots and cgroup names are chosen by whoever may mount or make cgroups. */
#include "cgroup/cgroup.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOUNTINFO_MAX (64U << 20)

struct slice {
	const char *s, *end;
};

/* Cuts the text up to the next @sep off @rest; false when nothing is left. */
static bool next_part(struct slice *rest, char sep, struct slice *ret_part)
{
	const char *end;

	if (rest->s >= rest->end)
		return false;
	end = memchr(rest->s, sep, (size_t)(rest->end - rest->s));
	*ret_part = (struct slice){ rest->s, end ? end : rest->end };
	rest->s = end ? end + 1 : rest->end;
	return true;
}

static bool slice_is(struct slice part, const char *text)
{
	size_t len = (size_t)(part.end - part.s);

	return len == strlen(text) && memcmp(part.s, text, len) == 0;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks and line breaks are written as \ooo there. */
static char *unescape(struct slice part)
{
	char *text = malloc((size_t)(part.end - part.s) + 1), *to = text;

	if (!text)
		return NULL;
	while (part.s < part.end) {
		if (part.s[0] == '\\' && part.end - part.s >= 4 && is_octal(part.s[1]) &&
		    is_octal(part.s[2]) && is_octal(part.s[3])) {
			int byte =
				(part.s[1] - '0') * 64 + (part.s[2] - '0') * 8 + (part.s[3] - '0');

			*to++ = (char)byte;
			part.s += 4;
		} else {
			*to++ = *part.s++;
		}
	}
	*to = '\0';
	return text;
}

struct mount_line {
	struct slice root, point, type, options;
};

/* "36 35 98:0 /root /point rw,noatime [optional...] - type source options", see proc(5). */
static bool parse_line(struct slice line, struct mount_line *ret_line)
{
	struct slice part, fields[5];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!next_part(&line, ' ', &fields[i]))
			return false;
	do
		if (!next_part(&line, ' ', &part))
			return false;
	while (!slice_is(part, "-"));
	if (!next_part(&line, ' ', &ret_line->type))
		return false;
	ret_line->options = (struct slice){};
	if (next_part(&line, ' ', &part))
		(void)next_part(&line, ' ', &ret_line->options);
	ret_line->root = fields[3];
	ret_line->point = fields[4];
	return fields[3].s < fields[3].end && *fields[3].s == '/' && fields[4].s < fields[4].end &&
	       *fields[4].s == '/';
}

static int point_rank(const char *point)
{
	if (!point)
		return 0;
	if (strcmp(point, "/sys/fs/cgroup") == 0)
		return 3;
	return strcmp(point, "/sys/fs/cgroup/unified") == 0 ? 2 : 1;
}

static int take_mount(struct cgroup_mounts *mounts, const struct mount_line *line)
{
	_cleanup_free_ char *point = unescape(line->point), *root = unescape(line->root);
	int had = point_rank(mounts->point), has;

	if (!point || !root)
		return -ENOMEM;
	has = point_rank(point);
	/* A later mount on the same point covers the earlier one. */
	if (has < had || (has == had && strcmp(point, mounts->point) != 0))
		return 0;
	free(mounts->point);
	free(mounts->root);
	mounts->point = take_ptr(point);
	mounts->root = take_ptr(root);
	return 0;
}

static int take_v1_mount(struct cgroup_mounts *mounts, const struct mount_line *line)
{
	struct cgroup_v1_mount *list, *mount;

	list = array_grow(mounts->v1, mounts->n_v1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	mounts->v1 = list;
	mount = &list[mounts->n_v1++];
	*mount = (struct cgroup_v1_mount){ .point = unescape(line->point),
		                           .root = unescape(line->root),
		                           .options = unescape(line->options) };
	return mount->point && mount->root && mount->options ? 0 : -ENOMEM;
}

int cgroup_parse_mounts(const char *text, struct cgroup_mounts *ret_mounts)
{
	struct slice rest = { text, text + strlen(text) }, line;
	struct cgroup_mounts mounts = {};
	int r;

	while (next_part(&rest, '\n', &line)) {
		struct mount_line mount;

		if (!parse_line(line, &mount))
			continue;
		r = 0;
		if (slice_is(mount.type, "cgroup"))
			r = take_v1_mount(&mounts, &mount);
		else if (slice_is(mount.type, "cgroup2"))
			r = take_mount(&mounts, &mount);
		if (r < 0) {
			cgroup_mounts_done(&mounts);
			return r;
		}
	}
	*ret_mounts = mounts;
	return 0;
}

void cgroup_mounts_done(struct cgroup_mounts *mounts)
{
	for (size_t i = 0; i < mounts->n_v1; i++) {
		free(mounts->v1[i].point);
		free(mounts->v1[i].root);
		free(mounts->v1[i].options);
	}
	free(mounts->v1);
	free(mounts->point);
	free(mounts->root);
	*mounts = (struct cgroup_mounts){};
}

int cgroup_parse_membership(const char *text, char **ret_path)
{
	struct slice rest = { text, text + strlen(text) }, line;
	char *path;

	while (next_part(&rest, '\n', &line)) {
		if (line.end - line.s < 4 || memcmp(line.s, "0::/", 4) != 0)
			continue;
		path = strndup(line.s + 3, (size_t)(line.end - line.s) - 3);
		if (!path)
			return -ENOMEM;
		*ret_path = path;
		return 0;
	}
	return -ENOENT;
}

static int open_dir(int dir_fd, const char *path, long type)
{
	_cleanup_close_ int fd = -EBADF;
	struct statfs fs;

	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == type ? take_fd(&fd) : -EMEDIUMTYPE;
}

int cgroup_open_dir(int dir_fd, const char *path)
{
	return open_dir(dir_fd, path, CGROUP2_SUPER_MAGIC);
}

int cgroup_v1_open_dir(int dir_fd, const char *path)
{
	return open_dir(dir_fd, path, CGROUP_SUPER_MAGIC);
}

int cgroup_open_any(const char *path)
{
	int fd = cgroup_open_dir(AT_FDCWD, path);

	return fd == -EMEDIUMTYPE ? cgroup_v1_open_dir(AT_FDCWD, path) : fd;
}

static int load(struct cgroup_host *host)
{
	_cleanup_(cgroup_mounts_done) struct cgroup_mounts mounts = {};
	_cleanup_free_ char *text = NULL;
	int r;

	r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return cgroup_say_why(host, "'/proc/self/mountinfo' cannot be read: %s",
		                      strerror(-r));
	r = cgroup_parse_mounts(text, &mounts);
	if (r == 0 && mounts.n_v1)
		r = cgroup_v1_load(&mounts, host);
	if (r < 0)
		return r;
	if (!mounts.point)
		return cgroup_say_why(host, "no cgroup2 file system is mounted on this host");
	host->has_v2 = true;
	host->pure_v2 = !mounts.n_v1;
	host->v2_mount = take_ptr(mounts.point);
	host->v2_root = take_ptr(mounts.root);
	return 0;
}

int cgroup_host_load(struct cgroup_host *ret_host, struct err *err)
{
	struct cgroup_host host = {};

	if (load(&host) < 0) {
		cgroup_host_done(&host);
		return err_oom(err);
	}
	*ret_host = host;
	return 0;
}

void cgroup_host_done(struct cgroup_host *host)
{
	cgroup_v1_host_done(host);
	free(host->v2_mount);
	free(host->v2_root);
	free(host->base);
	free(host->why_no_base);
	*host = (struct cgroup_host){};
}

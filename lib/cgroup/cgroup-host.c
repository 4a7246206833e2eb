/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where our cgroups can go. The texts of /proc are parsed as hostile: mount points, roots and
 * cgroup names are chosen by whoever may mount or make cgroups. What they lead to is used only
 * after the directory itself was opened and found to be
 *
 * 1. on a cgroup2 file system,
 * 2. owned by us or by root: its owner may freeze and kill all that is below,
 * 3. writable for us, its cgroup.procs too: the kernel wants that for clone3 into a leaf. */
#include "cgroup/cgroup.h"

#include "base/cleanup.h"
#include "cgroup/cgroup-internal.h"
#include "os/fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOUNTINFO_MAX (64U << 20)
#define MEMBERSHIP_MAX (1U << 20)

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
	struct slice root, point, type;
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

int cgroup_parse_mounts(const char *text, struct cgroup_mounts *ret_mounts)
{
	struct slice rest = { text, text + strlen(text) }, line;
	struct cgroup_mounts mounts = {};
	int r;

	while (next_part(&rest, '\n', &line)) {
		struct mount_line mount;

		if (!parse_line(line, &mount))
			continue;
		if (slice_is(mount.type, "cgroup"))
			mounts.has_v1 = true;
		if (!slice_is(mount.type, "cgroup2"))
			continue;
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

int cgroup_open_dir(int dir_fd, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	struct statfs fs;

	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? take_fd(&fd) : -EMEDIUMTYPE;
}

/* Says why there is no base; a later reason replaces an earlier one. */
__attribute__((format(printf, 2, 3))) static int say_why(struct cgroup_host *host, const char *fmt,
                                                         ...)
{
	char *why = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&why, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	free(host->why_no_base);
	host->why_no_base = why;
	return 0;
}

static int read_membership(const char *file, char **ret_path)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = fd_read_file(AT_FDCWD, file, MEMBERSHIP_MAX, &text, NULL);
	return r < 0 ? r : cgroup_parse_membership(text, ret_path);
}

static int check_base(struct cgroup_host *host, const struct caller *caller, const char *dir)
{
	_cleanup_close_ int fd = cgroup_open_dir(AT_FDCWD, dir);
	struct stat st;

	if (fd < 0)
		return say_why(host, "the cgroup '%s' cannot be opened: %s", dir,
		               fd == -EMEDIUMTYPE ? "it is no cgroup2 directory" : strerror(-fd));
	if (fstat(fd, &st) < 0)
		return say_why(host, "the cgroup '%s' cannot be read: %s", dir, strerror(errno));
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0 ||
	    faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return say_why(host, "the cgroup '%s' is not delegated to user %s: %s", dir,
		               caller->name ? caller->name : "?", strerror(errno));
	if (!cgroup_plan_may_use(caller, st.st_uid))
		return say_why(host,
		               "the cgroup '%s' belongs to uid %u, who could end or freeze "
		               "what we put there",
		               dir, st.st_uid);
	host->base = strdup(dir);
	return host->base ? 0 : -ENOMEM;
}

/* Tries the cgroup that @file (/proc/PID/cgroup) names. 0 also when it will not do. */
static int try_member(struct cgroup_host *host, const struct caller *caller,
                      const struct cgroup_mounts *mounts, const char *file, bool is_init)
{
	_cleanup_free_ char *path = NULL, *dir = NULL;
	int r;

	r = read_membership(file, &path);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return say_why(host, "'%s' names no cgroup2: %s", file, strerror(-r));
	if (is_init)
		cgroup_plan_cut_init_scope(path);
	r = cgroup_plan_dir(mounts, path, &dir);
	if (r == -EXDEV)
		return say_why(host, "the cgroup '%s' is outside of what is mounted at '%s'", path,
		               mounts->point);
	return r < 0 ? r : check_base(host, caller, dir);
}

static int find_base(struct cgroup_host *host, const struct caller *caller,
                     const struct cgroup_mounts *mounts)
{
	int r = 0;

	/* Root's containers are not to end with the session or unit they were started from. */
	if (caller->is_root)
		r = try_member(host, caller, mounts, "/proc/1/cgroup", /* is_init= */ true);
	if (r == 0 && !host->base)
		r = try_member(host, caller, mounts, "/proc/self/cgroup", /* is_init= */ false);
	if (r == 0 && host->base) {
		free(host->why_no_base);
		host->why_no_base = NULL;
	}
	return r;
}

static int load(const struct caller *caller, struct cgroup_host *host)
{
	_cleanup_(cgroup_mounts_done) struct cgroup_mounts mounts = {};
	_cleanup_free_ char *text = NULL;
	int r;

	r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return say_why(host, "'/proc/self/mountinfo' cannot be read: %s", strerror(-r));
	r = cgroup_parse_mounts(text, &mounts);
	if (r < 0)
		return r;
	if (!mounts.point)
		return say_why(host, "no cgroup2 file system is mounted on this host");
	host->has_v2 = true;
	host->pure_v2 = !mounts.has_v1;
	host->v2_mount = strdup(mounts.point);
	return host->v2_mount ? find_base(host, caller, &mounts) : -ENOMEM;
}

int cgroup_host_load(const struct caller *caller, struct cgroup_host *ret_host, struct err *err)
{
	struct cgroup_host host = {};

	if (load(caller, &host) < 0) {
		cgroup_host_done(&host);
		return err_oom(err);
	}
	*ret_host = host;
	return 0;
}

void cgroup_host_done(struct cgroup_host *host)
{
	free(host->v2_mount);
	free(host->base);
	free(host->why_no_base);
	*host = (struct cgroup_host){};
}

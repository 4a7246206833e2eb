/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/cache.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "host/tools.h"
#include "os/fd.h"
#include "os/path.h"
#include "seccomp/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef RLXC_VERSION
#define RLXC_VERSION "unknown"
#endif
#ifndef RLXC_LOCALSTATEDIR
#define RLXC_LOCALSTATEDIR "/var"
#endif

#define IMAGE_MAX ((size_t)2 << 20) /* a policy of 1 MiB, and the longest program */

/* ---- the directory ---- */

/* $HOME may be somebody else's, as after su(1): that of the entry in /etc/passwd is ours. */
static char *cache_path(const struct caller *caller)
{
	const char *xdg = getenv("XDG_CACHE_HOME");

	if (caller->is_root && !caller->in_userns)
		return strdup(RLXC_LOCALSTATEDIR "/cache/rlxc/seccomp");
	if (xdg && xdg[0] == '/')
		return path_join(xdg, "rlxc/seccomp");
	return path_join(caller->own_home, ".cache/rlxc/seccomp");
}

static bool is_ours(const struct stat *st, const struct caller *caller)
{
	return st->st_uid == caller->uid && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int open_dir(const struct caller *caller)
{
	_cleanup_free_ char *path = cache_path(caller);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && path_mkdir_parents(path, 0700) == 0)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!is_ours(&st, caller)) {
		log_warn("others can write to the cache '%s', continuing without it", path);
		return -EPERM;
	}
	return take_fd(&fd);
}

/* ---- files ---- */

static int open_image(int dir_fd, const char *name, const struct caller *caller, const char *policy)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *image = NULL;
	struct stat st;
	size_t len;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !is_ours(&st, caller))
		return -EPERM;
	if (fd_read_all(fd, IMAGE_MAX, &image, &len) < 0 || !seccomp_image_ok(image, len, policy))
		return -EBADMSG;
	return take_fd(&fd);
}

/* ---- the compiler ---- */

static int memory_file(const char *name, const void *data, size_t len)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write(fd, data, len);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(&fd);
}

static int compile_failed(int code, const char *answer, struct err *err)
{
	if (code < 0)
		return code;
	if (code == 1 && str_starts_with(answer, "error "))
		return err_say(err, -EINVAL, "cannot compile the filter for system calls: %.*s",
		               (int)strcspn(answer + 6, "\n"), answer + 6);
	err_say(err, -EIO, "cannot compile the filter for system calls: rlxc-seccomp ended with %d",
	        code);
	if (code == 127)
		err_hint(err, "does rlxc-seccomp find its library, libseccomp?");
	return -EIO;
}

/* @ret_whole: libseccomp knows all calls of the policy. */
static int compile(const char *policy, struct text *ret_image, bool *ret_whole, struct err *err)
{
	char *argv[] = { (char *)"rlxc-seccomp", NULL };
	_cleanup_close_ int input = memory_file("policy", policy, strlen(policy));
	_cleanup_free_ struct sock_filter *program = NULL;
	_cleanup_free_ char *answer = NULL, *unknown = NULL;
	size_t n;
	int r;

	if (input < 0)
		return err_set(err, input, "cannot make a file in memory");
	r = tools_ask(argv, input, &answer, err);
	if (r != 0)
		return compile_failed(r, answer, err);
	r = seccomp_answer_parse(answer, &program, &n, &unknown);
	if (r == 0)
		r = seccomp_image_make(policy, program, n, ret_image);
	if (r < 0)
		return err_set(err, r, "cannot read what rlxc-seccomp answers");
	*ret_whole = !*unknown;
	if (!*ret_whole)
		log_info("libseccomp does not know these calls of lxc.seccomp.profile, which are "
		         "left out: %s",
		         unknown);
	return 0;
}

/* What was left out may be known to the libseccomp of tomorrow: such a program is not kept. */
static int compile_to_file(int dir_fd, const char *name, const struct caller *caller,
                           const char *policy, struct err *err)
{
	_cleanup_(text_done) struct text image = {};
	bool whole = false;
	int fd = -EBADF, r = compile(policy, &image, &whole, err);

	if (r < 0)
		return r;
	if (whole && dir_fd >= 0 && fd_replace_at(dir_fd, name, 0600, image.data, image.len) == 0)
		fd = open_image(dir_fd, name, caller, policy);
	if (fd < 0)
		fd = memory_file("filter", image.data, image.len);
	return fd < 0 ? err_set(err, fd, "cannot make a file in memory") : fd;
}

int seccomp_cache_open(const struct caller *caller, const char *policy, struct err *err)
{
	_cleanup_close_ int dir_fd = open_dir(caller);
	char name[64];
	int fd = -EBADF;

	(void)snprintf(name, sizeof(name), RLXC_VERSION "-%016llx",
	               (unsigned long long)hash_bytes(policy, strlen(policy)));
	if (dir_fd >= 0)
		fd = open_image(dir_fd, name, caller, policy);
	return fd >= 0 ? fd : compile_to_file(dir_fd, name, caller, policy, err);
}

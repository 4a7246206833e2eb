/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/cache.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "host/cache.h"
#include "host/tools.h"
#include "os/fd.h"
#include "seccomp/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define IMAGE_MAX ((size_t)2 << 20) /* a policy of 1 MiB, and the longest program */

static int open_image(int dir_fd, const char *name, const struct caller *caller, const char *policy)
{
	_cleanup_close_ int fd = cache_open_file(dir_fd, name, caller);
	_cleanup_free_ char *image = NULL;
	size_t len;

	if (fd < 0)
		return fd;
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
	if (whole && dir_fd >= 0 && cache_keep(dir_fd, name, image.data, image.len) == 0)
		fd = open_image(dir_fd, name, caller, policy);
	if (fd < 0)
		fd = memory_file("filter", image.data, image.len);
	return fd < 0 ? err_set(err, fd, "cannot make a file in memory") : fd;
}

int seccomp_cache_open(const struct caller *caller, const char *policy, struct err *err)
{
	_cleanup_close_ int dir_fd = cache_open_dir(caller, "seccomp");
	char name[CACHE_NAME_MAX];
	int fd = -EBADF;

	cache_name(policy, name);
	if (dir_fd >= 0)
		fd = open_image(dir_fd, name, caller, policy);
	return fd >= 0 ? fd : compile_to_file(dir_fd, name, caller, policy, err);
}

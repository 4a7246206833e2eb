/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/program.h"

#include "base/cleanup.h"
#include "base/image.h"
#include "base/num.h"
#include "os/sock.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int seccomp_image_make(const char *policy, const struct sock_filter *program, size_t n,
                       struct text *ret_image)
{
	return image_make(policy, program, n * sizeof(*program), ret_image);
}

static bool find_program(const char *image, size_t len, const char *policy,
                         const char **ret_program, size_t *ret_n)
{
	size_t size;

	if (!image_find(image, len, policy, ret_program, &size))
		return false;
	*ret_n = size / sizeof(struct sock_filter);
	return size % sizeof(struct sock_filter) == 0 && *ret_n > 0 && *ret_n <= BPF_MAXINSNS;
}

bool seccomp_image_ok(const char *image, size_t len, const char *policy)
{
	const char *program;
	size_t n;

	return find_program(image, len, policy, &program, &n);
}

/* ---- the compiler's answer ---- */

static int parse_instruction(char *line, struct sock_filter *ret)
{
	uint32_t numbers[4];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (num_parse_u32(strsep(&line, " "), &numbers[i]) < 0)
			return -EBADMSG;
	if (line || numbers[0] > UINT16_MAX || numbers[1] > UINT8_MAX || numbers[2] > UINT8_MAX)
		return -EBADMSG;
	*ret = (struct sock_filter){ .code = (uint16_t)numbers[0],
		                     .jt = (uint8_t)numbers[1],
		                     .jf = (uint8_t)numbers[2],
		                     .k = numbers[3] };
	return 0;
}

static int parse_program(char *rest, struct sock_filter **ret_program, size_t *ret_n)
{
	_cleanup_free_ struct sock_filter *program = NULL;
	char *line = strsep(&rest, "\n");
	uint32_t n;
	int r = 0;

	if (!str_starts_with(line, "program ") ||
	    num_parse_u32(line + strlen("program "), &n) < 0 || n == 0 || n > BPF_MAXINSNS)
		return -EBADMSG;
	program = calloc(n, sizeof(*program));
	if (!program)
		return -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = rest ? parse_instruction(strsep(&rest, "\n"), &program[i]) : -EBADMSG;
	if (r == 0 && (!rest || *rest))
		r = -EBADMSG;
	if (r < 0)
		return r;
	*ret_program = take_ptr(program);
	*ret_n = n;
	return 0;
}

int seccomp_answer_parse(const char *answer, struct sock_filter **ret_program, size_t *ret_n,
                         char **ret_unknown)
{
	_cleanup_free_ char *copy = strdup(answer), *names = NULL;
	const size_t prefix = strlen("unknown ");
	struct text unknown = {};
	char *rest = copy;
	int r;

	while (rest && str_starts_with(rest, "unknown ")) {
		char *line = strsep(&rest, "\n");

		text_addf(&unknown, "%s%s", unknown.len ? " " : "", line + prefix);
	}
	if (text_finish(&unknown, &names) < 0 || !copy)
		return -ENOMEM;
	r = rest ? parse_program(rest, ret_program, ret_n) : -EBADMSG;
	if (r == 0)
		*ret_unknown = take_ptr(names);
	return r;
}

/* ---- the kernel ---- */

static int read_program(int fd, struct sock_filter **ret_program, size_t *ret_n)
{
	_cleanup_free_ char *image = NULL;
	const char *program;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0)
		return -errno;
	image = malloc((size_t)st.st_size + 1);
	if (!image)
		return -ENOMEM;
	len = pread(fd, image, (size_t)st.st_size, 0);
	if (len < 0)
		return -errno;
	if (len != st.st_size || !find_program(image, (size_t)len, NULL, &program, ret_n))
		return -EBADMSG;
	*ret_program = malloc(*ret_n * sizeof(**ret_program)); /* in the image it is not aligned */
	if (!*ret_program)
		return -ENOMEM;
	memcpy(*ret_program, program, *ret_n * sizeof(**ret_program));
	return 0;
}

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* A listener is a descriptor; what it was told of is not begun anew because of a signal, since
 * Linux 5.19. */
static int set_filter(const struct sock_fprog *prog, bool listen)
{
	const unsigned long flags = listen ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	const unsigned long calm = listen ? SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | calm, prog);

	if (fd < 0 && errno == EINVAL && calm)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, prog);
	return fd < 0 ? -errno : (int)fd;
}

static int install_failed(int code, struct err *err)
{
	err_set(err, code, "cannot install the filter for system calls");
	err_hint(err, code == -EACCES
	                      ? "that needs CAP_SYS_ADMIN in the container's user namespace, or "
	                        "lxc.no_new_privs = 1"
	              : code == -EBUSY
	                      ? "a filter around us has somebody who is asked already: there can "
	                        "be no second one"
	                      : "'lxc.seccomp.profile = none' does without a filter");
	return code;
}

static int install(const struct sock_fprog *prog, int notify_fd, struct err *err)
{
	_cleanup_close_ int listener = -EBADF;
	int r = set_filter(prog, notify_fd >= 0);

	if (r < 0)
		return install_failed(r, err);
	if (notify_fd < 0)
		return 0;
	listener = r;
	r = sock_send(notify_fd, "l", 1, &listener, 1);
	if (r == -EPIPE)
		return 0; /* who asks was killed: these calls are ENOSYS */
	return r < 0 ? err_set(err, r, "cannot hand over the calls with the action notify") : 0;
}

int seccomp_load(int image_fd, int notify_fd, struct err *err)
{
	_cleanup_free_ struct sock_filter *program = NULL;
	struct sock_fprog prog;
	size_t n;
	int r = read_program(image_fd, &program, &n);

	if (r < 0)
		return err_set(err, r, "cannot read the container's filter for system calls");
	prog = (struct sock_fprog){ .len = (unsigned short)n, .filter = program };
	return install(&prog, notify_fd, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/check-internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A filter that refuses uname(2), which then fails. */
static int check_seccomp(struct check_job *job, struct err *err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };
	struct utsname name;
	int r;

	(void)job;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
		r = err_set(err, -errno, "cannot set a filter of system calls");
		err_hint(err, "it takes a kernel with CONFIG_SECCOMP_FILTER");
		return r;
	}
	return uname(&name) < 0 ? 0 : err_say(err, -EIO, "a filter of system calls does nothing");
}

const struct check_row check_rows_security[] = {
	{ .label = "Seccomp filter", .run = check_seccomp },
	{},
};

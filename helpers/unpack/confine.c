/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confine.h"

#include "base/cleanup.h"
#include "place.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPU_SECONDS 3600
#define MEMORY_BYTES ((rlim_t)3 << 30) /* the largest window of zstd is 2 GiB */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0 /* a sanitizer needs address space and system calls of its own */
#endif

#if SANITIZED
/* The search for leaks traces the process and reads /proc, which is just what is given up here. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

#if defined(__x86_64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_ARCH AUDIT_ARCH_RISCV64
#endif

static int limit(int resource, rlim_t value)
{
	const struct rlimit rlimit = { .rlim_cur = value, .rlim_max = value };
	struct rlimit old;

	if (getrlimit((__rlimit_resource_t)resource, &old) < 0)
		return -errno;
	if (old.rlim_max < value) /* the administrator's limit is stricter */
		return 0;
	return setrlimit((__rlimit_resource_t)resource, &rlimit) < 0 ? -errno : 0;
}

static int set_limits(bool trusted)
{
	int r = limit(RLIMIT_CORE, 0);

	(void)signal(SIGXFSZ, SIG_IGN); /* the write fails instead */
	if (r == 0 && !trusted)
		r = limit(RLIMIT_FSIZE, (rlim_t)PLACE_FILE_MAX);
	if (r == 0 && !trusted)
		r = limit(RLIMIT_CPU, CPU_SECONDS);
	if (r == 0 && !SANITIZED)
		r = limit(RLIMIT_AS, MEMORY_BYTES);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, 64);
	return r;
}

static int keep_capabilities(bool files, bool devices)
{
	const uint32_t mknod = devices ? 1U << CAP_MKNOD : 0;
	const uint32_t wanted = files ? mknod | 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE |
	                                        1U << CAP_FOWNER | 1U << CAP_FSETID
	                              : 0;
	const uint32_t setfcap = files ? 1U << (CAP_SETFCAP & 31) : 0;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	data[0].permitted &= wanted | (CAP_SETFCAP < 32 ? setfcap : 0);
	data[1].permitted &= CAP_SETFCAP < 32 ? 0 : setfcap;
	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

#ifdef FILTER_ARCH
#define ALLOW(nr)                                                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1),                                           \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int install(struct sock_filter *filter, size_t n)
{
	const struct sock_fprog program = { .len = (unsigned short)n, .filter = filter };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}

/* The program could open what it has made. */
#define ALLOW_DEVICE(major, minor) ALLOW((major) << 8 | (minor)),
#define ONE(major, minor) +1
#define N_DEVICES (1 PLACE_DEVICES(ONE))

/* Another call looks as if the kernel did not have it. Two lists, one filter on the other: both
 * have to allow a call. */
static int filter_calls(bool files, bool any_device)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read),
		ALLOW(SYS_pread64),
		ALLOW(SYS_write),
		ALLOW(SYS_pwrite64),
		ALLOW(SYS_writev),
		ALLOW(SYS_close),
		ALLOW(SYS_lseek),
		ALLOW(SYS_fstat),
#ifdef SYS_newfstatat
		ALLOW(SYS_newfstatat),
#endif
		ALLOW(SYS_statx),
		ALLOW(SYS_fcntl),
		ALLOW(SYS_mmap),
		ALLOW(SYS_munmap),
		ALLOW(SYS_mremap),
		ALLOW(SYS_mprotect),
		ALLOW(SYS_madvise),
		ALLOW(SYS_brk),
		ALLOW(SYS_futex),
		ALLOW(SYS_getrandom),
		ALLOW(SYS_clock_gettime),
		ALLOW(SYS_rt_sigaction),
		ALLOW(SYS_rt_sigprocmask),
		ALLOW(SYS_rt_sigreturn),
		ALLOW(SYS_restart_syscall),
		ALLOW(SYS_getpid),
		ALLOW(SYS_gettid),
		ALLOW(SYS_tgkill),
		ALLOW(SYS_exit),
		ALLOW(SYS_exit_group),
		/* from here on: files */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		ALLOW(SYS_openat),
		ALLOW(SYS_openat2),
		ALLOW(SYS_mkdirat),
		ALLOW(SYS_symlinkat),
		ALLOW(SYS_linkat),
		ALLOW(SYS_unlinkat),
		ALLOW(SYS_fchown),
		ALLOW(SYS_fchownat),
		ALLOW(SYS_fchmod),
		ALLOW(SYS_fchmodat),
		ALLOW(SYS_utimensat),
		ALLOW(SYS_fsetxattr),
		ALLOW(SYS_ftruncate),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mknodat, 0, 2 * N_DEVICES + 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
		ALLOW(0), /* a fifo or a whiteout */
		PLACE_DEVICES(ALLOW_DEVICE) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

	for (size_t i = 0; any_device && i < ARRAY_SIZE(rules); i++)
		if (rules[i].code == (BPF_LD | BPF_W | BPF_ABS) &&
		    rules[i].k == offsetof(struct seccomp_data, args[3]))
			rules[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	/* Without files the first end counts; with them it is passed over. */
	for (size_t i = 0; files && i + 1 < ARRAY_SIZE(rules); i++)
		if (rules[i].code == (BPF_RET | BPF_K) &&
		    rules[i].k == (SECCOMP_RET_ERRNO | ENOSYS))
			rules[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0);
	return install(rules, ARRAY_SIZE(rules));
}
#else
static int filter_calls(bool files, bool any_device)
{
	(void)any_device;
	(void)files; /* the other measures hold on this architecture too */
	return 0;
}
#endif

int confine(const struct confinement *how, struct err *err)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(err, -errno, "cannot give up new privileges");
	r = set_limits(how->trusted);
	if (r < 0)
		return err_set(err, r, "cannot set limits");
	if (chroot(".") < 0 && errno != EPERM)
		return err_set(err, -errno, "cannot change the root directory");
	r = keep_capabilities(how->files, how->devices);
	if (r < 0)
		return err_set(err, r, "cannot drop capabilities");
	r = SANITIZED ? 0 : filter_calls(how->files, how->trusted);
	return r < 0 ? err_set(err, r, "cannot install a system call filter") : 0;
}

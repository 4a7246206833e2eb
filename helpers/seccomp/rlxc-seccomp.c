/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rlxc-seccomp <POLICY >PROGRAM   compiles a filter for system calls
 *
 * A program of its own so that rlxc needs no libseccomp; run once for each policy, since rlxc keeps
 * the result. What is read, and what is written, is described in lib/seccomp/policy.h and
 * program.h. Exit status: 0, or 1 and a line "error ..." on standard output.
 *
 * Besides the host's own architecture the filter serves those whose programs its kernel runs as
 * well; a program of any other is killed. */
#include "base/cleanup.h"
#include "base/num.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGS_MAX 6

static _Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)printf("error ");
	(void)vprintf(fmt, args);
	(void)printf("\n");
	va_end(args);
	exit(1);
}

struct policy {
	scmp_filter_ctx ctx;
	bool native;     /* no other architecture; calls are numbers */
	uint32_t newest; /* calls above it get ENOSYS; 0: all are looked up */
};

/* ---- architectures ---- */

static void add_compatible(scmp_filter_ctx ctx)
{
	static const struct {
		uint32_t native, compatible[2];
	} archs[] = {
		{ SCMP_ARCH_X86_64, { SCMP_ARCH_X86, SCMP_ARCH_X32 } },
		{ SCMP_ARCH_AARCH64, { SCMP_ARCH_ARM } },
		{ SCMP_ARCH_PPC64, { SCMP_ARCH_PPC } },
		{ SCMP_ARCH_MIPS64, { SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 } },
		{ SCMP_ARCH_MIPSEL64, { SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 } },
		{ SCMP_ARCH_S390X, { SCMP_ARCH_S390 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		if (archs[i].native != seccomp_arch_native())
			continue;
		for (size_t k = 0; k < 2 && archs[i].compatible[k]; k++)
			if (seccomp_arch_add(ctx, archs[i].compatible[k]) < 0)
				fail("libseccomp does not know an architecture of this host");
	}
}

/* ---- reading ---- */

static uint64_t take_number(char **rest)
{
	const char *word = strsep(rest, " ");
	uint64_t number;

	if (num_parse_c64(word, &number) < 0)
		fail("'%s' is not a number", word ? word : "");
	return number;
}

static uint32_t take_u32(char **rest)
{
	uint64_t number = take_number(rest);

	if (number > UINT32_MAX)
		fail("a number is too large");
	return (uint32_t)number;
}

static size_t take_args(char *rest, struct scmp_arg_cmp args[ARGS_MAX])
{
	size_t n = 0;

	for (; rest && n < ARGS_MAX; n++) {
		uint32_t index = take_u32(&rest), op = take_u32(&rest);
		uint64_t value = take_number(&rest), mask = take_number(&rest);
		bool masked = op == SCMP_CMP_MASKED_EQ;

		if (op <= _SCMP_CMP_MIN || op >= _SCMP_CMP_MAX)
			fail("there is no comparison %u", op);
		args[n] = (struct scmp_arg_cmp){ .arg = index,
			                         .op = (enum scmp_compare)op,
			                         .datum_a = masked ? mask : value,
			                         .datum_b = masked ? value : 0 };
	}
	if (rest)
		fail("a rule has more than %d comparisons", ARGS_MAX);
	return n;
}

static int find_call(const struct policy *policy, const char *name)
{
	uint32_t number;

	if (!policy->native)
		return seccomp_syscall_resolve_name(name);
	return num_parse_u32(name, &number) < 0 || number > INT32_MAX ? __NR_SCMP_ERROR
	                                                              : (int)number;
}

/* A rule that does what happens without it is left out. */
static void add_rule(struct policy *policy, char *rest)
{
	const char *name = strsep(&rest, " ");
	uint32_t action = take_u32(&rest);
	struct scmp_arg_cmp args[ARGS_MAX];
	size_t n = take_args(rest, args);
	int call = find_call(policy, name), r;

	if (call == __NR_SCMP_ERROR) {
		(void)printf("unknown %s\n", name);
		return;
	}
	r = seccomp_rule_add_array(policy->ctx, action, call, (unsigned int)n, args);
	if (r < 0 && r != -EACCES)
		fail("libseccomp refuses the rule for '%s': %s", name, strerror(-r));
}

static void start(struct policy *policy, char *rest)
{
	policy->ctx = seccomp_init(take_u32(&rest));
	if (!policy->ctx)
		fail("libseccomp refuses the default action");
	add_compatible(policy->ctx);
}

static void go_native(struct policy *policy, char *rest)
{
	(void)rest;
	seccomp_release(policy->ctx);
	policy->ctx = seccomp_init(SCMP_ACT_KILL_THREAD);
	policy->native = true;
}

static void set_newest(struct policy *policy, char *rest)
{
	policy->newest = take_u32(&rest);
}

static const struct {
	const char *word;
	void (*carry_out)(struct policy *policy, char *rest);
} lines[] = {
	{ "default", start },
	{ "native", go_native },
	{ "newest", set_newest },
	{ "rule", add_rule },
};

static void carry_out(struct policy *policy, char *line)
{
	const char *word = strsep(&line, " ");

	if (!policy->ctx && strcmp(word, "default") != 0)
		fail("a policy begins with its default action");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (strcmp(word, lines[i].word) == 0) {
			lines[i].carry_out(policy, line);
			return;
		}
	fail("there is no line '%s'", word);
}

/* ---- writing ---- */

/* What is not a call is looked up all the same: -1, which is what a tracer leaves of one that it
 * swallows, and the private ones of ARM, such as that for thread-local storage. */
#if defined(__arm__) || defined(__aarch64__)
#define LOOK_UP(skip) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x0f0000, skip, 0)
#else
#define LOOK_UP(skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, skip, 0)
#endif

/* On MIPS the numbers of each kind of programs begin elsewhere: not served there. */
static size_t begin_program(const struct policy *policy, struct sock_filter *program)
{
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, policy->newest, 0, 2),
		LOOK_UP(1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	};

#ifdef __mips__
	return 0;
#endif
	if (!policy->newest)
		return 0;
	memcpy(program, head, sizeof(head));
	return ARRAY_SIZE(head);
}

static void print_program(const struct policy *policy)
{
	static struct sock_filter program[BPF_MAXINSNS];
	int fd = memfd_create("program", MFD_CLOEXEC);
	size_t n = begin_program(policy, program), space = sizeof(program) - n * sizeof(*program);
	ssize_t len;
	int r;

	if (fd < 0)
		fail("cannot make a file in memory: %s", strerror(errno));
	r = seccomp_export_bpf(policy->ctx, fd);
	if (r < 0)
		fail("libseccomp cannot write the program: %s", strerror(-r));
	len = lseek(fd, 0, SEEK_END);
	if (len <= 0 || (size_t)len > space || pread(fd, program + n, (size_t)len, 0) != len)
		fail("the program is longer than the %d instructions of the kernel", BPF_MAXINSNS);
	n += (size_t)len / sizeof(*program);
	(void)printf("program %zu\n", n);
	for (size_t i = 0; i < n; i++)
		(void)printf("%u %u %u %u\n", program[i].code, program[i].jt, program[i].jf,
		             program[i].k);
	(void)close(fd);
}

int main(void)
{
	struct policy policy = {};
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		carry_out(&policy, line);
	}
	if (!policy.ctx)
		fail("there is no policy");
	print_program(&policy);
	seccomp_release(policy.ctx);
	return fflush(stdout) == 0 ? 0 : 1;
}

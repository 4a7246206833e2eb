/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the compiled filters decide: each is run, for a call as the kernel describes it, by a small
 * interpreter of the instructions that a filter may have. */
#include "seccomp/program.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/builtin.h"
#include "seccomp/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

/* ---- the interpreter ---- */

static uint32_t alu(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_AND:
		return a & k;
	case BPF_OR:
		return a | k;
	case BPF_ADD:
		return a + k;
	case BPF_SUB:
		return a - k;
	case BPF_RSH:
		return a >> k;
	default:
		fail_msg("arithmetic 0x%x", op);
		return 0;
	}
}

static bool compare(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		fail_msg("jump 0x%x", op);
		return false;
	}
}

static uint32_t run(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
{
	uint32_t a = 0, memory[BPF_MEMWORDS] = {};
	size_t steps = 0;

	for (size_t pc = 0; pc < n && steps < 2 * n; steps++) {
		const struct sock_filter *i = &program[pc++];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k + sizeof(a) <= sizeof(*data) && i->k % sizeof(a) == 0);
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			break;
		case BPF_LD | BPF_MEM:
			a = memory[i->k];
			break;
		case BPF_ST:
			memory[i->k] = a;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			if (BPF_CLASS(i->code) == BPF_JMP)
				pc += compare(BPF_OP(i->code), a, i->k) ? i->jt : i->jf;
			else if (BPF_CLASS(i->code) == BPF_ALU)
				a = alu(BPF_OP(i->code), a, i->k);
			else
				fail_msg("instruction 0x%x", i->code);
		}
	}
	fail_msg("the program has no end");
	return 0;
}

/* ---- the compiler ---- */

struct program {
	struct sock_filter *items;
	size_t n;
	char *unknown;
};

static void program_done(struct program *program)
{
	free(program->items);
	free(program->unknown);
}

/* rlxc-seccomp is where rlxc-init is, or rlxc where that is not installed. Its input is a file: no
 * shell has to quote it. Owned. */
static char *ask_compiler(const char *policy)
{
	char path[] = "/tmp/rlxc-policy.XXXXXX", command[4096];
	int fd = mkstemp(path);
	const char *init = getenv("RLXC_INIT"), *beside = init ? init : getenv("RLXC");
	_cleanup_free_ char *dir = strdup(beside ? beside : "./rlxc");
	struct text text = {};
	char *answer;
	size_t len;
	FILE *pipe;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, policy, strlen(policy)), strlen(policy));
	(void)close(fd);
	*strrchr(dir, '/') = '\0';
	(void)snprintf(command, sizeof(command), "'%s/rlxc-seccomp' <%s", dir, path);
	pipe = popen(command, "r"); /* NOLINT(bugprone-command-processor,cert-env33-c): a test */
	assert_non_null(pipe);
	while ((len = fread(command, 1, sizeof(command), pipe)))
		text_add_len(&text, command, len);
	(void)pclose(pipe);
	(void)unlink(path);
	assert_int_equal(text_finish(&text, &answer), 0);
	return answer;
}

static void compile(const char *text, bool userns, struct program *ret_program)
{
	const struct seccomp_target target = { .host = seccomp_host(),
		                               .userns = userns,
		                               .may_notify = true };
	_cleanup_free_ char *policy = NULL, *answer = NULL;
	struct err err = {};

	if (seccomp_policy_parse(text, "policy", &target, &policy, &err) < 0)
		fail_msg("%s", err.msg);
	answer = ask_compiler(policy);
	if (seccomp_answer_parse(answer, &ret_program->items, &ret_program->n,
	                         &ret_program->unknown) < 0)
		fail_msg("answer: %.200s", answer);
}

/* ---- the tests ---- */

#ifdef __x86_64__
#define PC AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386
#define X32 0x40000000
#define OK SECCOMP_RET_ALLOW
#define DENY(n) (SECCOMP_RET_ERRNO | (n))

struct decision {
	uint32_t arch;
	int nr;
	uint64_t args[6];
	uint32_t want;
};

static void check(const char *text, bool userns, const struct decision *decisions, size_t n)
{
	_cleanup_(program_done) struct program program = {};

	compile(text, userns, &program);
	for (size_t i = 0; i < n; i++) {
		const struct decision *d = &decisions[i];
		struct seccomp_data data = { .nr = d->nr, .arch = d->arch };
		uint32_t got;

		memcpy(data.args, d->args, sizeof(data.args));
		got = run(program.items, program.n, &data);
		if (got != d->want)
			fail_msg("%zu. arch %x call %d: 0x%x, not 0x%x in %s", i, d->arch, d->nr,
			         got, d->want, text);
	}
}
#define CHECK(text, userns, ...)                                                                   \
	check(text, userns, (const struct decision[]){ __VA_ARGS__ },                              \
	      ARRAY_SIZE(((const struct decision[]){ __VA_ARGS__ })))

static void test_lists(void **state)
{
	(void)state;
	CHECK("2\ndenylist\nread errno 5\nwrite\n", false, { PC, SYS_read, {}, DENY(5) },
	      { PC, SYS_write, {}, SECCOMP_RET_KILL_THREAD }, { PC, SYS_close, {}, OK },
	      { I386, 3, {}, DENY(5) }, { I386, 4, {}, SECCOMP_RET_KILL_THREAD },
	      { I386, 0, {}, OK }, { PC, X32 | SYS_read, {}, DENY(5) },
	      { PC, X32 | SYS_close, {}, OK }, { PC, 9999, {}, OK },
	      { AUDIT_ARCH_AARCH64, 63, {}, SECCOMP_RET_KILL_THREAD });
	CHECK("2\nallowlist errno 38\nread\nwrite trap\n", false, { PC, SYS_read, {}, OK },
	      { PC, SYS_write, {}, SECCOMP_RET_TRAP }, { PC, SYS_close, {}, DENY(38) },
	      { I386, 3, {}, OK }, { I386, 6, {}, DENY(38) });
	CHECK("1\nallowlist\n0\n3\n", false, { PC, SYS_read, {}, OK }, { PC, SYS_close, {}, OK },
	      { PC, SYS_write, {}, SECCOMP_RET_KILL_THREAD },
	      { I386, 3, {}, SECCOMP_RET_KILL_THREAD });
	CHECK("2\ndenylist\na_call_of_tomorrow errno 1\nread log\nwrite trace 7\nclose notify\n"
	      "open kill_process\n",
	      false, { PC, SYS_read, {}, SECCOMP_RET_LOG },
	      { PC, SYS_write, {}, SECCOMP_RET_TRACE | 7 },
	      { PC, SYS_close, {}, SECCOMP_RET_USER_NOTIF },
	      { PC, SYS_open, {}, SECCOMP_RET_KILL_PROCESS });
}

static void test_arguments(void **state)
{
	const uint64_t high = UINT64_C(0x100000000);

	(void)state;
	CHECK("2\ndenylist\n"
	      "read errno 1 [0,5,==]\n"
	      "write errno 2 [0,0x100000000,<] [2,7,!=]\n"
	      "close errno 3 [0,0x100000000,>=]\n"
	      "lseek errno 4 [1,10,>]\n"
	      "lseek errno 5 [2,2,<=]\n"
	      "mmap errno 6 [2,4,SCMP_CMP_MASKED_EQ,6]\n",
	      false, { PC, SYS_read, { 5 }, DENY(1) }, { PC, SYS_read, { 5 + high }, OK },
	      { PC, SYS_read, { 6 }, OK }, { PC, SYS_write, { 0xffffffff, 0, 6 }, DENY(2) },
	      { PC, SYS_write, { 0xffffffff, 0, 7 }, OK }, { PC, SYS_write, { high, 0, 6 }, OK },
	      { PC, SYS_close, { high }, DENY(3) }, { PC, SYS_close, { high - 1 }, OK },
	      { PC, SYS_lseek, { 0, 11, 3 }, DENY(4) }, { PC, SYS_lseek, { 0, high, 3 }, DENY(4) },
	      { PC, SYS_lseek, { 0, 10, 2 }, DENY(5) }, { PC, SYS_lseek, { 0, 10, 3 }, OK },
	      { PC, SYS_mmap, { 0, 0, 4 }, DENY(6) }, { PC, SYS_mmap, { 0, 0, 13 }, DENY(6) },
	      { PC, SYS_mmap, { 0, 0, 6 }, OK }, { PC, SYS_mmap, { 0, 0, 0 }, OK });
	CHECK("2\ndenylist\nreject_force_umount\n", false,
	      { PC, SYS_umount2, { 0, 1 }, DENY(EACCES) }, { PC, SYS_umount2, { 0, 2 }, OK },
	      { PC, SYS_umount2, { 0, 3 }, DENY(EACCES) }, { I386, 52, { 0, 1 }, DENY(EACCES) },
	      { I386, 52, { 0, 0 }, OK });
}

static void test_newest(void **state)
{
	const char *text = "2\ndenylist\nreject_calls_above 300\nread errno 1\n";

	(void)state;
	CHECK(text, false, { PC, SYS_read, {}, DENY(1) }, { PC, 300, {}, OK },
	      { PC, 301, {}, DENY(ENOSYS) }, { I386, 300, {}, OK }, { I386, 301, {}, DENY(ENOSYS) },
	      { PC, X32, {}, DENY(ENOSYS) }, { PC, X32 | 300, {}, DENY(ENOSYS) },
	      { PC, INT32_MAX, {}, DENY(ENOSYS) }, { PC, -2, {}, DENY(ENOSYS) },
	      /* what a tracer left of a call */
	      { PC, -1, {}, OK });
}

#define TIOCSTI_NUMBER 0x5412
#define TIOCLINUX_NUMBER 0x541c
#define OTHER_IOCTL 0x5413

static void test_builtin(void **state)
{
	(void)state;
	for (int userns = 0; userns < 2; userns++) {
		uint32_t user = userns ? DENY(EPERM) : OK;

		CHECK(seccomp_builtin, userns, { PC, SYS_kexec_load, {}, DENY(EPERM) },
		      { PC, SYS_kexec_file_load, {}, DENY(EPERM) },
		      { PC, SYS_init_module, {}, DENY(EPERM) },
		      { PC, SYS_finit_module, {}, DENY(EPERM) },
		      { PC, SYS_delete_module, {}, DENY(EPERM) },
		      { PC, SYS_open_by_handle_at, {}, DENY(EPERM) },
		      { PC, 425, {}, DENY(EPERM) }, /* io_uring_setup */
		      { PC, SYS_ioctl, { 0, TIOCSTI_NUMBER }, DENY(EPERM) },
		      { PC, SYS_ioctl, { 0, TIOCSTI_NUMBER | 0x100000000 }, DENY(EPERM) },
		      { PC, SYS_ioctl, { 0, TIOCLINUX_NUMBER }, DENY(EPERM) },
		      { PC, SYS_ioctl, { 0, OTHER_IOCTL }, OK },
		      { PC, SYS_umount2, { 0, 1 }, DENY(EACCES) },
		      { PC, SYS_umount2, { 0, 8 }, OK },
		      /* what guests need */
		      { PC, SYS_mount, {}, OK }, { PC, SYS_fsopen, {}, OK },
		      { PC, SYS_move_mount, {}, OK }, { PC, SYS_pivot_root, {}, OK },
		      { PC, SYS_clone, { 0x10000000 }, OK }, { PC, SYS_unshare, {}, OK },
		      { PC, SYS_setns, {}, OK }, { PC, SYS_keyctl, {}, OK },
		      { PC, SYS_seccomp, {}, OK }, { PC, SYS_ptrace, {}, OK }, { PC, 469, {}, OK },
		      { PC, 470, {}, DENY(ENOSYS) },
		      /* other programs of this host */
		      { I386, 283, {}, DENY(EPERM) }, /* kexec_load */
		      { I386, 54, { 0, TIOCSTI_NUMBER }, DENY(EPERM) },
		      { I386, 166, {}, DENY(EPERM) }, /* vm86 */
		      { I386, 470, {}, DENY(ENOSYS) }, { PC, X32 | 1, {}, DENY(ENOSYS) },
		      { AUDIT_ARCH_AARCH64, 63, {}, SECCOMP_RET_KILL_THREAD },
		      /* with id maps */
		      { PC, SYS_bpf, {}, user }, { PC, SYS_perf_event_open, {}, user },
		      { PC, SYS_userfaultfd, {}, user }, { PC, SYS_syslog, {}, user },
		      { PC, SYS_swapon, {}, user }, { PC, SYS_clock_settime, {}, user },
		      { I386, 25, {}, user } /* stime */);
	}
}

static void test_unknown(void **state)
{
	_cleanup_(program_done) struct program some = {}, none = {};

	(void)state;
	compile("2\ndenylist\nno_call errno 1\nread errno 1\nnor_this\n", false, &some);
	assert_string_equal(some.unknown, "no_call nor_this");
	compile(seccomp_builtin, true, &none);
	assert_string_equal(none.unknown, "");
}
#endif

/* Whatever the compiler is told, it ends with a program or one line. */
static void test_bad_orders(void **state)
{
	static const struct {
		const char *policy, *answer;
	} cases[] = {
		{ "", "error there is no policy\n" },
		{ "rule read 0x0\n", "error a policy begins with its default action\n" },
		{ "default 0x7fff0000\nfoo\n", "error there is no line 'foo'\n" },
		{ "default x\n", "error 'x' is not a number\n" },
		{ "default 0x12345678\n", "error libseccomp refuses the default action\n" },
		{ "default 0x7fff0000\nrule read\n", "error '' is not a number\n" },
		{ "default 0x7fff0000\nrule read 0x0 0 9 0 0\n",
		  "error there is no comparison 9\n" },
		{ "default 0x7fff0000\nrule read 0x0 9 4 0 0\n",
		  "error libseccomp refuses the rule for 'read': Invalid argument\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *answer = ask_compiler(cases[i].policy);

		assert_string_equal(answer, cases[i].answer);
	}
}

static void test_answers(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = {
		{ "program 1\n6 0 0 2147418112\n", 0 },
		{ "unknown a\nunknown b\nprogram 1\n6 0 0 0\n", 0 },
		{ "", -EBADMSG },
		{ "unknown a\n", -EBADMSG },
		{ "unknown a", -EBADMSG },
		{ "program 0\n", -EBADMSG },
		{ "program 1\n", -EBADMSG },
		{ "program 1", -EBADMSG },
		{ "program 2\n6 0 0 0\n", -EBADMSG },
		{ "program 1\n6 0 0 0\n6 0 0 0\n", -EBADMSG },
		{ "program 1\n6 0 0 0", -EBADMSG },
		{ "program 1\n6 0 0\n", -EBADMSG },
		{ "program 1\n6 0 0 0 0\n", -EBADMSG },
		{ "program 1\n65536 0 0 0\n", -EBADMSG },
		{ "program 1\n6 256 0 0\n", -EBADMSG },
		{ "program 1\n6 0 256 0\n", -EBADMSG },
		{ "program 1\n6 0 0 4294967296\n", -EBADMSG },
		{ "program 4097\n", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(program_done) struct program program = {};
		int r = seccomp_answer_parse(cases[i].text, &program.items, &program.n,
		                             &program.unknown);

		if (r != cases[i].want)
			fail_msg("%s: %d", cases[i].text, r);
		assert_int_equal(program.n, r == 0 ? 1 : 0);
	}
}

static void test_image(void **state)
{
	static const struct sock_filter program[] = { BPF_STMT(BPF_RET | BPF_K,
		                                               SECCOMP_RET_ALLOW) };
	_cleanup_(text_done) struct text image = {};

	(void)state;
	assert_int_equal(seccomp_image_make("a policy", program, 1, &image), 0);
	assert_true(seccomp_image_ok(image.data, image.len, "a policy"));
	assert_true(seccomp_image_ok(image.data, image.len, NULL));
	assert_false(seccomp_image_ok(image.data, image.len, "b policy"));
	assert_false(seccomp_image_ok(image.data, image.len, "a polic"));
	for (size_t len = 0; len < image.len; len++)
		assert_false(seccomp_image_ok(image.data, len, NULL));
	for (size_t i = 0; i < image.len * 8; i++) {
		image.data[i / 8] = (char)(image.data[i / 8] ^ (1 << i % 8));
		assert_false(seccomp_image_ok(image.data, image.len, NULL));
		image.data[i / 8] = (char)(image.data[i / 8] ^ (1 << i % 8));
	}
}

static void test_load_damaged(void **state)
{
	_cleanup_close_ int fd = memfd_create("image", MFD_CLOEXEC);
	struct err err = {};

	(void)state;
	assert_int_equal(write(fd, "rlxcbpf1", 8), 8);
	assert_int_equal(seccomp_load(fd, -EBADF, &err), -EBADMSG);
	assert_non_null(strstr(err.msg, "cannot read the container's filter"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(test_lists),      cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_newest),     cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_unknown),
#endif
		cmocka_unit_test(test_bad_orders), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_image),      cmocka_unit_test(test_load_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

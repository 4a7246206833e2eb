/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device rules: what they mean, the program they become (run here by an interpreter of what it is
 * made of), and, as root, the program in the kernel against real device nodes. */
#include "cgroup/devices.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/cgroup-internal.h"
#include "host/caller.h"
#include "os/proc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define M CGROUP_DEV_MKNOD
#define R CGROUP_DEV_READ
#define W CGROUP_DEV_WRITE
#define STEPS_MAX 10000

/* Rules are "allow VALUE" and "deny VALUE", one a line. */
static int add_rules(struct cgroup_devices *devices, const char *text, struct err *err)
{
	char copy[1024], *save = NULL;
	int r = 0;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *line = strtok_r(copy, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		bool allow = line[0] == 'a';

		r = cgroup_devices_add(devices, allow, strchr(line, ' ') + 1, err);
	}
	return r;
}

/* ---- the interpreter ---- */

static uint64_t operand(const struct bpf_insn *insn, const uint64_t *regs)
{
	return BPF_SRC(insn->code) == BPF_X ? regs[insn->src_reg] : (uint64_t)(int64_t)insn->imm;
}

static void calculate(const struct bpf_insn *insn, uint64_t *regs)
{
	uint64_t *dst = &regs[insn->dst_reg], value = operand(insn, regs);

	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		*dst = value;
		break;
	case BPF_AND:
		*dst &= value;
		break;
	case BPF_RSH:
		*dst >>= value;
		break;
	default:
		fail_msg("operation %x", insn->code);
	}
}

static bool jumps(const struct bpf_insn *insn, const uint64_t *regs)
{
	bool equal = regs[insn->dst_reg] == operand(insn, regs);

	assert_true(BPF_OP(insn->code) == BPF_JEQ || BPF_OP(insn->code) == BPF_JNE);
	assert_true(insn->off > 0);
	return BPF_OP(insn->code) == BPF_JEQ ? equal : !equal;
}

static bool run_program(const struct bpf_insn *insns, size_t n, const uint32_t context[3])
{
	uint64_t regs[11] = {};

	for (size_t pc = 0, steps = 0; steps < STEPS_MAX; pc++, steps++) {
		const struct bpf_insn *insn = &insns[pc];

		assert_true(pc < n);
		if (BPF_CLASS(insn->code) == BPF_LDX) {
			assert_true(insn->src_reg == 1 && insn->off % 4 == 0 && insn->off < 12);
			regs[insn->dst_reg] = context[insn->off / 4];
		} else if (BPF_CLASS(insn->code) == BPF_ALU64) {
			calculate(insn, regs);
		} else if (insn->code == (BPF_JMP | BPF_EXIT)) {
			assert_true(regs[0] <= 1);
			return regs[0];
		} else if (jumps(insn, regs)) {
			pc += (size_t)insn->off;
		}
	}
	fail_msg("the program does not end");
	return false;
}

/* What the rules say, and that the program says the same. */
static bool check_both(const struct cgroup_devices *devices, char type, uint32_t major_number,
                       uint32_t minor_number, uint32_t access)
{
	uint32_t kind = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	const uint32_t context[3] = { access << 16 | kind, major_number, minor_number };
	bool wanted = cgroup_devices_check(devices, type, major_number, minor_number, access);
	_cleanup_free_ struct bpf_insn *insns = NULL;
	size_t n;

	assert_int_equal(cgroup_devices_compile(devices, &insns, &n), 0);
	assert_int_equal(run_program(insns, n, context), wanted);
	return wanted;
}

static void test_rules(void **state)
{
	static const struct {
		const char *rules;
		char type;
		uint32_t major, minor, access;
		bool want;
	} cases[] = {
		{ "", 'c', 1, 3, R, true },
		/* The allow-list is the first mode, with and without "deny a". */
		{ "allow c 1:3 rwm", 'c', 1, 3, R | W, true },
		{ "allow c 1:3 rwm", 'c', 1, 5, R, false },
		{ "deny a # all\nallow c 1:3 rw   # dev/null", 'c', 1, 3, W, true },
		{ "allow c 1:3 rwm", 'b', 1, 3, R, false },
		{ "allow c 1:3 rwm", 'c', 2, 3, R, false },
		{ "deny a\nallow c 1:3 rwm", 'c', 1, 3, R, true },
		{ "deny a", 'c', 1, 3, R, false },
		{ "deny a\nallow c 1:3 r", 'c', 1, 3, R, true },
		{ "deny a\nallow c 1:3 r", 'c', 1, 3, R | W, false },
		{ "deny a\nallow c 1:3 r", 'c', 1, 3, W, false },
		{ "deny a\nallow c 1:3 wr", 'c', 1, 3, R | W, true },
		{ "deny a\nallow c *:* m", 'c', 200, 7, M, true },
		{ "deny a\nallow c *:* m", 'b', 200, 7, M, false },
		{ "deny a\nallow c *:* m", 'c', 200, 7, R, false },
		{ "deny a\nallow c 136:* rwm", 'c', 136, 77, R | W, true },
		{ "deny a\nallow c *:5 rwm", 'c', 9, 5, R, true },
		{ "deny a\nallow a 7:1 rwm", 'b', 7, 1, R, true },
		{ "deny a\nallow a *:* rwm", 'b', 7, 1, R | W | M, true },
		{ "allow c 1:3 rwm\ndeny c 1:3 w", 'c', 1, 3, W, true }, /* deny rules do nothing */
		{ "allow c 1:3 rwm\ndeny c 1:3 rwm", 'c', 1, 3, W, false }, /* turned around */
		{ "deny c 1:3 rwm\nallow c 1:3 rwm", 'c', 1, 3, W, true },
		{ "allow c 1:3 rwm\ndeny a\nallow c 1:5 rwm", 'c', 1, 3, R, false }, /* forgotten */
		/* The deny-list. */
		{ "allow a", 'b', 8, 0, R, true },
		{ "allow a\ndeny b 8:0 rwm", 'b', 8, 0, R, false },
		{ "allow a\ndeny b 8:0 rwm", 'b', 8, 1, R, true },
		{ "allow a\ndeny b 8:0 w", 'b', 8, 0, R, true },
		{ "allow a\ndeny b 8:0 w", 'b', 8, 0, R | W, false }, /* one part is enough */
		{ "allow a\ndeny a *:* rwm", 'c', 1, 3, R, false },
		{ "allow a\nallow c 1:3 r\ndeny c 1:3 w", 'c', 1, 3, W, false },
		{ "deny a\nallow a\ndeny c 1:* m", 'c', 1, 3, M, false },
		{ "deny a\nallow a\ndeny c 1:* m", 'c', 1, 3, R, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};

		assert_int_equal(add_rules(&devices, cases[i].rules, NULL), 0);
		if (check_both(&devices, cases[i].type, cases[i].major, cases[i].minor,
		               cases[i].access) != cases[i].want)
			fail_msg("%s: case %zu", cases[i].rules, i);
	}
}

static void test_restrict(void **state)
{
	static const struct {
		const char *rules;
		bool want;
	} cases[] = {
		{ "", false },
		{ "allow a", false },
		{ "allow a\nallow c 1:3 rwm", false },
		{ "deny a\nallow a *:* rwm", false },
		{ "deny a", true },
		{ "allow c 1:3 r", true },
		{ "deny c 1:3 r", true },
		{ "allow a\ndeny c 1:3 r", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};

		assert_int_equal(add_rules(&devices, cases[i].rules, NULL), 0);
		if (cgroup_devices_restrict(&devices) != cases[i].want)
			fail_msg("%s", cases[i].rules);
	}
}

static void test_malformed(void **state)
{
	static const struct {
		bool allow;
		const char *value;
		int code;
	} cases[] = {
		{ true, "", -EINVAL },
		{ true, "c", -EINVAL },
		{ true, "c 1:3", -EINVAL },
		{ true, "c 1:3 ", -EINVAL },
		{ true, "c 1:3 x", -EINVAL },
		{ true, "c 1:3 rwmr", -EINVAL },
		{ true, "c  1:3 r", -EINVAL },
		{ true, "c 1:3 r w", -EINVAL },
		{ true, "d 1:3 r", -EINVAL },
		{ true, "c 1 3 r", -EINVAL },
		{ true, "c :3 r", -EINVAL },
		{ true, "c 1: r", -EINVAL },
		{ true, "c -1:3 r", -EINVAL },
		{ true, "c 4096:3 r", -EINVAL },
		{ true, "c 1:1048576 r", -EINVAL },
		{ true, "c 1:99999999999999999999999999 r", -EINVAL },
		{ true, "aa", -EINVAL },
		{ true, "/dev/null", -EINVAL },
		{ true, "/dev/null x", -EINVAL },
		{ true, "/nonexistent/x r", -ENOENT },
		{ true, "/ r", -ENODEV },
		{ false, "/dev/null r", -EINVAL },
	};
	_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {};

		if (cgroup_devices_add(&devices, cases[i].allow, cases[i].value, &err) !=
		            cases[i].code ||
		    err.code != cases[i].code)
			fail_msg("'%s': %d %s", cases[i].value, err.code, err.msg);
		assert_false(devices.has_rules);
	}
}

static void test_path_and_format(void **state)
{
	char text[CGROUP_DEVICE_TEXT_MAX];
	struct cgroup_device device;
	bool is_all;

	(void)state;
	assert_int_equal(cgroup_device_parse(true, "/dev/null rw ignored", &device, &is_all, NULL),
	                 0);
	assert_string_equal(cgroup_device_format(&device, text, sizeof(text)), "c 1:3 rw");
	assert_int_equal(cgroup_device_parse(false, "b *:1048575 mwr", &device, &is_all, NULL), 0);
	assert_string_equal(cgroup_device_format(&device, text, sizeof(text)), "b *:1048575 mrw");
	assert_false(is_all);
	assert_int_equal(cgroup_device_parse(false, "a", &device, &is_all, NULL), 0);
	assert_true(is_all);
}

/* Of rules made by chance the program decides as the rules do. */
static void test_random(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};

		for (int i = 0; i < 12; i++) {
			static const char *const numbers[] = { "*", "0", "1", "2" };
			static const char *const accesses[] = { "r",  "w",  "m",  "rw",
				                                "rm", "wm", "rwm" };
			char value[48];

			if (rand_r(&seed) % 10 == 0)
				(void)snprintf(value, sizeof(value), "a");
			else
				(void)snprintf(value, sizeof(value), "%c %s:%s %s",
				               "abc"[rand_r(&seed) % 3], numbers[rand_r(&seed) % 4],
				               numbers[rand_r(&seed) % 4],
				               accesses[rand_r(&seed) % 7]);
			assert_int_equal(
				cgroup_devices_add(&devices, rand_r(&seed) % 2, value, NULL), 0);
		}
		for (uint32_t wish = 0; wish < 2 * 3 * 3 * 8; wish++)
			(void)check_both(&devices, wish & 1 ? 'b' : 'c', wish / 2 % 3, wish / 6 % 3,
			                 wish / 18);
	}
}

static void test_too_many(void **state)
{
	_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};
	_cleanup_free_ struct bpf_insn *insns = NULL;
	size_t n;
	int r = 0;

	(void)state;
	for (unsigned int i = 0; i < 600 && r == 0; i++) {
		char value[48];

		(void)snprintf(value, sizeof(value), "c 1:%u r", i);
		assert_int_equal(cgroup_devices_add(&devices, true, value, NULL), 0);
	}
	assert_int_equal(cgroup_devices_compile(&devices, &insns, &n), -E2BIG);
}

/* ---- in the kernel ---- */

static char directory[] = "/tmp/rlxc-devices.XXXXXX";
static char cgroup_path[512];
static int cgroup_fd = -EBADF;

static int open_null(int flags)
{
	return open("/dev/null", flags | O_CLOEXEC);
}

/* Bits of what a process in the cgroup could do. */
enum { OPEN_R = 1, OPEN_W = 2, OPEN_ZERO = 4, MAKE_NULL = 8, MAKE_BLOCK = 16 };

static int try_all(void)
{
	char path[64];
	int result = 0;

	result |= open_null(O_RDONLY) >= 0 ? OPEN_R : 0;
	result |= open_null(O_RDWR) >= 0 ? OPEN_W : 0;
	result |= open("/dev/zero", O_RDONLY | O_CLOEXEC) >= 0 ? OPEN_ZERO : 0;
	(void)snprintf(path, sizeof(path), "%s/c", directory);
	result |= mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0 ? MAKE_NULL : 0;
	(void)unlink(path);
	result |= mknod(path, S_IFBLK | 0600, makedev(7, 0)) == 0 ? MAKE_BLOCK : 0;
	(void)unlink(path);
	return result;
}

static int run_inside(void)
{
	int pidfd, status;
	pid_t pid = proc_clone(0, cgroup_fd, &pidfd);

	if (pid == 0)
		_exit(try_all());
	assert_true(pid > 0);
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	(void)close(pidfd);
	return proc_exit_code(status);
}

static int make_cgroup(void **state)
{
	struct cgroup_host host = {};
	struct caller caller = {};

	(void)state;
	if (caller_load(&caller, NULL) < 0 || cgroup_host_load(&host, NULL) < 0)
		return -1;
	if (caller.is_root && !caller.in_userns && host.has_v2 && mkdtemp(directory)) {
		(void)snprintf(cgroup_path, sizeof(cgroup_path), "%s/rlxc-test-devices-%d",
		               host.v2_mount, (int)getpid());
		if (mkdir(cgroup_path, 0755) == 0)
			cgroup_fd = cgroup_open_dir(AT_FDCWD, cgroup_path);
	}
	caller_done(&caller);
	cgroup_host_done(&host);
	return 0;
}

static int remove_cgroup(void **state)
{
	(void)state;
	cleanup_close(&cgroup_fd);
	(void)rmdir(cgroup_path);
	(void)rmdir(directory);
	return 0;
}

static void test_kernel(void **state)
{
	static const struct {
		const char *rules;
		int want;
	} cases[] = {
		{ "deny a\nallow c 1:3 rwm", OPEN_R | OPEN_W | MAKE_NULL },
		{ "deny a\nallow c 1:3 r", OPEN_R },
		{ "deny a\nallow /dev/zero r\nallow b *:* m", OPEN_ZERO | MAKE_BLOCK },
		{ "deny a", 0 },
		{ "allow a\ndeny c 1:3 w", OPEN_R | OPEN_ZERO | MAKE_NULL | MAKE_BLOCK },
		{ "allow a\ndeny b *:* rwm", OPEN_R | OPEN_W | OPEN_ZERO | MAKE_NULL },
		{ "allow a", OPEN_R | OPEN_W | OPEN_ZERO | MAKE_NULL | MAKE_BLOCK },
	};
	_cleanup_close_ int prog_fd = -EBADF;

	(void)state;
	if (cgroup_fd < 0)
		skip();
	/* Without rules nothing is attached. */
	assert_int_equal(
		cgroup_devices_attach(cgroup_fd, &(struct cgroup_devices){}, &prog_fd, NULL), 0);
	assert_true(prog_fd < 0);
	assert_int_equal(run_inside(), OPEN_R | OPEN_W | OPEN_ZERO | MAKE_NULL | MAKE_BLOCK);
	/* Each program takes the place of the one before. */
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};
		struct err err = {};
		int got;

		assert_int_equal(add_rules(&devices, cases[i].rules, NULL), 0);
		if (cgroup_devices_attach(cgroup_fd, &devices, &prog_fd, &err) < 0)
			fail_msg("%s: %s", cases[i].rules, err.msg);
		assert_true(prog_fd >= 0);
		got = run_inside();
		if (got != cases[i].want)
			fail_msg("%s: %d, not %d", cases[i].rules, got, cases[i].want);
	}
}

/* A cgroup that was made anew takes the rules as well. */
static void test_renewed(void **state)
{
	_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};
	_cleanup_close_ int prog_fd = -EBADF;

	(void)state;
	if (cgroup_fd < 0)
		skip();
	assert_int_equal(add_rules(&devices, "deny a\nallow /dev/zero r", NULL), 0);
	for (int i = 0; i < 2; i++) {
		cleanup_close(&cgroup_fd);
		assert_int_equal(rmdir(cgroup_path), 0);
		assert_int_equal(mkdir(cgroup_path, 0755), 0);
		cgroup_fd = cgroup_open_dir(AT_FDCWD, cgroup_path);
		assert_int_equal(cgroup_devices_attach(cgroup_fd, &devices, &prog_fd, NULL), 0);
		assert_int_equal(run_inside(), OPEN_ZERO);
	}
}

/* The verifier takes every shape that the compiler makes. */
static void test_verifier(void **state)
{
	unsigned int seed = 7;

	(void)state;
	if (cgroup_fd < 0)
		skip();
	for (int round = 0; round < 50; round++) {
		_cleanup_(cgroup_devices_done) struct cgroup_devices devices = {};
		_cleanup_close_ int prog_fd = -EBADF;
		struct err err = {};

		devices.deny_list = round % 2;
		devices.has_rules = true;
		for (int i = 0; i < round; i++) {
			char value[48];

			(void)snprintf(value, sizeof(value), "%c %s:%d %s",
			               "abc"[rand_r(&seed) % 3], i % 5 ? "1" : "*", i,
			               i % 3 ? "rwm" : "r");
			assert_int_equal(cgroup_devices_add(&devices, round % 2 == 0, value, NULL),
			                 0);
		}
		if (cgroup_devices_attach(cgroup_fd, &devices, &prog_fd, &err) < 0)
			fail_msg("%d rules: %s", round, err.msg);
		/* Attached programs stay with their cgroup. */
		cleanup_close(&cgroup_fd);
		assert_int_equal(rmdir(cgroup_path), 0);
		assert_int_equal(mkdir(cgroup_path, 0755), 0);
		cgroup_fd = cgroup_open_dir(AT_FDCWD, cgroup_path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),     cmocka_unit_test(test_restrict),
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_path_and_format),
		cmocka_unit_test(test_random),    cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_kernel),    cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_verifier),
	};

	log_setup("test", NULL, -EBADF, LOG_LEVEL_ERROR, /* quiet= */ true);
	return cmocka_run_group_tests(tests, make_cgroup, remove_cgroup);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "seccomp/policy.h"

#include "base/cleanup.h"
#include "seccomp/builtin.h"
#include "seccomp/choose.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct seccomp_target pc = { .host = "x86_64", .may_notify = true };

static void test_translated(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		/* the lists, and their defaults */
		{ "2\ndenylist\nread\n", "default 0x7fff0000\nrule read 0x0\n" },
		{ "2\nblacklist\nread\n", "default 0x7fff0000\nrule read 0x0\n" },
		{ "2\nallowlist\nread\n", "default 0x0\nrule read 0x7fff0000\n" },
		{ "2\nwhitelist\nread\n", "default 0x0\nrule read 0x7fff0000\n" },
		{ "2\nallowlist errno 38\nread", "default 0x50026\nrule read 0x7fff0000\n" },
		{ "2\ndenylist allow\n", "default 0x7fff0000\n" },
		{ "2\ndenylist allow # comment\n", "default 0x7fff0000\n" },
		{ "2\nallowlist trap", "default 0x30000\n" },
		/* what may stand around the version */
		{ " \n\t2\n\n\n  denylist\nread\n", "default 0x7fff0000\nrule read 0x0\n" },
		{ "2 denylist\nread\n", "default 0x7fff0000\nrule read 0x0\n" },
		{ "2\r\ndenylist\r\nread errno 1\r\n", "default 0x7fff0000\nrule read 0x50001\n" },
		/* actions */
		{ "2\ndenylist\na kill\nb kill_process\nc trap\nd errno 13\ne allow\nf log\n"
		  "g trace\nh trace 7\ni notify\n",
		  "default 0x7fff0000\nrule a 0x0\nrule b 0x80000000\nrule c 0x30000\n"
		  "rule d 0x5000d\nrule e 0x7fff0000\nrule f 0x7ffc0000\nrule g 0x7ff00000\n"
		  "rule h 0x7ff00007\nrule i 0x7fc00000\n" },
		{ "2\ndenylist\nread errno    4095 \t\n",
		  "default 0x7fff0000\nrule read 0x50fff\n" },
		{ "2\ndenylist\nread allowed\n", "default 0x7fff0000\nrule read 0x7fff0000\n" },
		/* comments and blanks */
		{ "2\ndenylist\n# read\n\n   \nread # errno 1\n\twrite\terrno 1\n",
		  "default 0x7fff0000\nrule read 0x0\nrule write 0x50001\n" },
		/* comparisons */
		{ "2\ndenylist\nioctl errno 1 [1,0x5412,SCMP_CMP_MASKED_EQ,0xffffffff]\n",
		  "default 0x7fff0000\nrule ioctl 0x50001 1 7 0x5412 0xffffffff\n" },
		{ "2\ndenylist\nf kill [0,1,!=][1,2,<][2,3,<=][3,4,==][4,5,>=][5,6,>]\n",
		  "default 0x7fff0000\nrule f 0x0 0 1 0x1 0x0 1 2 0x2 0x0 2 3 0x3 0x0 3 4 0x4 0x0 "
		  "4 5 0x5 0x0 5 6 0x6 0x0\n" },
		{ "2\ndenylist\nf errno 2[ 0 , 010 , &= , 017 ] [1,18446744073709551615,==]\n",
		  "default 0x7fff0000\nrule f 0x50002 0 7 0x8 0xf 1 4 0xffffffffffffffff 0x0\n" },
		{ "2\ndenylist\nf kill [0,1,SCMP_CMP_NE] [1,1,SCMP_CMP_LT] [2,1,SCMP_CMP_LE]\n"
		  "g kill [0,1,SCMP_CMP_EQ] [1,1,SCMP_CMP_GE] [2,1,SCMP_CMP_GT]\n",
		  "default 0x7fff0000\nrule f 0x0 0 1 0x1 0x0 1 2 0x1 0x0 2 3 0x1 0x0\n"
		  "rule g 0x0 0 4 0x1 0x0 1 5 0x1 0x0 2 6 0x1 0x0\n" },
		/* sections: those of another machine switch the rules below them off */
		{ "2\ndenylist\na\n[arm]\nb\n[x86]\nc\n[arm64]\nd\n[X32]\ne\n[mips]\nf\n[ALL]\ng\n",
		  "default 0x7fff0000\nrule a 0x0\nrule c 0x0\nrule e 0x0\nrule g 0x0\n" },
		{ "2\ndenylist\n[userns]\na\nreject_force_umount\nreject_calls_above 3\n[all]\nb\n",
		  "default 0x7fff0000\nrule b 0x0\n" },
		/* words of their own */
		{ "2\ndenylist\nreject_force_umount # comment\nreject_calls_above 450\n",
		  "default 0x7fff0000\nrule umount2 0x5000d 1 7 0x1 0x1\nnewest 450\n" },
		/* version 1 */
		{ "1\nallowlist\n0\n1 write\n  63\n",
		  "default 0x0\nnative\nrule 0 0x7fff0000\nrule 1 0x7fff0000\nrule 63 "
		  "0x7fff0000\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *policy = NULL;
		struct err err = {};

		if (seccomp_policy_parse(cases[i].text, "file", &pc, &policy, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		assert_string_equal(policy, cases[i].want);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "file:1: the first line of a policy is its version, 1 or 2" },
		{ "3\ndenylist\n", "file:1: the first line of a policy is its version, 1 or 2" },
		{ "0\n", "file:1: the first line of a policy is its version, 1 or 2" },
		{ "denylist\n", "file:1: the first line of a policy is its version, 1 or 2" },
		{ "\n\nx\n", "file:3: the first line of a policy is its version, 1 or 2" },
		{ "2\n", "file:2: version 2 has 'denylist' or 'allowlist' here, not ''" },
		{ "2\nlist\n", "file:2: version 2 has 'denylist' or 'allowlist' here, not 'list'" },
		{ "2\n\ndenylist debug\n", "file:3: 'debug' is not supported" },
		{ "2\ndenylist foo\n", "file:2: there is no action 'foo'" },
		{ "2\ndenylist\nread foo\n", "file:3: there is no action 'foo'" },
		{ "2\ndenylist\n\nread errno\n", "file:4: 'errno' needs a number behind it" },
		{ "2\ndenylist\nread errno x\n", "file:3: 'errno' needs a number behind it" },
		{ "2\ndenylist\nread errno -1\n", "file:3: 'errno' needs a number behind it" },
		{ "2\ndenylist\nread errno 4096\n",
		  "file:3: the highest number of an action is 4095, not '4096'" },
		{ "2\ndenylist\nread errno 99999999999999999999\n",
		  "file:3: the highest number of an action is 4095, not '99999999999999999999'" },
		{ "2\ndenylist allow x\n", "file:2: unexpected behind the action: 'x'" },
		{ "2\ndenylist\nread errno 1 2\n", "file:3: unexpected behind the action: '2'" },
		{ "2\ndenylist\nmknod errno 1 0,1,==\n",
		  "file:3: unexpected behind the action: '0,1,=='" },
		{ "2\ndenylist\nread kill x [0,1,==]\n",
		  "file:3: unexpected behind the action: 'x'" },
		{ "2\ndenylist notify\n",
		  "file:2: 'notify' is for calls that have a rule, not for all others" },
		{ "2\ndenylist\nsendmsg notify [0,1,==]\n",
		  "file:3: 'notify' cannot be for the call that hands the filter over, "
		  "'sendmsg'" },
		{ "2\ndenylist\nread [0,1,==]\n",
		  "file:3: comparisons need an action in front of them" },
		{ "2\ndenylist\nread[0,1,==]\n",
		  "file:3: comparisons need an action in front of them" },
		{ "2\ndenylist\nread kill [0,1,==\n", "file:3: a '[' is not closed" },
		{ "2\ndenylist\nread kill [0,1]\n",
		  "file:3: a comparison is [index,value,op] or [index,value,op,mask]" },
		{ "2\ndenylist\nread kill [0,1,==,2,3]\n",
		  "file:3: a comparison is [index,value,op] or [index,value,op,mask]" },
		{ "2\ndenylist\nread kill []\n",
		  "file:3: a comparison is [index,value,op] or [index,value,op,mask]" },
		{ "2\ndenylist\nread kill [6,1,==]\n",
		  "file:3: arguments of system calls are numbered from 0 to 5, not '6'" },
		{ "2\ndenylist\nread kill [0,1,==][0,2,==]\n",
		  "file:3: this rule compares an argument twice, number '0'" },
		{ "2\ndenylist\nread kill [0,1,=]\n", "file:3: there is no comparison '='" },
		{ "2\ndenylist\nread kill [0,-1,==]\n", "file:3: not a number of 64 bits: '-1'" },
		{ "2\ndenylist\nread kill [0,18446744073709551616,==]\n",
		  "file:3: not a number of 64 bits: '18446744073709551616'" },
		{ "2\ndenylist\nread kill [0,1,&=,x]\n", "file:3: not a number of 64 bits: 'x'" },
		{ "2\ndenylist\nread kill [0,1,==] x\n", "file:3: unexpected behind ']': 'x'" },
		{ "2\ndenylist\n[z80]\n", "file:3: there is no section 'z80'" },
		{ "2\ndenylist\n[x86\n",
		  "file:3: a section is a word in brackets, alone on its line, not '[x86'" },
		{ "2\ndenylist\n[x86] read\n",
		  "file:3: a section is a word in brackets, alone on its line, not '[x86] read'" },
		/* also where the rules do not count */
		{ "2\ndenylist\n[arm]\nread foo\n", "file:4: there is no action 'foo'" },
		{ "2\ndenylist\nre-ad\n", "file:3: not the name of a system call: 're-ad'" },
		{ "2\ndenylist\n12\n", "file:3: not the name of a system call: '12'" },
		{ "2\ndenylist\nreject_calls_above\n",
		  "file:3: 'reject_calls_above' needs the number of a system call" },
		{ "2\ndenylist\nreject_calls_above -1\n",
		  "file:3: 'reject_calls_above' needs the number of a system call" },
		{ "1\nwhitelist\n0\n", "file:2: version 1 has 'allowlist' here, not 'whitelist'" },
		{ "1\nallowlist\nread\n",
		  "file:3: in version 1 each line is the number of a system call, not 'read'" },
		{ "1\nallowlist\n0\n\n1\n",
		  "file:4: in version 1 each line is the number of a system call, not ''" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *policy = NULL;
		struct err err = {};

		if (seccomp_policy_parse(cases[i].text, "file", &pc, &policy, &err) != -EINVAL)
			fail_msg("%s: %s", cases[i].text, policy);
		assert_string_equal(err.msg, cases[i].message);
		assert_null(policy);
	}
}

static void test_notify(void **state)
{
	const struct seccomp_target alone = { .host = "x86_64" };
	char *policy = NULL;
	struct err err = {};

	(void)state;
	assert_int_equal(
		seccomp_policy_parse("2\ndenylist\na\nb notify\n", "f", &alone, &policy, &err),
		-EINVAL);
	assert_string_equal(err.msg,
	                    "f:4: 'notify' needs somebody to ask, lxc.seccomp.notify.proxy");
	assert_true(seccomp_policy_notifies("default 0x0\nrule a 0x0\nrule b 0x7fc00000\n"));
	assert_false(seccomp_policy_notifies("default 0x7fc00000\n"));
	assert_false(seccomp_policy_notifies("rule a 0x0 0 4 0x7fc00000 0x0\nrule b 0x1\n"));
	assert_false(seccomp_policy_notifies("native\n"));
}

/* On any host the policy means the same, and id maps add to it. */
static void test_builtin(void **state)
{
	static const char *const hosts[] = { "x86_64", "arm64", "s390x", "other" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct seccomp_target target = { .host = hosts[i] };
		_cleanup_free_ char *without = NULL, *with = NULL;

		assert_int_equal(
			seccomp_policy_parse(seccomp_builtin, "b", &target, &without, NULL), 0);
		target.userns = true;
		assert_int_equal(seccomp_policy_parse(seccomp_builtin, "b", &target, &with, NULL),
		                 0);
		assert_non_null(strstr(without, "\nnewest 469\n"));
		assert_non_null(strstr(without, "\nrule kexec_load 0x50001\n"));
		assert_null(strstr(without, "\nrule bpf "));
		assert_non_null(strstr(with, "\nrule bpf 0x50001\n"));
		assert_memory_equal(with, without, strlen(without));
	}
}

static void test_choice(void **state)
{
	static const struct {
		struct seccomp_facts facts;
		const char *source; /* NULL: no filter */
		bool note;
	} cases[] = {
		{ { .has_rootfs = true }, "built in", false },
		{ { .userns = true }, "built in", false },
		{ { .userns = false }, NULL, false },
		{ { .profile = "none", .has_rootfs = true, .userns = true }, NULL, false },
		{ { .profile = "/no/such/lxc/config/common.seccomp" }, "built in", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(seccomp_choice_done) struct seccomp_choice choice = {};
		const char *note;

		assert_int_equal(seccomp_choose(&cases[i].facts, &choice, &note, NULL), 0);
		assert_int_equal(note != NULL, cases[i].note);
		assert_int_equal(choice.policy != NULL, cases[i].source != NULL);
		if (cases[i].source)
			assert_string_equal(choice.source, cases[i].source);
	}
}

static void test_no_file(void **state)
{
	static const struct {
		const char *profile, *message;
		int code;
	} cases[] = {
		{ "/no/such/policy",
		  "cannot read lxc.seccomp.profile '/no/such/policy': No such file or directory",
		  -ENOENT },
		{ "/", "cannot read lxc.seccomp.profile '/': Is a directory", -EISDIR },
		/* LXC's file, but damaged */
		{ "/dev/null/lxc/config/common.seccomp",
		  "cannot read lxc.seccomp.profile '/dev/null/lxc/config/common.seccomp': Not a "
		  "directory",
		  -ENOTDIR },
		{ "/dev/null", "/dev/null:1: the first line of a policy is its version, 1 or 2",
		  -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct seccomp_facts facts = { .profile = cases[i].profile };
		struct seccomp_choice choice = {};
		struct err err = {};
		const char *note;

		assert_int_equal(seccomp_choose(&facts, &choice, &note, &err), cases[i].code);
		assert_string_equal(err.msg, cases[i].message);
		assert_null(choice.policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translated), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_notify),     cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_choice),     cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

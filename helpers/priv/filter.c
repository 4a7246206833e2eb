/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "priv/filter.h"

#include "priv/auth.h"
#include "priv/say.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>

#define CODE_MAX 128

#if defined(__x86_64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define FILTER_ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef FILTER_ARCH
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define LOAD(field)                                                                                \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define UNLESS(text, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (text), 0, (skip))

/* Numbers of x32 have a bit that is in none of ours. Arguments are little-endian on all of these
 * architectures. */
void priv_filter(const struct priv_rule *rules, size_t n_rules, const int *calls, size_t n_calls)
{
	struct sock_filter code[CODE_MAX] = { LOAD(arch), UNLESS(FILTER_ARCH, 1),
		                              BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), KILL, LOAD(nr) };
	struct sock_fprog program = { .len = 5, .filter = code };

	if (program.len + n_calls * 2 + n_rules * 6 + 1 > CODE_MAX)
		priv_fail("cannot start");
	for (size_t i = 0; i < n_calls; i++) {
		code[program.len++] = (struct sock_filter)UNLESS((uint32_t)calls[i], 1);
		code[program.len++] = (struct sock_filter)ALLOW;
	}
	for (size_t i = 0; i < n_rules; i++) {
		const struct sock_filter rule[] = {
			LOAD(nr),
			UNLESS((uint32_t)rules[i].call, 4),
			LOAD(args[rules[i].argument]),
			BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rules[i].mask),
			UNLESS(rules[i].value, 1),
			ALLOW,
		};

		(void)memcpy(code + program.len, rule, sizeof(rule));
		program.len = (unsigned short)(program.len + PRIV_COUNT(rule));
	}
	code[program.len++] = (struct sock_filter)KILL;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		priv_fail("cannot start");
}
#else
/* The other measures hold here too. */
void priv_filter(const struct priv_rule *rules, size_t n_rules, const int *calls, size_t n_calls)
{
	(void)(rules && n_rules && calls && n_calls);
}
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/signals.h"

#include "base/cleanup.h"

#include <signal.h>
#include <stdarg.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#define BIT(sig) (1ULL << ((sig)-1))

/* SIGRTMIN is no constant. */
#define SYSTEMD_HALT 37

static void each_init_gets_what_it_takes_for_halt(void **state)
{
	static const struct {
		const char *program;
		uint64_t blocked, caught;
		int want;
		bool heard;
	} cases[] = {
		{ "systemd", BIT(SYSTEMD_HALT), BIT(SIGTERM), SYSTEMD_HALT, true },
		{ "init", 0, BIT(SIGPWR) | BIT(SIGTERM), SIGPWR, true },
		{ "s6-svscan", BIT(SIGPWR) | BIT(SIGTERM), 0, SIGPWR, true },
		{ "nginx", 0, BIT(SIGTERM), SIGTERM, true },
		{ "sleep", 0, 0, SIGPWR, false },
		{ "busybox", 0, 0, SIGUSR2, true },
		{ "finit", UINT64_MAX, 0, SIGUSR2, true },
		{ "openrc-init", UINT64_MAX, 0, SIGPWR, true },
		{ "runit", BIT(SIGINT) | BIT(SIGPWR), 0, SIGPWR, true },
		{ "runit", BIT(SIGINT), 0, SIGINT, true },
		{ "tini", 0, 0, SIGTERM, true },
		{ "", 0, 0, SIGPWR, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool heard = !cases[i].heard;

		assert_int_equal(signals_halt_of(cases[i].program, cases[i].blocked,
		                                 cases[i].caught, &heard),
		                 cases[i].want);
		assert_int_equal(heard, cases[i].heard);
	}
}

static void what_is_configured_is_taken_at_its_word(void **state)
{
	const struct conf conf = { .signal_halt = SIGUSR1, .signal_reboot = SIGHUP };
	bool heard = false;

	(void)state;
	assert_int_equal(signals_halt(&conf, getpid(), &heard), SIGUSR1);
	assert_true(heard);
	assert_int_equal(signals_reboot(&conf, getpid()), SIGHUP);
}

/* This test is no init. */
static void others_get_what_lxc_sends(void **state)
{
	const struct conf conf = {};
	bool heard;

	(void)state;
	(void)signal(SIGPWR, SIG_DFL);
	assert_int_equal(signals_halt(&conf, getpid(), &heard), SIGPWR);
	(void)signal(SIGTERM, SIG_IGN);
	assert_int_equal(signals_halt(&conf, getpid(), &heard), SIGPWR);
	assert_int_equal(signals_reboot(&conf, getpid()), SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_init_gets_what_it_takes_for_halt),
		cmocka_unit_test(what_is_configured_is_taken_at_its_word),
		cmocka_unit_test(others_get_what_lxc_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

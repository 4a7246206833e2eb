/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a killed monitor leaves on the host, in a network namespace that stands for it. */
#include "net/undo.h"

#include "base/cleanup.h"
#include "net/host.h"
#include "os/proc.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NO_NAMESPACE 77
#define UNKNOWN 9999 /* no interface has that number */

static struct net_talk talk;

static void add_bridge(const char *name)
{
	size_t info;

	net_ask_link(&talk, &(struct net_request){ .type = RTM_NEWLINK,
	                                           .flags = NLM_F_CREATE | NLM_F_EXCL,
	                                           .name = name });
	info = netlink_nest(&talk.nl, IFLA_LINKINFO, NULL, 0);
	netlink_put_text(&talk.nl, IFLA_INFO_KIND, "bridge");
	netlink_nest_end(&talk.nl, info);
}

static uint32_t find(const char *name)
{
	struct net_device device = {};

	return net_find_device(&talk, 0, name, &device, NULL) == 0 ? device.index : 0;
}

static int check(const char *what, bool ok, struct err *err)
{
	return ok ? 0 : err_say(err, -EINVAL, "not so: %s", what);
}

static void undo(const char *line)
{
	char *items[] = { (char *)line, NULL };

	net_undo(&(struct strv){ .items = items, .n = 1 }, -EBADF);
}

/* The kernel has put the interface back, under the name that the container gave it. */
static int phys(void *arg, struct err *err)
{
	char line[128];
	uint32_t index;
	int r;

	(void)arg;
	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 ||
	    net_talk_open(&talk, NULL) < 0)
		return NO_NAMESPACE;
	add_bridge("inner");
	add_bridge("other");
	if (net_talk_run(&talk, NULL, NULL, NULL) < 0)
		return NO_NAMESPACE;
	index = find("inner");
	(void)snprintf(line, sizeof(line), "phys outer %d 1400 020000000001 wan %u", UNKNOWN,
	               index);
	undo(line);
	r = check("it has its name again", find("outer") == index && !find("inner"), err);
	undo(line);
	if (r == 0)
		r = check("twice does no harm", find("outer") == index, err);

	/* Something else has the name by now; and the one in question is not touched for nothing.
	 */
	(void)snprintf(line, sizeof(line), "phys other %d 1400 - wan %u", UNKNOWN, index);
	undo(line);
	if (r == 0)
		r = check("a name that is taken", find("outer") == index && find("other"), err);
	undo("phys outer");
	undo("phys a b c d e f");
	undo("nonsense");
	undo("");
	undo("proxy outer nonsense");
	undo("route lo 10.0.0.1");
	undo("proxy gone 10.0.0.1");
	if (r == 0)
		r = check("nonsense does nothing", find("outer") == index, err);
	net_talk_done(&talk);
	return r;
}

static void test_phys(void **state)
{
	struct err err = {};
	int r = proc_run_child(phys, NULL, &err);

	(void)state;
	if (r == NO_NAMESPACE)
		skip();
	if (r != 0)
		fail_msg("%s", err.msg);
}

/* A line under another name, and none out of nonsense. */
static void test_copy(void **state)
{
	static const struct {
		const char *line, *want; /* NULL: refused */
	} cases[] = {
		{ "phys a 7 1400 - eth0 65540", "phys new 7 1400 - eth0 65540" },
		{ "phys a 7 1400 020000000001 eth0 0", "phys new 7 1400 020000000001 eth0 0" },
		{ "phys a", NULL },
		{ "phys a x 1400 - eth0 0", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strv lines = {};
		int r = net_undo_copy_phys(cases[i].line, "new", &lines);

		assert_int_equal(r, cases[i].want ? 0 : -EINVAL);
		assert_int_equal(lines.n, cases[i].want ? 1 : 0);
		if (cases[i].want)
			assert_string_equal(lines.items[0], cases[i].want);
		strv_done(&lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_phys),
		                            cmocka_unit_test(test_copy) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

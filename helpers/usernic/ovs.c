/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ovs.h"

#ifdef USERNIC_OVS /* the absolute path of ovs-vsctl */
#include "priv/caller.h"
#include "priv/say.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct order {
	bool remove;
	char bridge[NAME_SIZE], nic[NAME_SIZE];
};

static int to_child = -1;
static pid_t child;

static _Noreturn void obey(int fd)
{
	struct order order;
	sigset_t none;

	(void)sigemptyset(&none); /* --timeout is an alarm */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	priv_become_root();
	if (read(fd, &order, sizeof(order)) == (ssize_t)sizeof(order) &&
	    name_is_bridge(order.bridge) && name_is_bridge(order.nic))
		(void)execl(USERNIC_OVS, "ovs-vsctl", "--timeout=5", "--",
		            order.remove ? "--if-exists" : "--may-exist",
		            order.remove ? "del-port" : "add-port", order.bridge, order.nic, NULL);
	_exit(1);
}

void ovs_prepare(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		priv_fail("cannot start");
	if (child == 0) {
		(void)close(ends[1]);
		obey(ends[0]);
	}
	(void)close(ends[0]);
	to_child = ends[1];
}

bool ovs_is_bridge(const struct link *bridge)
{
	return strcmp(bridge->kind, "openvswitch") == 0 || strcmp(bridge->kind, "tun") == 0;
}

bool ovs_change(const char *bridge, const char *nic, bool remove)
{
	struct order order = { .remove = remove };
	int status;

	(void)strcpy(order.bridge, bridge);
	(void)strcpy(order.nic, nic);
	return write(to_child, &order, sizeof(order)) == (ssize_t)sizeof(order) &&
	       waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#endif

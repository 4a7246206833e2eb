/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usernic.h"

#ifdef USERNIC_OVS /* the absolute path of ovs-vsctl */
#include "priv/say.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int to_child = -1;
static pid_t child;

/* The name of the interface is what comes last, and nothing when it came to nothing. */
static _Noreturn void obey(int fd, const struct request *request)
{
	char nic[NAME_SIZE];
	sigset_t none;

	(void)sigemptyset(&none); /* --timeout is an alarm */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	priv_become_root();
	if (read(fd, nic, sizeof(nic)) == (ssize_t)sizeof(nic) && name_is_bridge(nic))
		(void)execl(USERNIC_OVS, "ovs-vsctl", "--timeout=5", "--",
		            request->remove ? "--if-exists" : "--may-exist",
		            request->remove ? "del-port" : "add-port", request->bridge, nic, NULL);
	_exit(1);
}

void ovs_prepare(const struct request *request)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		priv_fail("cannot start");
	to_child = ends[1];
	if (child == 0) {
		(void)close(to_child);
		obey(ends[0], request);
	}
	(void)close(ends[0]);
}

bool ovs_is_bridge(const struct link *bridge)
{
	return strcmp(bridge->kind, "openvswitch") == 0 || strcmp(bridge->kind, "tun") == 0;
}

bool ovs_change(const char *nic)
{
	char name[NAME_SIZE] = "";
	int status;

	(void)strcpy(name, nic);
	return write(to_child, name, sizeof(name)) == (ssize_t)sizeof(name) &&
	       waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/sysctl.h"

#include "base/cleanup.h"
#include "conf/nsbits.h"

#include <stddef.h>

/* Beginnings of names. */
static const struct owner {
	char name[24];
	uint32_t ns;
} owners[] = {
	{ "net.", NS_BIT(NS_NET) },
	{ "kernel.hostname", NS_BIT(NS_UTS) },
	{ "kernel.domainname", NS_BIT(NS_UTS) },
	{ "kernel.msg", NS_BIT(NS_IPC) },
	{ "kernel.sem", NS_BIT(NS_IPC) },
	{ "kernel.shm", NS_BIT(NS_IPC) },
	{ "fs.mqueue.", NS_BIT(NS_IPC) },
	{ "kernel.ns_last_pid", NS_BIT(NS_PID) },
};

static bool begins(const char *name, const char *with)
{
	for (; *with; name++, with++)
		if (*name != *with && !(*name == '/' && *with == '.'))
			return false;
	return true;
}

bool sysctl_is_inside(const char *name, uint32_t ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		if (begins(name, owners[i].name))
			return ns & owners[i].ns;
	return false;
}

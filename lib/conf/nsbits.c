/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/nsbits.h"

#include "base/cleanup.h"

#include <errno.h>
#include <strings.h>

static const char names[NS_MAX][8] = {
	[NS_USER] = "user", [NS_MNT] = "mnt", [NS_PID] = "pid",       [NS_UTS] = "uts",
	[NS_IPC] = "ipc",   [NS_NET] = "net", [NS_CGROUP] = "cgroup", [NS_TIME] = "time",
};

const char *ns_name(enum ns_kind kind)
{
	return names[kind];
}

int ns_parse(const char *name)
{
	for (int i = 0; i < NS_MAX; i++)
		if (strcasecmp(name, names[i]) == 0)
			return i;
	return -EINVAL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/links.h"

#include "base/cleanup.h"
#include "container/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void links_names(const struct net_made *made, struct text *text)
{
	for (size_t i = 0; made && i < made->n; i++) {
		const struct net_made_link *link = &made->links[i];
		const char *lower = link->link->conf->link;
		const char *name = link->host_name[0] ? link->host_name : lower ? lower : "";

		if (*name && text->len + NET_NAME_SIZE + 1 < CONTROL_MAX)
			text_addf(text, "%s\n", name);
	}
}

const char *links_pair(const struct net_made *made, const char *key)
{
	unsigned int index;
	int len = 0;

	if (sscanf(key, "lxc.net.%u.veth.pair%n", &index, &len) != 1 || !len || key[len])
		return NULL;
	for (size_t i = 0; made && i < made->n; i++)
		if (made->links[i].link->conf->index == index && made->links[i].host_name[0])
			return made->links[i].host_name;
	return NULL;
}

/* Seen from the container: what the host's end has received it has sent. */
static void read_counters(struct net_talk *talk, struct rlxc_link *link)
{
	struct net_device device;

	link->rx_bytes = link->tx_bytes = UINT64_MAX;
	if (net_find_device(talk, 0, link->name, &device, NULL) < 0)
		return;
	link->rx_bytes = device.tx_bytes;
	link->tx_bytes = device.rx_bytes;
}

static void take_names(char *names, struct rlxc_info *info)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	char *save = NULL;

	if (net_talk_open(&talk, NULL) < 0)
		return;
	for (char *name = strtok_r(names, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		struct rlxc_link *links =
			reallocarray(info->links, info->n_links + 1, sizeof(*links));

		if (!links)
			return;
		info->links = links;
		links[info->n_links] = (struct rlxc_link){};
		(void)snprintf(links[info->n_links].name, sizeof(links->name), "%s", name);
		read_counters(&talk, &links[info->n_links++]);
	}
}

void links_ask(const struct rundir *dir, const struct caller *caller, struct rlxc_info *info)
{
	_cleanup_close_ int sock = control_open(dir, caller);
	_cleanup_free_ char *names = malloc(CONTROL_MAX + 1);
	size_t len;

	if (sock < 0 || !names ||
	    control_call(sock, CONTROL_LINKS, 0, NULL, names, CONTROL_MAX, &len, NULL, 0, NULL) < 0)
		return;
	names[len] = '\0';
	take_names(names, info);
}

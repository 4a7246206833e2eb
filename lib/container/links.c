/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/links.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "container/control.h"
#include "net/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRAFFIC_MAX 64
#define LINE_MAX_BYTES 64

/* What an interface without an end on the host carries only its namespace knows. */
struct inner {
	struct net_traffic traffic[TRAFFIC_MAX];
	int n; /* negative: not asked yet */
};

static void add_inner(const struct net_link *link, const struct inner *inner, struct text *text)
{
	const char *name = link->conf->type == CONF_NET_USER ? link->name : link->conf->link;
	uint64_t rx_bytes = UINT64_MAX, tx_bytes = UINT64_MAX;

	for (int i = 0; i < inner->n; i++)
		if (strcmp(inner->traffic[i].interface, link->name) == 0) {
			rx_bytes = inner->traffic[i].rx_bytes;
			tx_bytes = inner->traffic[i].tx_bytes;
		}
	if (name)
		text_addf(text, "%s %" PRIu64 " %" PRIu64 "\n", name, rx_bytes, tx_bytes);
}

void links_list(const struct net_made *made, int query_fd, struct text *text)
{
	struct inner inner = { .n = -1 };

	for (size_t i = 0; made && i < made->n && text->len + LINE_MAX_BYTES < CONTROL_MAX; i++) {
		if (made->links[i].host_name[0]) {
			text_addf(text, "%s\n", made->links[i].host_name);
			continue;
		}
		if (inner.n < 0)
			inner.n = net_query_traffic(query_fd, inner.traffic, TRAFFIC_MAX);
		add_inner(made->links[i].link, &inner, text);
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

/* "NAME RX TX", or "NAME" of an end on the host: what that has received the container has sent. */
static void read_line(struct net_talk *talk, char *line, struct rlxc_link *link)
{
	char *name = strsep(&line, " "), *rx = strsep(&line, " ");
	struct net_device device;

	*link = (struct rlxc_link){ .rx_bytes = UINT64_MAX, .tx_bytes = UINT64_MAX };
	(void)snprintf(link->name, sizeof(link->name), "%s", name);
	if (num_parse_u64(rx, &link->rx_bytes) == 0)
		(void)num_parse_u64(line, &link->tx_bytes);
	if (rx || net_find_device(talk, 0, link->name, &device, NULL) < 0)
		return;
	link->rx_bytes = device.tx_bytes;
	link->tx_bytes = device.rx_bytes;
}

static void take_lines(char *lines, struct rlxc_info *info)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	char *save = NULL;

	if (net_talk_open(&talk, NULL) < 0)
		return;
	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct rlxc_link *links =
			reallocarray(info->links, info->n_links + 1, sizeof(*links));

		if (!links)
			return;
		info->links = links;
		read_line(&talk, line, &links[info->n_links++]);
	}
}

void links_ask(const struct rundir *dir, const struct caller *caller, struct rlxc_info *info)
{
	_cleanup_close_ int sock = control_open(dir, caller);
	_cleanup_free_ char *lines = malloc(CONTROL_MAX + 1);
	size_t len;

	if (sock < 0 || !lines ||
	    control_call(sock, CONTROL_LINKS, 0, NULL, lines, CONTROL_MAX, &len, NULL, 0, NULL) < 0)
		return;
	lines[len] = '\0';
	take_lines(lines, info);
}

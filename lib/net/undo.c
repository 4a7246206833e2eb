/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container did to the host's own network is taken back by lines of text, so that it is
 * the same whether its monitor does it or, when that was killed, the next command from the state
 * file:
 *
 *   phys NAME INDEX MTU ADDRESS INNER-NAME INNER-INDEX
 *       an interface of the host; ADDRESS in hexadecimal, or "-" when it does not change; its
 *       number inside is 0 until it is known, and up to then it has the name inside
 *   proxy LINK ADDRESS
 *       a neighbour that the host answers for
 *   route lo ADDRESS
 *       a route to one address
 *   ovs BRIDGE PORT
 *       a port of a bridge of Open vSwitch
 */
#include "net/undo.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "net/host.h"
#include "net/ovs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct undo {
	struct net_talk here, inside;
	bool has_inside;
	int own_fd; /* our network namespace */
};

struct phys {
	const char *name, *address, *inner_name;
	uint32_t index, inner_index, mtu;
};

static bool read_phys(const struct strv *words, struct phys *ret)
{
	if (words->n != 7)
		return false;
	ret->name = words->items[1];
	ret->address = words->items[4];
	ret->inner_name = words->items[5];
	return num_parse_u32(words->items[2], &ret->index) == 0 &&
	       num_parse_u32(words->items[3], &ret->mtu) == 0 &&
	       num_parse_u32(words->items[6], &ret->inner_index) == 0;
}

int net_undo_add_phys(struct strv *undo, const struct net_device *device, const char *address,
                      const char *inner, uint32_t inner_index)
{
	return strv_addf(undo, "phys %s %u %u %s %s %u", device->name, device->index, device->mtu,
	                 address, inner, inner_index);
}

int net_undo_copy_phys(const char *line, const char *name, struct strv *undo)
{
	_cleanup_(strv_done) struct strv words = {};
	struct net_device device = {};
	struct phys phys;

	if (strv_split_words(&words, line) < 0 || !read_phys(&words, &phys))
		return -EINVAL;
	device.index = phys.index;
	device.mtu = phys.mtu;
	(void)snprintf(device.name, sizeof(device.name), "%s", name);
	return net_undo_add_phys(undo, &device, phys.address, phys.inner_name, phys.inner_index);
}

static int try(struct net_talk *talk)
{
	return net_talk_run(talk, NULL, NULL, NULL);
}

static void restore_address(struct net_talk *talk, const struct phys *phys, uint32_t index)
{
	size_t len = strlen(phys->address) / 2;
	uint8_t address[32];

	if (len == 0 || len > sizeof(address))
		return;
	for (size_t i = 0; i < len; i++)
		if (sscanf(phys->address + i * 2, "%2hhx", &address[i]) != 1)
			return;
	net_ask_link(talk, &(struct net_request){ .type = RTM_NEWLINK, .index = index });
	netlink_put(&talk->nl, IFLA_ADDRESS, address, len);
	(void)try(talk);
}

/* Each for itself: what one of them refuses must not keep it away. */
static void restore(struct net_talk *talk, const struct phys *phys, uint32_t index)
{
	net_ask_link(talk,
	             &(struct net_request){ .type = RTM_NEWLINK, .index = index, .down = true });
	(void)try(talk);
	restore_address(talk, phys, index);
	net_ask_link(talk, &(struct net_request){ .type = RTM_NEWLINK, .index = index });
	netlink_put_u32(&talk->nl, IFLA_MTU, phys->mtu);
	(void)try(talk);
	net_ask_link(talk, &(struct net_request){
				   .type = RTM_NEWLINK, .index = index, .name = phys->name });
	(void)try(talk);
}

static int send_home(struct undo *undo, uint32_t index, const char *name)
{
	net_ask_link(&undo->inside,
	             &(struct net_request){ .type = RTM_NEWLINK, .index = index, .name = name });
	netlink_put_u32(&undo->inside.nl, IFLA_NET_NS_FD, (uint32_t)undo->own_fd);
	return try(&undo->inside);
}

static bool find(struct net_talk *talk, uint32_t index, const char *name,
                 struct net_device *ret_device)
{
	return net_find_device(talk, index, name, ret_device, NULL) == 0;
}

static bool is_phys(struct net_talk *inside, const char *line, const char *name,
                    char ret_old[NET_NAME_SIZE])
{
	_cleanup_(strv_done) struct strv words = {};
	struct net_device device;
	struct phys phys;

	if (strv_split_words(&words, line) < 0 || !words.n || strcmp(words.items[0], "phys") != 0 ||
	    !read_phys(&words, &phys) || !find(inside, phys.inner_index, phys.inner_name, &device))
		return false;
	(void)snprintf(ret_old, NET_NAME_SIZE, "%s", phys.name);
	return strcmp(device.name, name) == 0 || strcmp(phys.name, name) == 0;
}

bool net_undo_find_phys(const struct strv *undo, int netns_fd, const char *name, size_t *ret_at,
                        char ret_old[NET_NAME_SIZE])
{
	_cleanup_(net_talk_done) struct net_talk inside = NET_TALK_NONE;

	if (net_talk_open_in(netns_fd, &inside, NULL) < 0)
		return false;
	for (size_t i = undo->n; i > 0; i--) {
		*ret_at = i - 1;
		if (is_phys(&inside, undo->items[i - 1], name, ret_old))
			return true;
	}
	return false;
}

/* From inside, where the container's root may have called it anything. */
static void fetch_phys(struct undo *undo, const struct phys *phys)
{
	struct net_device device;
	int r;

	if (!find(&undo->inside, phys->inner_index, phys->inner_name, &device))
		return;
	restore(&undo->inside, phys, device.index);
	r = send_home(undo, device.index, phys->name);
	if (r == -EEXIST) {
		log_warn("the host has an interface '%s' by now, continuing with another name for "
		         "the one that the container had",
		         phys->name);
		/* The kernel may have moved it under its inner name before it saw that. */
		r = find(&undo->inside, device.index, NULL, &device)
		            ? send_home(undo, device.index, "dev%d")
		            : 0;
	}
	if (r < 0)
		log_warn("interface '%s' cannot be given back to the host: %s", phys->name,
		         strerror(-r));
}

static void undo_phys(struct undo *undo, const struct strv *words)
{
	struct net_device device;
	struct phys phys;

	if (!read_phys(words, &phys))
		return;
	if (find(&undo->here, phys.index, NULL, &device) && strcmp(device.name, phys.name) == 0)
		return; /* it never left */
	if (undo->has_inside) {
		fetch_phys(undo, &phys);
		return;
	}
	/* With its namespace gone the kernel has put it here, under its last name. */
	if (!find(&undo->here, 0, phys.name, &device) &&
	    find(&undo->here, phys.inner_index, phys.inner_name, &device))
		restore(&undo->here, &phys, device.index);
}

static bool read_target(const char *text, uint8_t addr[16], struct net_target *ret)
{
	ret->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	ret->addr = addr;
	ret->prefix = (uint8_t)(net_addr_size(ret->family) * 8);
	return inet_pton(ret->family, text, addr) == 1;
}

static void undo_target(struct undo *undo, const struct strv *words, bool is_route)
{
	struct net_target target = {};
	struct net_device device;
	uint8_t addr[16];

	if (words->n != 3 || !read_target(words->items[2], addr, &target) ||
	    !find(&undo->here, 0, words->items[1], &device))
		return;
	target.index = device.index;
	if (is_route)
		net_ask_route(&undo->here, RTM_DELROUTE, &target);
	else
		net_ask_proxy(&undo->here, RTM_DELNEIGH, &target);
	(void)try(&undo->here);
}

static void undo_line(struct undo *undo, const char *line)
{
	_cleanup_(strv_done) struct strv words = {};

	if (strv_split_words(&words, line) < 0 || !words.n)
		return;
	if (strcmp(words.items[0], "phys") == 0)
		undo_phys(undo, &words);
	else if (strcmp(words.items[0], "ovs") == 0 && words.n == 3)
		ovs_remove_port(words.items[1], words.items[2]);
	else
		undo_target(undo, &words, strcmp(words.items[0], "route") == 0);
}

void net_undo(const struct strv *lines, int netns_fd)
{
	_cleanup_close_ int own_fd = -EBADF;
	struct undo undo = { .here = NET_TALK_NONE, .inside = NET_TALK_NONE };

	if (!lines->n || net_talk_open(&undo.here, NULL) < 0)
		return;
	own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	undo.own_fd = own_fd;
	undo.has_inside =
		own_fd >= 0 && netns_fd >= 0 && net_talk_open_in(netns_fd, &undo.inside, NULL) == 0;
	for (size_t i = lines->n; i > 0; i--)
		undo_line(&undo, lines->items[i - 1]);
	net_talk_done(&undo.here);
	net_talk_done(&undo.inside);
}

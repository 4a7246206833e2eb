/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/lend.h"

#include "base/cleanup.h"
#include "net/host.h"
#include "net/undo.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define NUMBER_FIRST 0x10000U /* the kernel begins at 1 */

static int check_name(const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len > 0 && len < NET_NAME_SIZE && !strpbrk(name, "/:'\" \t\n\v\f\r%") &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		return 0;
	err_say(err, -EINVAL, "'%s' is no name of a network interface", name);
	err_hint(err,
	         "it has 1 to %d characters, no blank, quote, '/', ':' or '%%'; a device node is "
	         "named by its path, such as /dev/fuse",
	         NET_NAME_SIZE - 1);
	return -EINVAL;
}

static int record(const struct net_lending *lending, struct err *err)
{
	int r = lending->record(lending->arg, lending->undo);

	return r < 0 ? err_set(err, r, "cannot record what is done to the host's network") : 0;
}

/* ---- there ---- */

static int find_own(struct net_talk *talk, const char *name, struct net_device *ret_device,
                    struct err *err)
{
	int r = net_find_device(talk, 0, name, ret_device, err);

	if (r != -ENODEV)
		return r;
	err_say(err, r, "the host has no network interface '%s'", name);
	err_hint(err, "'ip link' lists them; a device node is named by its path, such as /dev/%s",
	         name);
	return r;
}

static int explain_move(const char *name, const char *inner, int code, struct err *err)
{
	if (code == -EEXIST) {
		err_say(err, code, "the container has an interface '%s' already", inner);
		err_hint(err, "give it another name inside, as a third word");
		return code;
	}
	err_set(err, code, "cannot move interface '%s' into the container", name);
	if (code == -EINVAL)
		err_hint(err, "the kernel does not move this one: loopback, bridges, wireless "
		              "interfaces and the ends of tunnels stay");
	return code;
}

/* The number inside is chosen here: so it is on record before the move, and what the container's
 * root calls the interface, or has under that name, cannot mislead the way back. */
static int choose_number(uint32_t *ret_number, struct err *err)
{
	uint16_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_set(err, -errno, "cannot draw a number");
	*ret_number = NUMBER_FIRST + random;
	return 0;
}

static int move(struct net_talk *talk, const struct net_device *device, const char *inner,
                uint32_t number, int netns_fd)
{
	net_ask_link(talk, &(struct net_request){
				   .type = RTM_NEWLINK, .index = device->index, .name = inner });
	netlink_put_u32(&talk->nl, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	netlink_put_u32(&talk->nl, IFLA_NEW_IFINDEX, number);
	return net_talk_run(talk, NULL, NULL, NULL);
}

/* The kernel renames after the move: when the name is taken it is inside already. */
static void undo_move(const struct net_lending *lending)
{
	_cleanup_(strv_done) struct strv line = {};
	size_t last = lending->undo->n - 1;

	if (strv_add(&line, lending->undo->items[last]) == 0)
		net_undo(&line, lending->netns_fd);
	strv_remove(lending->undo, last);
	(void)lending->record(lending->arg, lending->undo);
}

static int lend(const struct net_lending *lending, struct net_talk *talk,
                const struct net_device *device, const char *inner, struct err *err)
{
	uint32_t number;
	int r = choose_number(&number, err);

	if (r < 0)
		return r;
	if (net_undo_add_phys(lending->undo, device, "-", inner, number) < 0)
		return err_oom(err);
	r = record(lending, err);
	if (r < 0) {
		strv_remove(lending->undo, lending->undo->n - 1);
		return r;
	}
	r = move(talk, device, inner, number, lending->netns_fd);
	if (r == 0)
		return 0;
	undo_move(lending);
	return explain_move(device->name, inner, r, err);
}

int net_lend(const struct net_lending *lending, const char *name, const char *inner,
             struct err *err)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	struct net_device device;
	int r = check_name(name, err);

	if (r == 0)
		r = check_name(inner, err);
	if (r == 0)
		r = net_talk_open(&talk, err);
	if (r == 0)
		r = find_own(&talk, name, &device, err);
	return r < 0 ? r : lend(lending, &talk, &device, inner, err);
}

/* ---- and back ---- */

static int say_not_lent(const char *name, struct err *err)
{
	err_say(err, -ENODEV, "no interface of the host's is in the container as '%s'", name);
	err_hint(err, "what comes back is what 'lxc-device add' or lxc.net.N.type = phys gave it");
	return -ENODEV;
}

static int check_free(struct net_talk *talk, const char *home, struct err *err)
{
	struct net_device device;

	if (net_find_device(talk, 0, home, &device, NULL) < 0)
		return 0;
	err_say(err, -EEXIST, "the host has an interface '%s' by now", home);
	err_hint(err, "give the one that comes back another name, as a third word");
	return -EEXIST;
}

static int bring_home(const struct net_lending *lending, size_t at, const char *home,
                      struct err *err)
{
	_cleanup_(net_talk_done) struct net_talk talk = NET_TALK_NONE;
	_cleanup_(strv_done) struct strv line = {};
	struct net_device device;
	int r = net_talk_open(&talk, err);

	if (r < 0)
		return r;
	if (net_undo_copy_phys(lending->undo->items[at], home, &line) < 0)
		return err_oom(err);
	r = check_free(&talk, home, err);
	if (r < 0)
		return r;
	net_undo(&line, lending->netns_fd);
	if (net_find_device(&talk, 0, home, &device, NULL) < 0)
		return err_say(err, -EIO, "interface '%s' did not come back to the host", home);
	strv_remove(lending->undo, at);
	return record(lending, err);
}

int net_take_back(const struct net_lending *lending, const char *name, const char *home,
                  struct err *err)
{
	char old[NET_NAME_SIZE];
	size_t at;
	int r = check_name(name, err);

	if (r == 0 && home)
		r = check_name(home, err);
	if (r < 0)
		return r;
	if (!net_undo_find_phys(lending->undo, lending->netns_fd, name, &at, old))
		return say_not_lent(name, err);
	return bring_home(lending, at, home ? home : old, err);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of rtnetlink to lxc-user-nic, one datagram. */
#include "usernic/usernic.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *arg, const struct link *link)
{
	if (!link->ifindex || link->ifindex > INT32_MAX || !memchr(link->name, '\0', NAME_SIZE) ||
	    !memchr(link->kind, '\0', NAME_SIZE))
		abort();
	++*(int *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct nlmsghdr head = {};
	int n = 0, r;

	if (!copy)
		abort();
	(void)memcpy(copy, data, size);
	if (size >= sizeof(head))
		(void)memcpy(&head, copy, sizeof(head)); /* its number is not worth guessing */
	r = link_parse(copy, size, head.nlmsg_seq, check, &n);
	if (r > 1 || r <= -4096)
		abort();
	free(copy);
	return 0;
}

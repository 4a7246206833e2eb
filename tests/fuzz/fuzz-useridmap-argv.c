/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, words separated by NUL: what passes holds to the rules. */
#include "idmap/order.h"

#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t known =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	char *text = malloc(size + 1), *words[8] = {};
	struct order order;
	int n = 0;

	if (!text)
		abort();
	(void)memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at <= size && n < 7; at += strlen(text + at) + 1)
		words[n++] = text + at;
	if (order_is_usable(n, words) && order_parse(words, &order) == 0 &&
	    (!(order.attr & MOUNT_ATTR_NODEV) || (order.attr & ~known) || !order.uids.n ||
	     !order.gids.n || (order.image && !(order.attr & MOUNT_ATTR_RDONLY))))
		abort();
	free(text);
	return 0;
}

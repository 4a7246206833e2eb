/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_SHIFT_H
#define RLXC_UNPACK_SHIFT_H

#include <stddef.h>
#include <stdint.h>

/* From the ids in an archive to those inside, for an archive that was made on the host. */

#define SHIFT_MAX 340 /* as many lines as a map of the kernel's has */

struct shift_range {
	char kind; /* 'u' or 'g' */
	uint32_t inside, host, count;
};

/* Without ranges the ids are those inside already. */
struct shift {
	struct shift_range ranges[SHIFT_MAX];
	size_t n;
};

/* Adds "u 0 100000 65536", as lxc.idmap has it. -EINVAL, -E2BIG. */
int shift_add(struct shift *shift, const char *text);
/* -1: it has none inside. */
int64_t shift_id(const struct shift *shift, char kind, int64_t id);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_CONFINE_H
#define RLXC_UNPACK_CONFINE_H

#include "base/err.h"

#include <stdbool.h>

/* What reads an archive may be taken over by it. So before the first byte is read the process gives
 * up all that unpacking does not need: new privileges, other directories (where it may: chroot into
 * the working directory), capabilities but those over files, sockets, processes and
 * programs. */
struct confinement {
	bool files;   /* it makes files; else it only reads and writes descriptors that it has */
	bool devices; /* device nodes, too, where it may */
	bool trusted; /* they may have any size, and the nodes be any */
};

int confine(const struct confinement *how, struct err *err);

#endif

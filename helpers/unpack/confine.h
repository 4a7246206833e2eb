/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_UNPACK_CONFINE_H
#define RLXC_UNPACK_CONFINE_H

#include "base/err.h"

#include <stdbool.h>

/* What reads an archive may be taken over by it. So before the first byte is read the process gives
 * up all that unpacking does not need: new privileges, other directories (where it may: chroot into
 * the working directory), capabilities but those over files, sockets, processes and programs.
 * @files: it makes files; else it only reads and writes descriptors that it has. */
int confine(bool files, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_HOST_TOOLS_H
#define RLXC_HOST_TOOLS_H

#include "base/err.h"

/* Opens a program of ours that is not in PATH (rlxc-init, rlxc-unpack), O_PATH: beside our own
 * executable (the build tree), in ../libexec/lxc from there, or where it was installed. The
 * environment has no say. */
int tools_open(const char *name, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_IMPORT_TRUST_H
#define RLXC_CONTAINER_IMPORT_TRUST_H

#include "base/err.h"

/* Does the configuration of the container at @path, which came from @archive, leave the host alone:
 * are there no programs to run on it, no files of it to write or to mount, and no includes but the
 * shared ones? -EPERM names the line. */
int import_check_trust(const char *path, const char *archive, struct err *err);

#endif

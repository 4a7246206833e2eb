/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_LSM_LOAD_H
#define RLXC_LSM_LOAD_H

#include "base/err.h"
#include "host/caller.h"

/* Gives the kernel a profile of this name or replaces it. The text is left as the file `apparmor`
 * in @dir_fd, where apparmor_parser reads it and people can. What that makes of a text that
 * includes no files is kept for the next time (see host/cache.h), with the text and what else it
 * depends on. */
int lsm_profile_load(const struct caller *caller, const char *name, const char *text, int dir_fd,
                     struct err *err);
/* Nobody is left who runs under it. */
void lsm_profile_unload(const char *name);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_LSM_PROFILE_H
#define RLXC_LSM_PROFILE_H

#include "base/strv.h"
#include "lsm/lsm.h"

#include <stdbool.h>

/* The AppArmor profile of one container, for lxc.apparmor.profile = generated. It allows all that a
 * system does and denies what reaches the host: a denial outweighs every permission, so that no
 * line of lxc.apparmor.raw takes one back. The kernel has one name space of profiles for the host
 * and such containers, and whoever loads them can replace any: mac_admin, securityfs and changes of
 * the profile stay out. */

/* "lxc-NAME_<LXCPATH>", as LXC calls it. Where that is too long for a label, or holds what means
 * something in the language of profiles, a hash of it stands in for it. */
void lsm_profile_name(const char *container, const char *lxcpath, char ret_name[LSM_LABEL_MAX]);

/* The text for apparmor_parser(8), owned. @free_mounts: containers can be started inside, as with
 * lxc.apparmor.allow_nesting, or it is a user namespace that keeps root from what is the host's,
 * whatever its path. @raw: lines for its end. NULL without memory. */
char *lsm_profile_text(const char *name, bool free_mounts, const struct strv *raw);

#endif

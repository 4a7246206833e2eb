/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_SYSCTL_H
#define RLXC_CONTAINER_SYSCTL_H

#include <stdbool.h>
#include <stdint.h>

/* Whose is a sysctl? Those of namespaces are listed in namespaces(7) and in the pages of its kinds.
 */

/* Is @name, with dots or slashes, known to belong to one of the namespaces @ns (NS_BIT)? Of what
 * root sets besides, the host has it as well, also when the container is gone. */
bool sysctl_is_inside(const char *name, uint32_t ns);

#endif

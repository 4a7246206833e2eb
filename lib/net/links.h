/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_NET_LINKS_H
#define RLXC_NET_LINKS_H

#include "base/err.h"
#include "conf/conf.h"

#include <stdbool.h>

/* Questions about all interfaces of the host at once, asked only when the configuration has a
 * reason to. */

/* "lxc.net.N.link = PREFIX+" of type phys becomes the last interface whose name begins so.
 * -ENODEV: there is none. */
int net_find_prefixes(struct conf_nets *nets, struct err *err);

/* Is a hardware address of @nets that of an interface here, or of one that a bridge knows of? What
 * cannot be found out is not. */
bool net_has_used_address(const struct conf_nets *nets);

#endif

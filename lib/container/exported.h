/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_EXPORTED_H
#define RLXC_CONTAINER_EXPORTED_H

#include "api/rlxc.h"
#include "base/err.h"
#include "base/strv.h"
#include "container/store.h"

#include <stdbool.h>

/* A container as an archive. It is a tar of the container's directory as anybody would make one,
 * NAME/config and NAME/rootfs, with ids as they are inside and without what belongs to the host.
 * That is said by the first member:
 *
 *	rlxc-export 1
 *	ids mapped                 its root was not the host's root; else: ids host
 *	path /var/lib/lxc/NAME     where it was
 *	rootfs none                only where it has no root file system
 *	snapshot snap0             for each that is there as well
 *
 * A snapshot is a container of its own below NAME/snaps, as in the directory. All root file systems
 * come last, that of the container first, so that who wants the rest need not read them. */

#define EXPORTED_NAME ".rlxc-export"

struct exported {
	bool is_mapped, has_rootfs;
	char *path;
	struct strv snapshots;
};
void exported_done(struct exported *exported);
int exported_format(const struct exported *exported, char **ret_text);
/* -EINVAL: it is none. -EPROTONOSUPPORT: of a version that is not known here. */
int exported_parse(const char *text, struct exported *ret_exported);

int container_export(const struct store *store, const struct rlxc_export_options *options,
                     struct err *err);
/* *@ret_name, owned: what it is called. */
int container_import(const struct store *store, const struct rlxc_import_options *options,
                     char **ret_name, struct err *err);

#endif

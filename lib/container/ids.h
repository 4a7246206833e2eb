/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_IDS_H
#define RLXC_CONTAINER_IDS_H

#include "base/err.h"
#include "conf/conf.h"
#include "container/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Which subordinate ids belong to which container of a user. A block that no container uses is
 * chosen by looking at the configurations of the store and at a record that covers the user's
 * other stores too: ~/.local/share/lxc/.rlxc-ids, a line "u 0 100000 65536,g 0 100000 65536 PATH"
 * for each container. A line whose PATH is gone counts no more. */

/* Chooses the map for the new container @name and records it. *@ret_single: one-id mode. */
int ids_take(const struct store *store, const char *name, struct conf_idmaps *ret_maps,
             bool *ret_single, struct err *err);
/* Records the map that @name shares with the container it is a copy of. */
void ids_record(const struct store *store, const char *name, const struct conf_idmaps *maps);
/* The container is gone (or was not made): its block is free again. */
void ids_release(const struct store *store, const char *name);

/* Id inside the namespace of the host's @id, 0 when it has none; idmap_with_self gives one to the
 * caller's. */
uint32_t ids_inside(const struct conf_idmaps *maps, enum idmap_kind kind, uint32_t id);

/* One line of the record. -EINVAL: it is none. @ret_path points into @line. */
int ids_parse_line(const char *line, struct conf_idmaps *ret_maps, const char **ret_path);

#endif

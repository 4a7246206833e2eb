/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_INFO_H
#define RLXC_CONTAINER_INFO_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/control.h"
#include "container/store.h"

/* Asking: one request to its monitor answers everything about a container. A list wakes no monitor:
 * it reads what they have published (status.h), and from the cgroups only the numbers asked for. */
int container_info(const struct store *store, const char *name, unsigned int want,
                   struct rlxc_info **ret_info, struct err *err);
/* @nested: look for containers inside those that run. */
int container_list(const struct store *store, unsigned int want, bool nested,
                   struct rlxc_list **ret_list, struct err *err);
#define INFO_LOOK_ONLY                                                                             \
	(1U << 31) /* with RLXC_WANT_*: a monitor that was killed gets no successor */
/* What a monitor, or a list inside a container, has answered. -EBADMSG. The name is not touched. */
int container_info_take(struct control_info *answer, struct rlxc_info *info);
void container_info_free(struct rlxc_info *info);
void container_list_free(struct rlxc_list *list);
int container_item(const struct store *store, const char *name, const char *key, bool running,
                   char **ret_value, struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_CONTAINER_COPY_H
#define RLXC_CONTAINER_COPY_H

#include "api/rlxc.h"
#include "base/err.h"
#include "container/store.h"

/* One more file of the new container's directory. */
struct copy_note {
	const char *name, *text; /* no text: it is left out */
	size_t len;
};

/* A new container from another one, which is not changed. @to: the store of the new one, which may
 * be another. @notes: up to one without a name, or NULL. *@ret_name, owned: what it is called. */
int container_copy(const struct store *from, const struct store *to,
                   const struct rlxc_copy_options *options, const struct copy_note *notes,
                   char **ret_name, struct err *err);

/* The same container under another name in the same store. */
int container_rename(const struct store *store, const char *name, const char *new_name,
                     struct err *err);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_USERIDMAP_IMAGES_H
#define RLXC_USERIDMAP_IMAGES_H

#include "priv/policy.h"

/* Which trees the administrator publishes, see lxc-useridmap(5). Pure. */

struct images_question {
	struct priv_asker asker;
	/* Is it that directory, or (@below) one of those in it? */
	bool (*is_it)(void *arg, const char *path, bool below);
	void *arg;
	unsigned int n_ignored; /* lines that are no grant, nor empty, nor comments */
};

/* Does a line publish it to the one who asks? -1: the file cannot be meant so. */
int images_ask(const char *text, size_t len, struct images_question *question);

#endif

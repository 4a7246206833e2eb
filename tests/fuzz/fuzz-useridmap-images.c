/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lxc-useridmap. Whatever is in the file, a grant is by a line that names the one who asks and the
 * directory. */
#include "idmap/images.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in_group(void *arg, const char *group, bool is_gid, uint32_t *gid)
{
	(void)arg;
	return is_gid ? *gid == 500 : strcmp(group, "gang") == 0;
}

static bool is_it(void *arg, const char *path, bool below)
{
	(void)arg;
	if (path[0] != '/' && path[0] != '\0')
		abort();
	return strcmp(path, below ? "/srv" : "/srv/a") == 0;
}

static bool holds(const char *text, size_t size, const char *word)
{
	return memmem(text, size, word, strlen(word));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct images_question question = { .asker = { 1000, "ann", in_group, NULL },
		                            .is_it = is_it };
	char *text =
		malloc(size ? size : 1); /* of exactly its size: a read past the end is noticed */

	if (!text)
		abort();
	(void)memcpy(text, data, size);
	if (images_ask(text, size, &question) > 0 &&
	    (!holds(text, size, "image") || !holds(text, size, "/srv/") ||
	     !(holds(text, size, "ann") || holds(text, size, "uid:1000") ||
	       holds(text, size, "@gang") || holds(text, size, "@gid:500") ||
	       holds(text, size, "*"))))
		abort();
	free(text);
	return 0;
}

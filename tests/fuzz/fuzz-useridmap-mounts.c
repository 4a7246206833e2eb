/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of mounts: nothing is found that no line says. */
#include "idmap/mounts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mounts_facts facts;
	char *text = malloc(size + 1), *again;

	if (!text)
		abort();
	(void)memcpy(text, data, size);
	text[size] = '\0';
	again = strdup(text);
	mounts_find(text, 25, &facts);
	if (!memchr(facts.type, '\0', sizeof(facts.type)) || facts.n_unbindable > facts.n_below ||
	    (facts.found && !strstr(again, "25 ")) ||
	    (facts.idmapped && !strstr(again, "idmapped")) ||
	    (facts.n_below && !strstr(again, " 25 ")) ||
	    (*facts.type && !strstr(again, facts.type)) ||
	    (mounts_allowed(&facts) && !strstr(again, " - ")))
		abort();
	free(again);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line, words separated by NUL: what passes holds to the rules. */
#include "usernic/usernic.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct request *request)
{
	uint32_t uid;

	if (request->pid > 4194304 || request->fd > 1023 || (request->fd >= 0 && request->fd < 3) ||
	    (request->pid && request->fd >= 0) || (request->any_netns && !request->remove))
		abort();
	if (!name_is_bridge(request->bridge) ||
	    !(request->remove ? name_owner(request->nic, &uid) == 0 : name_is_nic(request->nic)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	char *words[12] = {};
	char *text = malloc(size + 1);
	int n = 0;

	if (!text)
		abort();
	(void)memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at <= size && n < 11; at += strlen(text + at) + 1)
		words[n++] = text + at;
	if (request_is_usable(n, words) && request_parse(n, words, &request) == 0)
		check(&request);
	free(text);
	return 0;
}

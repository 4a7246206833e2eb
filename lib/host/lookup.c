/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/lookup.h"

#include "base/cleanup.h"
#include "host/tools.h"

#include <errno.h>

#define STATUS_NO_LIBRARY 3 /* see rlxc-lookup.c */

int lookup_ask(const char *question, const char *whom, char **ret_text)
{
	char *const argv[] = { "rlxc-lookup", (char *)question, (char *)whom, NULL };
	_cleanup_free_ char *text = NULL;
	int r;

	r = tools_ask(argv, -EBADF, &text, NULL);
	if (r == -ENOENT || r == STATUS_NO_LIBRARY)
		return -ELIBACC;
	if (r != 0)
		return r < 0 ? r : -ENOENT;
	*ret_text = take_ptr(text);
	return 0;
}

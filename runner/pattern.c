/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pattern.h"

#include "output.h"

#include <errno.h>

int pattern_compile(const char *pattern, const char *typed, regex_t *ret_regex,
                    struct rlxc_err *err)
{
	char why[128];
	int r = regcomp(ret_regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (r == 0)
		return 0;
	(void)regerror(r, ret_regex, why, sizeof(why));
	return output_set(err, -EINVAL, "invalid regular expression '%s': %s", typed, why);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/environment.h"

#include <string.h>

int environment_set(struct strv *env, const char *line)
{
	size_t len = strcspn(line, "=") + 1;

	for (size_t i = env->n; i-- > 0;)
		if (strncmp(env->items[i], line, len) == 0)
			strv_remove(env, i);
	return strv_add(env, line);
}

const char *environment_get(const struct strv *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = env->n; i-- > 0;)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return env->items[i] + len + 1;
	return NULL;
}

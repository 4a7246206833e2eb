/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/destroy-hook.h"

#include "container/hook.h"

#include <errno.h>

int destroy_run_hooks(const struct conf *conf, const char *name, struct err *err)
{
	const struct strv *commands = &conf->hooks[CONF_HOOK_DESTROY];
	struct hook hook = { .conf = conf, .name = name, .section = "lxc", .type = "destroy" };

	for (size_t i = 0; i < commands->n; i++) {
		int r;

		hook.command = commands->items[i];
		r = hook_run(&hook, err);
		if (r == -ECANCELED)
			err_wrap(err, r, "nothing is removed");
		if (r < 0)
			return r;
	}
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container/boot.h"

#include "base/cleanup.h"
#include "base/strv.h"
#include "container/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int take_conf(const struct conf *conf, struct rlxc_boot *boot)
{
	boot->autostart = conf->start_auto;
	boot->order = conf->start_order;
	boot->delay_s = conf->start_delay;
	boot->groups = calloc(conf->groups.n + 1, sizeof(*boot->groups));
	for (size_t i = 0; boot->groups && i < conf->groups.n; i++) {
		boot->groups[i] = strdup(conf->groups.items[i]);
		if (!boot->groups[i])
			return -ENOMEM;
	}
	return boot->groups ? 0 : -ENOMEM;
}

static int read_boot(const struct store *store, const char *name, struct rlxc_boot *boot)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct err why = {};
	int r = store_load_conf(store, name, NULL, /* tolerate= */ true, &conf, &why);

	boot->name = strdup(name);
	if (!boot->name)
		return -ENOMEM;
	if (r < 0) {
		boot->config_error = strdup(why.msg);
		if (!boot->config_error)
			return -ENOMEM;
	}
	boot->runs = run_is_running(store, name);
	return conf ? take_conf(conf, boot) : 0;
}

int container_boots(const struct store *store, struct rlxc_boot **ret_boots, size_t *ret_n,
                    struct err *err)
{
	_cleanup_(strv_done) struct strv names = {};
	struct rlxc_boot *boots;
	int r;

	r = store_names(store, &names, err);
	if (r < 0)
		return r;
	boots = calloc(names.n + 1, sizeof(*boots));
	if (!boots)
		return err_oom(err);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = read_boot(store, names.items[i], &boots[i]);
	if (r < 0) {
		container_boots_free(boots, names.n);
		return err_oom(err);
	}
	*ret_boots = boots;
	*ret_n = names.n;
	return 0;
}

void container_boots_free(struct rlxc_boot *boots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(boots[i].name);
		free(boots[i].config_error);
		for (char **group = boots[i].groups; group && *group; group++)
			free(*group);
		free(boots[i].groups);
	}
	free(boots);
}

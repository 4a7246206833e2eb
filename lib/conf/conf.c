/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"

#include <stdlib.h>
#include <string.h>

/* The rows know the defaults and what is owned, so a new key needs no line here. */
static void clear_all(struct conf *conf)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(i)); i++) {
		struct conf_slot slot = { .base = conf, .key = key, .name = key->name, .sub = "" };

		(void)key->type->clear(&slot, NULL);
	}
}

void conf_init(struct conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	clear_all(conf);
}

void conf_done(struct conf *conf)
{
	clear_all(conf);
	free(conf->file);
	free(conf->saved);
	memset(conf, 0, sizeof(*conf));
}

struct conf *conf_new(void)
{
	struct conf *conf = malloc(sizeof(*conf));

	if (conf)
		conf_init(conf);
	return conf;
}

struct conf *conf_free(struct conf *conf)
{
	if (conf) {
		conf_done(conf);
		free(conf);
	}
	return NULL;
}

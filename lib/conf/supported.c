/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/item.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "conf/conf-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key that was asked for and is not carried out stops the start. The rows say which: each
 * function here is a member conf_key.pending, and goes when the last row that names it does. */

static int refuse(struct err *err, const char *what)
{
	(void)err_say(err, -EOPNOTSUPP, "'%s' is not supported yet", what);
	err_hint(err, "take it out of the configuration to start without its effect");
	return -EOPNOTSUPP;
}

/* Does the row's field differ between two objects? -ENOMEM. */
static int differs(const struct conf_key *key, const void *base, const void *plain)
{
	struct conf_slot a = { .base = (void *)base, .key = key, .name = key->name, .sub = "" };
	struct conf_slot b = { .base = (void *)plain, .key = key, .name = key->name, .sub = "" };
	_cleanup_free_ char *a_value = NULL, *b_value = NULL;
	_cleanup_(text_done) struct text a_text = {}, b_text = {};

	(void)key->type->get(&a, &a_text, NULL);
	(void)key->type->get(&b, &b_text, NULL);
	if (text_finish(&a_text, &a_value) < 0 || text_finish(&b_text, &b_value) < 0)
		return -ENOMEM;
	return strcmp(a_value, b_value) != 0;
}

int conf_pending_any(const struct conf *conf, const struct conf *plain, const struct conf_key *key,
                     struct err *err)
{
	int r = differs(key, conf, plain);

	if (r < 0)
		return err_oom(err);
	return r ? refuse(err, key->name) : 0;
}

/* Configurations are shared between hosts with and without a security module: where there is
 * none, its keys are about nothing. */
static bool has_selinux(void)
{
	if (access("/sys/fs/selinux", F_OK) == 0)
		return true;
	log_warn("this kernel runs without the security module of 'lxc.selinux.*', continuing "
	         "without these keys");
	return false;
}

int conf_pending_selinux(const struct conf *conf, const struct conf *plain,
                         const struct conf_key *key, struct err *err)
{
	(void)plain;
	(void)key;
	if (!conf->selinux_context && !conf->selinux_keyring)
		return 0;
	return has_selinux() && conf->selinux_keyring ? refuse(err, "lxc.selinux.context.keyring")
	                                              : 0;
}

int conf_check_supported(const struct conf *conf, struct err *err)
{
	_cleanup_(conf_freep) struct conf *plain = conf_new();
	const struct conf_key *key;

	if (!plain)
		return err_oom(err);
	for (size_t i = 0; (key = conf_key_at(i)); i++) {
		int r = key->pending ? key->pending(conf, plain, key, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

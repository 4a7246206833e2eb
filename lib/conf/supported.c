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

static int refuse_value(struct err *err, const char *key, const char *value)
{
	(void)err_say(err, -EOPNOTSUPP, "'%s = %s' is not supported yet", key, SHOW(value));
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

int conf_pending_backend(const struct conf *conf, const struct conf *plain,
                         const struct conf_key *key, struct err *err)
{
	_cleanup_(text_done) struct text value = {};

	(void)plain;
	if (!conf->rootfs_backend || strcmp(conf->rootfs_backend, "dir") == 0)
		return 0;
	text_addf(&value, "%s:%s", conf->rootfs_backend,
	          conf->rootfs_path ? conf->rootfs_path : "");
	return value.failed ? err_oom(err) : refuse_value(err, key->name, value.data);
}

int conf_pending_idmap_option(const struct conf *conf, const struct conf *plain,
                              const struct conf_key *key, struct err *err)
{
	(void)plain;
	if (!conf->rootfs_options || !conf_has_option(conf->rootfs_options, "idmap"))
		return 0;
	return refuse_value(err, key->name, conf->rootfs_options);
}

/* Fourth field of an fstab line, NULL when there is none. */
static const char *options_of(const char *entry, size_t *ret_len)
{
	const char *word;

	for (int i = 0; i < 4; i++)
		if (!conf_next_word(&entry, &word, ret_len))
			return NULL;
	return word;
}

int conf_pending_idmap_entry(const struct conf *conf, const struct conf *plain,
                             const struct conf_key *key, struct err *err)
{
	(void)plain;
	for (size_t i = 0; i < conf->mount_entries.n; i++) {
		_cleanup_free_ char *options = NULL;
		const char *word;
		size_t len;

		word = options_of(conf->mount_entries.items[i], &len);
		if (!word)
			continue;
		options = strndup(word, len);
		if (!options)
			return err_oom(err);
		if (conf_has_option(options, "idmap"))
			return refuse_value(err, key->name, conf->mount_entries.items[i]);
	}
	return 0;
}

/* Configurations are shared between hosts with and without a security module: where there is
 * none, its keys are about nothing. */
static int check_module(bool is_set, bool is_harmless, const char *kernel_dir, const char *family,
                        struct err *err)
{
	if (!is_set || is_harmless)
		return 0;
	if (access(kernel_dir, F_OK) == 0)
		return -EOPNOTSUPP;
	(void)err;
	log_warn("this kernel runs without the security module of 'lxc.%s.*', continuing without "
	         "these keys",
	         family);
	return 0;
}

int conf_pending_apparmor(const struct conf *conf, const struct conf *plain,
                          const struct conf_key *key, struct err *err)
{
	const char *profile = conf->apparmor_profile;
	bool is_set = profile || conf->apparmor_allow_incomplete || conf->apparmor_allow_nesting ||
	              conf->apparmor_raw.n;
	bool is_harmless = profile && (strcmp(profile, "unconfined") == 0 ||
	                               strcmp(profile, "unchanged") == 0);
	int r;

	(void)plain;
	r = check_module(is_set, is_harmless, "/sys/kernel/security/apparmor", "apparmor", err);
	if (r == -EOPNOTSUPP && profile)
		return refuse_value(err, key->name, profile);
	return r == -EOPNOTSUPP ? refuse(err, "lxc.apparmor.*") : r;
}

int conf_pending_selinux(const struct conf *conf, const struct conf *plain,
                         const struct conf_key *key, struct err *err)
{
	const char *context = conf->selinux_context;
	int r;

	(void)plain;
	r = check_module(context || conf->selinux_keyring, /* is_harmless= */ false,
	                 "/sys/fs/selinux", "selinux", err);
	if (r == -EOPNOTSUPP && context)
		return refuse_value(err, key->name, context);
	return r == -EOPNOTSUPP ? refuse(err, "lxc.selinux.context.keyring") : r;
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

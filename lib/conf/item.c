/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/item.h"

#include "base/cleanup.h"
#include "conf/conf-internal.h"

#include <errno.h>
#include <string.h>

int conf_slot_find(const struct conf *conf, const char *name, struct conf_slot *ret_slot,
                   struct err *err)
{
	struct conf_slot slot = { .base = (void *)conf, .name = name };

	slot.key = conf_key_find(name, &slot.sub);
	if (!slot.key)
		return conf_key_unknown(name, err);
	*ret_slot = slot;
	return 0;
}

static int refuse_empty(const struct conf_slot *slot, struct err *err)
{
	(void)err_say(err, -EINVAL, "'%s' needs a value", slot->name);
	err_hint(err, "take the line out, or give it a value");
	return -EINVAL;
}

bool conf_slot_settle(const struct conf_slot *slot, char *value)
{
	const struct conf_family *family = slot->key->type->family;

	if (!family || !family->settle)
		return false;
	family->settle(slot, value);
	return true;
}

int conf_slot_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	const struct conf_type *type = slot->key->type;

	if (*value)
		return type->set(slot, value, err);
	if (slot->key->flags & CONF_EMPTY_REFUSED)
		return refuse_empty(slot, err);
	if (slot->key->flags & CONF_EMPTY_ZERO)
		return type->set(slot, "0", err);
	return type->clear(slot, err);
}

int conf_set(struct conf *conf, const char *key, const char *value, struct err *err)
{
	struct conf_slot slot;
	int r;

	r = conf_slot_find(conf, key, &slot, err);
	if (r < 0)
		return r;
	if (strpbrk(value, "\r\n"))
		return err_say(err, -EINVAL, "the value of '%s' cannot hold a line break", key);
	return conf_slot_set(&slot, value, err);
}

int conf_clear(struct conf *conf, const char *key, struct err *err)
{
	struct conf_slot slot;
	int r;

	r = conf_slot_find(conf, key, &slot, err);
	return r < 0 ? r : slot.key->type->clear(&slot, err);
}

int conf_get(const struct conf *conf, const char *key, char **ret_value, struct err *err)
{
	_cleanup_(text_done) struct text out = {};
	struct conf_slot slot;
	int r;

	r = conf_slot_find(conf, key, &slot, err);
	if (r < 0)
		return r;
	r = slot.key->type->get(&slot, &out, err);
	if (r < 0)
		return r;
	return text_finish(&out, ret_value) < 0 ? err_oom(err) : 0;
}

static void list_all(struct text *out)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(i)); i++)
		if (!(key->flags & CONF_FAMILY_ONLY))
			text_addf(out, "%s\n", key->name);
}

/* What follows @family and a dot in the names of rows. */
static void list_rows(const char *family, struct text *out)
{
	size_t len = strlen(family);
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_key_at(i)); i++)
		if (strncmp(key->name, family, len) == 0 && key->name[len] == '.')
			text_addf(out, "%s\n", key->name + len + 1);
}

static void list_net(const struct conf_net *net, struct text *out)
{
	const struct conf_key *key;

	for (size_t i = 0; (key = conf_net_key_at(i)); i++) {
		bool is_for_all = net->type != CONF_NET_EMPTY || i <= 2; /* type and scripts */

		if (key->net_types ? key->net_types & CONF_NET_BIT(net->type) : is_for_all)
			text_addf(out, "%s\n", key->name);
	}
}

static int list_family(const struct conf *conf, const char *family, struct text *out,
                       struct err *err)
{
	const struct conf_net *net;
	const char *rest;
	uint32_t index;

	list_rows(family, out);
	if (out->len)
		return 0;
	if (!str_starts_with(family, "lxc.net.") ||
	    conf_net_split(family + strlen("lxc.net."), &index, &rest) < 0 || *rest)
		return err_say(err, -EINVAL, "'%s' has no sub-keys", SHOW(family));
	net = conf_net_find(&conf->nets, index);
	if (!net)
		return err_say(err, -EINVAL, "there is no device lxc.net.%u", index);
	list_net(net, out);
	return 0;
}

int conf_keys(const struct conf *conf, const char *family, char **ret_text, struct err *err)
{
	_cleanup_(text_done) struct text out = {};
	int r = 0;

	if (family)
		r = list_family(conf, family, &out, err);
	else
		list_all(&out);
	if (r < 0)
		return r;
	return text_finish(&out, ret_text) < 0 ? err_oom(err) : 0;
}

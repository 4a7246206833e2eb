/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The family lxc.net.INDEX.SUBKEY. This file finds the device; what a sub-key holds is a row in
 * keys-net.c with a kind like any other, whose base is the struct conf_net. */

static const char *const kinds[] = {
	[CONF_NET_EMPTY] = "empty", [CONF_NET_NONE] = "none",       [CONF_NET_VETH] = "veth",
	[CONF_NET_VLAN] = "vlan",   [CONF_NET_MACVLAN] = "macvlan", [CONF_NET_IPVLAN] = "ipvlan",
	[CONF_NET_PHYS] = "phys",   [CONF_NET_USER] = "user",       [CONF_NET_CLEARED] = NULL,
};

int conf_net_split(const char *sub, uint32_t *ret_index, const char **ret_rest)
{
	size_t zeros = strspn(sub, "0"), len = strspn(sub, "0123456789");
	char digits[NUM_TEXT_MAX];
	uint32_t index;

	if (len == 0 || (sub[len] && sub[len] != '.') || sub[len + (sub[len] == '.')] == '.')
		return -EINVAL;
	if (zeros == len)
		zeros--;
	if (len - zeros >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, sub + zeros, len - zeros);
	digits[len - zeros] = '\0';
	if (num_parse_u32(digits, &index) < 0 || index >= INT_MAX)
		return -EINVAL;
	*ret_index = index;
	*ret_rest = sub + len + (sub[len] == '.');
	return 0;
}

struct conf_net *conf_net_find(const struct conf_nets *nets, uint32_t index)
{
	for (size_t i = 0; i < nets->n; i++)
		if (nets->items[i].index == index)
			return &nets->items[i];
	return NULL;
}

/* Every sub-key at its default, but for the type in front. */
static void clear_rest(struct conf_net *net)
{
	const struct conf_key *key;

	for (size_t i = 1; (key = conf_net_key_at(i)); i++) {
		struct conf_slot slot = { .base = net, .key = key, .name = key->name, .sub = "" };

		(void)key->type->clear(&slot, NULL);
	}
}

void conf_net_init(struct conf_net *net, uint32_t index)
{
	*net = (struct conf_net){ .index = index };
	clear_rest(net);
}

void conf_net_done(struct conf_net *net)
{
	clear_rest(net);
}

/* Devices stay sorted by index. */
static struct conf_net *add_net(struct conf_nets *nets, uint32_t index)
{
	struct conf_net *items = reallocarray(nets->items, nets->n + 1, sizeof(*items));
	size_t at = nets->n;

	if (!items)
		return NULL;
	nets->items = items;
	while (at > 0 && items[at - 1].index > index)
		at--;
	memmove(&items[at + 1], &items[at], (nets->n - at) * sizeof(*items));
	nets->n++;
	conf_net_init(&items[at], index);
	return &items[at];
}

static void remove_net(struct conf_nets *nets, struct conf_net *net)
{
	size_t after = nets->n - (size_t)(net - nets->items) - 1;

	conf_net_done(net);
	memmove(net, net + 1, after * sizeof(*net));
	nets->n--;
}

/* The slot of the sub-key inside @net. */
static struct conf_slot sub_slot(const struct conf_slot *slot, struct conf_net *net,
                                 const struct conf_key *key)
{
	return (struct conf_slot){ .base = net, .key = key, .name = slot->name, .sub = "" };
}

static int check_type(const struct conf_slot *slot, const struct conf_net *net, uint32_t index,
                      const struct conf_key *key, struct err *err)
{
	enum conf_net_type type = net ? net->type : CONF_NET_EMPTY;
	const char *wanted = "";

	if (!key->net_types || key->net_types & CONF_NET_BIT(type))
		return 0;
	for (int i = 0; i < CONF_NET_CLEARED; i++)
		if (key->net_types & CONF_NET_BIT(i))
			wanted = kinds[i];
	(void)err_say(err, -EINVAL, "'%s' is only for devices of type %s, lxc.net.%u is %s%s",
	              slot->name, wanted, index, kinds[type] ? "of type " : "without a type",
	              kinds[type] ? kinds[type] : "");
	err_hint(err, "put 'lxc.net.%u.type = %s' in front of the device's other lines", index,
	         wanted);
	return -EINVAL;
}

static int nets_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_nets *nets = conf_field(slot);
	const struct conf_key *key;
	const char *rest = "";
	struct conf_net *net;
	struct conf_slot sub;
	uint32_t index = 0;
	int r;

	if (*slot->sub)
		(void)conf_net_split(slot->sub, &index, &rest);
	key = conf_net_key_find(rest);
	if (!key) {
		(void)err_say(err, -EINVAL, "'%s' takes no value", slot->name);
		err_hint(err, "say what it is: 'lxc.net.%u.type = %s'", index, SHOW(value));
		return -EINVAL;
	}
	net = conf_net_find(nets, index);
	r = check_type(slot, net, index, key, err);
	if (r < 0)
		return r;
	if (!net)
		net = add_net(nets, index);
	if (!net)
		return err_oom(err);
	sub = sub_slot(slot, net, key);
	return conf_slot_set(&sub, value, err);
}

static void get_kinds(const struct conf_nets *nets, struct text *out)
{
	for (size_t i = 0; i < nets->n; i++) {
		const char *kind = kinds[nets->items[i].type];

		text_addf(out, "%s\n", kind ? kind : "(invalid)");
	}
}

static int nets_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_nets *nets = conf_field(slot);
	const struct conf_key *key;
	const char *rest = "";
	struct conf_net *net;
	struct conf_slot sub;
	uint32_t index = 0;
	int r;

	if (!*slot->sub) {
		get_kinds(nets, out);
		return 0;
	}
	(void)conf_net_split(slot->sub, &index, &rest);
	key = conf_net_key_find(rest);
	if (!key)
		return err_say(err, -ENOENT, "'%s' has no value of its own", slot->name);
	net = conf_net_find(nets, index);
	if (!net)
		return err_say(err, -EINVAL, "there is no device lxc.net.%u", index);
	r = check_type(slot, net, index, key, err);
	if (r < 0)
		return r;
	sub = sub_slot(slot, net, key);
	return key->type->get(&sub, out, err);
}

static int clear_all(struct conf_nets *nets)
{
	for (size_t i = 0; i < nets->n; i++)
		conf_net_done(&nets->items[i]);
	free(nets->items);
	*nets = (struct conf_nets){};
	return 0;
}

static int nets_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf_nets *nets = conf_field(slot);
	const struct conf_key *key;
	const char *rest = "";
	struct conf_net *net;
	struct conf_slot sub;
	uint32_t index = 0;

	if (!*slot->sub)
		return clear_all(nets);
	(void)conf_net_split(slot->sub, &index, &rest);
	key = conf_net_key_find(rest);
	net = conf_net_find(nets, index);
	if (!key) {
		if (net)
			remove_net(nets, net);
		return 0;
	}
	if (!net)
		return err_say(err, -EINVAL, "'%s': there is no device lxc.net.%u to clear it of",
		               slot->name, index);
	sub = sub_slot(slot, net, key);
	return key->type->clear(&sub, err);
}

static void nets_settle(const struct conf_slot *slot, char *value)
{
	const char *rest;
	uint32_t index;

	if (conf_net_split(slot->sub, &index, &rest) == 0 && strcmp(rest, "hwaddr") == 0)
		conf_hwaddr_fill(value);
}

static bool nets_knows(const char *sub)
{
	const char *rest;
	uint32_t index;

	if (conf_net_split(sub, &index, &rest) < 0)
		return false;
	return (!*rest && !strchr(sub, '.')) || conf_net_key_find(rest);
}

static const char *nets_member(unsigned int i)
{
	const struct conf_key *key = conf_net_key_at(i);

	return key ? key->name : NULL;
}

static const struct conf_family nets_family = { nets_knows, nets_member, nets_settle };

const struct conf_type conf_nets = {
	.set = nets_set,
	.get = nets_get,
	.clear = nets_clear,
	.family = &nets_family,
};

/* Setting the type, even to what it was, makes a new device of it. */
static int kind_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_net *net = slot->base;
	const char *nearest;
	int type = 0;

	while (type < CONF_NET_CLEARED && strcmp(value, kinds[type]) != 0)
		type++;
	if (type == CONF_NET_CLEARED) {
		(void)conf_bad_value(slot, value,
		                     "empty, none, veth, vlan, macvlan, ipvlan, phys or user", err);
		nearest = conf_nearest(value, kinds);
		if (nearest)
			conf_hint_line(slot, nearest, err);
		return -EINVAL;
	}
	clear_rest(net);
	net->type = (enum conf_net_type)type;
	return type == CONF_NET_EMPTY ? conf_replace_text(&net->name, "lo", err) : 0;
}

static int kind_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_net *net = slot->base;

	(void)err;
	text_add(out, kinds[net->type] ? kinds[net->type] : "");
	return 0;
}

static int kind_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf_net *net = slot->base;

	(void)err;
	clear_rest(net);
	net->type = CONF_NET_CLEARED;
	return 0;
}

const struct conf_type conf_net_kind = { .set = kind_set, .get = kind_get, .clear = kind_clear };

/* LXC takes every text for "up". One that clearly says the contrary is believed. */
static int flags_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	bool *up = conf_field(slot);

	(void)err;
	*up = strcmp(value, "down") != 0;
	if (strcmp(value, "up") != 0)
		log_warn("'%s' knows the value 'up' alone, not '%s', continuing with the device %s",
		         slot->name, SHOW(value), *up ? "up" : "down");
	return 0;
}

static int flags_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	(void)err;
	text_add(out, *(const bool *)conf_field(slot) ? "up" : "");
	return 0;
}

static int flags_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(bool *)conf_field(slot) = false;
	return 0;
}

const struct conf_type conf_net_flags = {
	.set = flags_set,
	.get = flags_get,
	.clear = flags_clear,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/num.h"

#include <errno.h>
#include <string.h>

#define VLAN_NONE (-1)
#define VLAN_UNSET (-2)

/* lxc.net.N.vlan.id */
static int vlan_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint32_t id;

	if (num_parse_c32(value, &id) < 0 || id > UINT16_MAX)
		return conf_bad_value(slot, value, "a number from 0 to 65535", err);
	*(uint32_t *)conf_field(slot) = id;
	return 0;
}

const struct conf_type conf_vlan_id = { .set = vlan_set,
	                                .get = conf_u32_get,
	                                .clear = conf_u32_clear };

static int parse_port_vlan(const char *value, uint32_t *ret_id)
{
	uint32_t id;

	if (num_parse_c32(value, &id) < 0 || id > 4094)
		return -EINVAL;
	*ret_id = id;
	return 0;
}

/* lxc.net.N.veth.vlan.id: "none" takes the bridge's default VLAN off the port. */
static int port_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	bool is_none = strcmp(value, "none") == 0;
	uint32_t id = 0;

	if (!is_none && parse_port_vlan(value, &id) < 0)
		return conf_bad_value(slot, value, "'none' or a number from 0 to 4094", err);
	*(int32_t *)conf_field(slot) = is_none ? VLAN_NONE : (int32_t)id;
	return 0;
}

static int port_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	if (*(const int32_t *)conf_field(slot) == VLAN_UNSET)
		return 0;
	return conf_int_get(slot, out, err);
}

const struct conf_type conf_veth_vlan = { .set = port_set,
	                                  .get = port_get,
	                                  .clear = conf_int_clear };

/* lxc.net.N.veth.vlan.tagged.id */
static int tagged_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	uint32_t id;

	if (parse_port_vlan(value, &id) < 0)
		return conf_bad_value(slot, value, "a number from 0 to 4094", err);
	return strv_addf(conf_field(slot), "%u", id) < 0 ? err_oom(err) : 0;
}

static int tagged_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct strv *ids = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < ids->n; i++)
		text_addf(out, "%s%s", i ? "\n" : "", ids->items[i]);
	return 0;
}

const struct conf_type conf_veth_vlan_tagged = {
	.set = tagged_set,
	.get = tagged_get,
	.clear = conf_lines_clear,
};

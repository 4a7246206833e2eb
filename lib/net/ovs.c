/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/ovs.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "host/tools.h"

#include <errno.h>
#include <string.h>

#define PROGRAM "ovs-vsctl"
#define PATIENCE "--timeout=10" /* its daemon may be down */

int ovs_has_bridge(const char *bridge)
{
	char *argv[] = { (char *)PROGRAM, (char *)PATIENCE, (char *)"br-exists", (char *)bridge,
		         NULL };
	_cleanup_free_ char *words = NULL;

	return tools_ask_host(argv, &words, NULL) == 0;
}

static int say_no_vlan(const struct conf_net *conf, struct err *err)
{
	err_say(err, -EINVAL,
	        "'lxc.net.%u.veth.vlan.id = none' leaves a port of Open vSwitch without any VLAN",
	        conf->index);
	err_hint(err, "add 'lxc.net.%u.veth.vlan.tagged.id = ID', or take the line out",
	         conf->index);
	return -EINVAL;
}

int ovs_port_words(const struct conf_net *conf, struct strv *words, struct err *err)
{
	const struct strv *tagged = &conf->veth_vlan_tagged;
	_cleanup_(text_done) struct text trunks = {};
	bool has_tag = conf->veth_vlan_id >= 0;
	int r = 0;

	if (conf->veth_vlan_id == CONF_VLAN_NONE && !tagged->n)
		return say_no_vlan(conf, err);
	if (has_tag)
		r = strv_addf(words, "tag=%d", conf->veth_vlan_id);
	for (size_t i = 0; i < tagged->n; i++)
		text_addf(&trunks, "%s%s", i ? "," : "trunks=", tagged->items[i]);
	if (r == 0 && tagged->n)
		r = trunks.failed ? -ENOMEM : strv_add(words, trunks.data);
	if (r == 0 && tagged->n)
		r = strv_addf(words, "vlan_mode=%s", has_tag ? "native-untagged" : "trunk");
	return r < 0 ? err_oom(err) : 0;
}

int ovs_add_port(const struct net_made_link *made, struct err *err)
{
	const struct conf_net *conf = made->link->conf;
	const char *const begin[] = { PROGRAM, PATIENCE, "add-port", conf->link, made->host_name };
	_cleanup_(strv_done) struct strv argv = {};
	_cleanup_free_ char *words = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(begin) && r == 0; i++)
		r = strv_add(&argv, begin[i]);
	r = r < 0 ? err_oom(err) : ovs_port_words(conf, &argv, err);
	if (r < 0)
		return r;
	r = tools_ask_host(argv.items, &words, err);
	if (r <= 0)
		return r;
	words[strcspn(words, "\n")] = '\0';
	err_say(err, -EIO, "'lxc.net.%u' cannot be a port of Open vSwitch's '%s': %s", conf->index,
	        conf->link, *words ? words : PROGRAM " fails");
	err_hint(err, "is its service running? '%s show' says what it has", PROGRAM);
	return -EIO;
}

void ovs_remove_port(const char *bridge, const char *port)
{
	char *argv[] = { (char *)PROGRAM,
		         (char *)PATIENCE,
		         (char *)"--if-exists",
		         (char *)"del-port",
		         (char *)bridge,
		         (char *)port,
		         NULL };
	_cleanup_free_ char *words = NULL;

	if (tools_ask_host(argv, &words, NULL) != 0)
		log_warn("Open vSwitch keeps the port '%s' of bridge '%s': %.*s", port, bridge,
		         words ? (int)strcspn(words, "\n") : 0, words ? words : "");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/usernic.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "host/tools.h"
#include "net/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "lxc-user-nic"
#define POLICY RLXC_SYSCONFDIR "/lxc/lxc-usernet"
#define NO_BRIDGE "none"

int usernic_check(struct net_link *link, struct err *err)
{
	const struct conf_net *conf = link->conf;
	const struct {
		const char *key;
		bool is_set;
	} privileged[] = {
		{ "veth.pair", conf->veth_pair != NULL },
		{ "veth.mode", conf->veth_mode && strcmp(conf->veth_mode, "bridge") != 0 },
		{ "veth.ipv4.route", conf->veth_ipv4_route.n > 0 },
		{ "veth.ipv6.route", conf->veth_ipv6_route.n > 0 },
		{ "veth.vlan.id", conf->veth_vlan_id != CONF_VLAN_UNSET },
		{ "veth.vlan.tagged.id", conf->veth_vlan_tagged.n > 0 },
		{ "veth.n_rxqueues", conf->veth_rxqueues > 0 },
		{ "veth.n_txqueues", conf->veth_txqueues > 0 },
		{ "l2proxy", conf->l2proxy },
	};

	for (size_t i = 0; i < ARRAY_SIZE(privileged); i++) {
		if (!privileged[i].is_set)
			continue;
		err_say(err, -EPERM, "'lxc.net.%u.%s' is for containers of root only", conf->index,
		        privileged[i].key);
		err_hint(err,
		         "take it out of the configuration: %s gives users a plain interface "
		         "on a bridge",
		         PROGRAM);
		return -EPERM;
	}
	link->by_helper = true;
	return 0;
}

/* ---- the answer ---- */

static bool take_nic(char **word, char name[NET_NAME_SIZE], uint32_t *index)
{
	char *nic = strsep(word, ":"), *number = strsep(word, ":");

	if (!nic || !number || !*nic || strlen(nic) >= NET_NAME_SIZE ||
	    num_parse_u32(number, index) < 0 || *index == 0)
		return false;
	for (const char *s = nic; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == '/')
			return false;
	(void)strcpy(name, nic);
	return true;
}

int usernic_parse(const char *answer, struct net_made_link *made)
{
	char copy[128], inside[NET_NAME_SIZE], host[NET_NAME_SIZE], *word = copy;
	size_t len = strlen(answer);
	uint32_t inside_index, host_index;

	if (len < 1 || len >= sizeof(copy) || answer[len - 1] != '\n')
		return -EBADMSG;
	memcpy(copy, answer, len - 1);
	copy[len - 1] = '\0';
	if (!take_nic(&word, inside, &inside_index) || !take_nic(&word, host, &host_index) ||
	    word || strcmp(inside, made->link->name) != 0)
		return -EBADMSG;
	(void)strcpy(made->host_name, host);
	made->host_index = host_index;
	made->is_made = true;
	return 0;
}

/* ---- the program ---- */

static const char *bridge_of(const struct net_made_link *made)
{
	return made->link->conf->link ? made->link->conf->link : NO_BRIDGE;
}

/* The administrator decides: the lines of the policy add up. */
static void hint_refusal(const struct net_job *job, const struct net_made_link *made,
                         const char *words, struct err *err)
{
	static const struct {
		const char *words, *wish;
		unsigned int count;
	} grants[] = {
		{ "quota reached", "one more", 1 },
		{ "not permitted", "ten of them", 10 },
	};

	/* The program says the same of all that it refuses; no grant makes a bridge of this. */
	if (made->lower.index && strcmp(made->lower.kind, "bridge") != 0 &&
	    strcmp(made->lower.kind, "openvswitch") != 0)
		err_hint(err, "'%s' is not a bridge: 'ip link show type bridge' lists them",
		         made->lower.name);
	if (strstr(words, "bad argument 7"))
		err_hint(err, "lxc.net.%u.name: letters, digits, '_', '.' and '-'",
		         made->link->conf->index);
	for (size_t i = 0; i < ARRAY_SIZE(grants); i++)
		if (strstr(words, grants[i].words))
			err_hint(err, "as root, to grant %s: echo '%s veth %s %u' >> %s",
			         grants[i].wish, job->user, bridge_of(made), grants[i].count,
			         POLICY);
	if (strstr(words, "set-user-ID"))
		err_hint(err, "the program must be root's with mode 4755: make install as root");
}

int usernic_create(const struct net_job *job, struct net_made_link *made, struct err *err)
{
	const struct net_link *link = made->link;
	char pid[NUM_TEXT_MAX], *argv[] = { (char *)PROGRAM,
		                            (char *)"create",
		                            (char *)"-",
		                            (char *)job->container,
		                            num_format(pid, job->init_pid),
		                            (char *)"veth",
		                            (char *)bridge_of(made),
		                            (char *)link->name,
		                            NULL };
	_cleanup_free_ char *answer = NULL;
	const char *words;
	int r = tools_ask_words(argv, &answer, err);

	if (r < 0)
		return err_wrap(err, r, "'lxc.net.%u.type = veth'", link->conf->index);
	if (r == 0 && usernic_parse(answer, made) == 0)
		return 0;
	answer[strcspn(answer, "\n")] = '\0';
	words = strstr(answer, ": ");
	words = words ? words + 2 : *answer ? answer : "it cannot be run";
	err_say(err, -EPERM, "'lxc.net.%u.type = veth' on bridge '%s': %s: %s", link->conf->index,
	        bridge_of(made), PROGRAM, words);
	hint_refusal(job, made, words, err);
	return -EPERM;
}

void usernic_delete(const struct net_job *job, struct net_made_link *made)
{
	char *argv[] = { (char *)PROGRAM,         (char *)"delete", (char *)"-",
		         (char *)job->container,  (char *)"-",      (char *)"veth",
		         (char *)bridge_of(made), made->host_name,  NULL };
	_cleanup_free_ char *answer = NULL;

	if (!made->is_made || !made->host_name[0])
		return;
	made->is_made = false;
	if (tools_ask_words(argv, &answer, NULL) != 0)
		log_debug("interface '%s' is left to the kernel to remove: %s", made->host_name,
		          answer ? answer : "");
}

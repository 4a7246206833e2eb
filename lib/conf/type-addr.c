/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

/* Addresses, routes and gateways of network devices; key.arg is the address family. */

static uint8_t prefix_max(int family)
{
	return family == AF_INET ? 32 : 128;
}

static int parse_ip(int family, const char *text, size_t len, uint8_t *ret_addr)
{
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(family, copy, ret_addr) == 1 ? 0 : -EINVAL;
}

static int parse_prefix(int family, const char *text, size_t len, uint8_t *ret_prefix)
{
	char copy[NUM_TEXT_MAX];
	uint32_t prefix;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (num_parse_u32(copy, &prefix) < 0 || prefix > prefix_max(family))
		return -EINVAL;
	*ret_prefix = (uint8_t)prefix;
	return 0;
}

/* The prefix that an IPv4 address had before there were prefixes (RFC 791). */
static uint8_t class_prefix(const uint8_t *addr)
{
	if (addr[0] < 128)
		return 8;
	return addr[0] < 192 ? 16 : 24;
}

/* All host bits set; there is no broadcast on a link of two. */
static void default_broadcast(struct conf_addr *addr)
{
	uint32_t host_bits, net;

	if (addr->family != AF_INET || addr->prefix >= 31)
		return;
	memcpy(&net, addr->addr, sizeof(net));
	host_bits = UINT32_MAX >> addr->prefix;
	net |= htonl(host_bits);
	memcpy(addr->broadcast, &net, sizeof(net));
}

/* "ADDRESS[/PREFIX][ BROADCAST]"; *@ret_has_prefix tells whether the prefix was there. */
static int parse_addr(int family, const char *value, struct conf_addr *ret_addr,
                      bool *ret_has_prefix)
{
	size_t len = strcspn(value, " \t"), ip_len = strcspn(value, "/ \t");
	struct conf_addr addr = { .family = family };
	const char *broadcast = value + len + strspn(value + len, " \t");
	bool has_prefix = value[ip_len] == '/';

	if (parse_ip(family, value, ip_len, addr.addr) < 0)
		return -EINVAL;
	if (!has_prefix)
		addr.prefix = family == AF_INET ? class_prefix(addr.addr) : 64;
	else if (parse_prefix(family, value + ip_len + 1, len - ip_len - 1, &addr.prefix) < 0)
		return -EINVAL;
	default_broadcast(&addr);
	if (*broadcast && (family != AF_INET ||
	                   parse_ip(family, broadcast, strlen(broadcast), addr.broadcast) < 0))
		return -EINVAL;
	*ret_addr = addr;
	*ret_has_prefix = has_prefix;
	return 0;
}

static int add_addr(const struct conf_slot *slot, const struct conf_addr *addr, struct err *err)
{
	struct conf_addrs *list = conf_field(slot);
	struct conf_addr *items = reallocarray(list->items, list->n + 1, sizeof(*items));

	if (!items)
		return err_oom(err);
	items[list->n++] = *addr;
	list->items = items;
	return 0;
}

static int address_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	bool has_prefix;
	struct conf_addr addr;

	if (parse_addr(slot->key->arg, value, &addr, &has_prefix) < 0)
		return conf_bad_value(slot, value,
		                      slot->key->arg == AF_INET
		                              ? "an IPv4 address such as 10.0.3.2/24"
		                              : "an IPv6 address such as fd00::2/64",
		                      err);
	if (!has_prefix && slot->key->arg == AF_INET)
		log_warn("'%s = %s' has no prefix length, continuing with /%d", slot->name,
		         SHOW(value), addr.prefix);
	return add_addr(slot, &addr, err);
}

static int addrs_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_addrs *list = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < list->n; i++) {
		const struct conf_addr *addr = &list->items[i];
		char ip[INET6_ADDRSTRLEN] = "";

		(void)inet_ntop(addr->family, addr->addr, ip, sizeof(ip));
		text_addf(out, "%s%s/%d", i ? "\n" : "", ip, addr->prefix);
	}
	return 0;
}

static int addrs_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf_addrs *list = conf_field(slot);

	(void)err;
	free(list->items);
	*list = (struct conf_addrs){};
	return 0;
}

const struct conf_type conf_address = {
	.set = address_set,
	.get = addrs_get,
	.clear = addrs_clear,
};

static int route_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	bool has_prefix = false;
	struct conf_addr addr;

	if (parse_addr(slot->key->arg, value, &addr, &has_prefix) < 0 || !has_prefix ||
	    strpbrk(value, " \t")) {
		(void)conf_bad_value(slot, value, "ADDRESS/PREFIX", err);
		if (!strpbrk(value, "/ \t") &&
		    parse_ip(slot->key->arg, value, strlen(value), addr.addr) == 0)
			err_hint(err, "write '%s = %s/%d'", slot->name, value,
			         prefix_max(slot->key->arg));
		return -EINVAL;
	}
	return add_addr(slot, &addr, err);
}

const struct conf_type conf_route = { .set = route_set, .get = addrs_get, .clear = addrs_clear };

static int gateway_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_gateway gateway = { .kind = CONF_GATEWAY_ADDR };

	if (strcmp(value, "auto") == 0)
		gateway.kind = CONF_GATEWAY_AUTO;
	else if (strcmp(value, "dev") == 0)
		gateway.kind = CONF_GATEWAY_DEV;
	else if (parse_ip(slot->key->arg, value, strlen(value), gateway.addr) < 0)
		return conf_bad_value(slot, value,
		                      slot->key->arg == AF_INET
		                              ? "an IPv4 address, 'auto' or 'dev'"
		                              : "an IPv6 address, 'auto' or 'dev'",
		                      err);
	*(struct conf_gateway *)conf_field(slot) = gateway;
	return 0;
}

static int gateway_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_gateway *gateway = conf_field(slot);
	char ip[INET6_ADDRSTRLEN] = "";

	(void)err;
	if (gateway->kind == CONF_GATEWAY_ADDR)
		(void)inet_ntop(slot->key->arg, gateway->addr, ip, sizeof(ip));
	else if (gateway->kind != CONF_GATEWAY_NONE)
		strcpy(ip, gateway->kind == CONF_GATEWAY_AUTO ? "auto" : "dev");
	text_add(out, ip);
	return 0;
}

static int gateway_clear(const struct conf_slot *slot, struct err *err)
{
	(void)err;
	*(struct conf_gateway *)conf_field(slot) = (struct conf_gateway){};
	return 0;
}

const struct conf_type conf_gateway = {
	.set = gateway_set,
	.get = gateway_get,
	.clear = gateway_clear,
};

/* The second digit of the first octet has the multicast bit, which stays off, and the one that says
 * that no manufacturer gave the address, which is set. */
void conf_hwaddr_fill(char *value)
{
	for (size_t i = 0; value[i]; i++) {
		uint8_t random;

		if (tolower((unsigned char)value[i]) != 'x')
			continue;
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return; /* what is left is no address, and the setter says so */
		random = (uint8_t)(i == 1 ? (random & 0x0c) | 0x02 : random & 0x0f);
		value[i] = "0123456789abcdef"[random];
	}
}

static bool is_hwaddr(const char *value)
{
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? value[i] != ':' : !isxdigit((unsigned char)value[i]))
			return false;
	return !value[17];
}

static int hwaddr_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	_cleanup_free_ char *hwaddr = strdup(value);

	if (!hwaddr)
		return err_oom(err);
	conf_hwaddr_fill(hwaddr);
	if (!is_hwaddr(hwaddr))
		return conf_bad_value(
			slot, value, "a MAC address such as 00:16:3e:xx:xx:xx (x: any digit)", err);
	return conf_replace_text(conf_field(slot), hwaddr, err);
}

const struct conf_type conf_hwaddr = {
	.set = hwaddr_set,
	.get = conf_str_get,
	.clear = conf_str_clear,
};

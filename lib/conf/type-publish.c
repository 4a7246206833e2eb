/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf/conf-internal.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "conf/item.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* lxc.net.N.publish: ports of the host that lead to ports of the container. */

static int parse_port(const char *text, size_t len, uint16_t *ret_port)
{
	char copy[NUM_TEXT_MAX];
	uint32_t port;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (num_parse_u32(copy, &port) < 0 || port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

/* "192.0.2.1:" or "[2001:db8::1]:" in front. Returns what follows, NULL: neither. */
static const char *parse_host(const char *value, struct conf_publish *publish)
{
	bool v6 = *value == '[';
	const char *end = v6 ? strchr(value, ']') : strchr(value, ':');
	char ip[INET6_ADDRSTRLEN];
	size_t len;

	if (!end || (v6 && end[1] != ':'))
		return NULL;
	value += v6;
	len = (size_t)(end - value);
	if (len >= sizeof(ip))
		return NULL;
	memcpy(ip, value, len);
	ip[len] = '\0';
	publish->family = v6 ? AF_INET6 : AF_INET;
	return inet_pton(publish->family, ip, publish->addr) == 1 ? end + 1 + v6 : NULL;
}

/* "[HOST-ADDRESS:]HOST-PORT:CONTAINER-PORT[/tcp|/udp]" */
static int parse(const char *value, struct conf_publish *ret_publish)
{
	struct conf_publish publish = {};
	size_t digits = strspn(value, "0123456789"), len;

	if (value[digits] != ':') {
		value = parse_host(value, &publish);
		if (!value)
			return -EINVAL;
		digits = strspn(value, "0123456789");
	}
	if (value[digits] != ':' || parse_port(value, digits, &publish.host_port) < 0)
		return -EINVAL;
	value += digits + 1;
	len = strcspn(value, "/");
	publish.udp = strcmp(value + len, "/udp") == 0;
	if (parse_port(value, len, &publish.port) < 0 ||
	    (value[len] && !publish.udp && strcmp(value + len, "/tcp") != 0))
		return -EINVAL;
	*ret_publish = publish;
	return 0;
}

static int publish_set(const struct conf_slot *slot, const char *value, struct err *err)
{
	struct conf_publishes *list = conf_field(slot);
	struct conf_publish publish, *items;

	if (parse(value, &publish) < 0)
		return conf_bad_value(slot, value,
		                      "[HOST-ADDRESS:]HOST-PORT:CONTAINER-PORT[/tcp|/udp]", err);
	items = reallocarray(list->items, list->n + 1, sizeof(*items));
	if (!items)
		return err_oom(err);
	items[list->n++] = publish;
	list->items = items;
	return 0;
}

void conf_publish_format(const struct conf_publish *publish, struct text *out)
{
	char ip[INET6_ADDRSTRLEN];

	if (publish->family && inet_ntop(publish->family, publish->addr, ip, sizeof(ip)))
		text_addf(out, publish->family == AF_INET6 ? "[%s]:" : "%s:", ip);
	text_addf(out, "%u:%u/%s", publish->host_port, publish->port, publish->udp ? "udp" : "tcp");
}

static int publish_get(const struct conf_slot *slot, struct text *out, struct err *err)
{
	const struct conf_publishes *list = conf_field(slot);

	(void)err;
	for (size_t i = 0; i < list->n; i++) {
		text_add(out, i ? "\n" : "");
		conf_publish_format(&list->items[i], out);
	}
	return 0;
}

static int publish_clear(const struct conf_slot *slot, struct err *err)
{
	struct conf_publishes *list = conf_field(slot);

	(void)err;
	free(list->items);
	*list = (struct conf_publishes){};
	return 0;
}

const struct conf_type conf_publish = {
	.set = publish_set,
	.get = publish_get,
	.clear = publish_clear,
};

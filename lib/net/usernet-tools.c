/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said to the programs of user-mode networks, see pasta(1) and slirp4netns(1). */
#include "net/usernet.h"

#include "base/cleanup.h"
#include "conf/item.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MTU "65520" /* the packets never meet a wire */

static int add_all(struct strv *argv, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strv_add(argv, words[i]) < 0)
			return -ENOMEM;
	return 0;
}

static const char *mtu_of(const struct usernet_setup *setup)
{
	return setup->link->conf->mtu ? setup->link->conf->mtu : MTU;
}

/* ---- pasta ---- */

/* "-t [ADDRESS/]HOST-PORT:PORT" */
static int add_ports(struct strv *argv, const struct conf_publishes *list, bool udp)
{
	const char *option = udp ? "-u" : "-t";
	bool any = false;

	for (size_t i = 0; i < list->n; i++) {
		const struct conf_publish *publish = &list->items[i];
		char ip[INET6_ADDRSTRLEN + 1] = "";

		if (publish->udp != udp)
			continue;
		if (publish->family &&
		    inet_ntop(publish->family, publish->addr, ip, sizeof(ip) - 1))
			strcat(ip, "/");
		if (strv_add(argv, option) < 0 ||
		    strv_addf(argv, "%s%u:%u", ip, publish->host_port, publish->port) < 0)
			return -ENOMEM;
		any = true;
	}
	return any ? 0 : add_all(argv, (const char *const[]){ option, "none" }, 2);
}

/* Services on the host's own loopback stay the host's: no map of the gateway, no ports of the
 * host inside. */
static int pasta_arguments(const struct usernet_setup *setup, struct strv *argv)
{
	static const char words[] =
		"-f -q --config-net --no-netns-quit --no-map-gw --dhcp-dns -T none -U none "
		"-a " USERNET_IPV4 " -n " USERNET_IPV4_PREFIX " -g " USERNET_IPV4_GATEWAY " "
		"--dns-forward " USERNET_IPV4_DNS " -a " USERNET_IPV6 " -g " USERNET_IPV6_GATEWAY
		" "
		"--dns-forward " USERNET_IPV6_DNS " --pid /proc/self/fd/1 --netns /proc/self/fd/0";
	const struct conf_net *conf = setup->link->conf;
	int r = strv_split_words(argv, words);

	if (r == 0 && setup->userns_fd >= 0 &&
	    (strv_add(argv, "--userns") < 0 ||
	     strv_addf(argv, "/proc/%d/fd/%d", (int)setup->monitor, setup->userns_fd) < 0))
		r = -ENOMEM;
	if (r == 0 && setup->is_root) /* else it would be nobody, who may not enter */
		r = add_all(argv, (const char *const[]){ "--runas", "0" }, 2);
	if (r == 0)
		r = add_all(argv,
		            (const char *const[]){ "-I", setup->link->name, "-m", mtu_of(setup) },
		            4);
	if (r == 0 && conf->hwaddr)
		r = add_all(argv, (const char *const[]){ "--ns-mac-addr", conf->hwaddr }, 2);
	if (r == 0)
		r = add_ports(argv, &conf->publish, /* udp= */ false);
	return r < 0 ? r : add_ports(argv, &conf->publish, /* udp= */ true);
}

/* ---- slirp4netns ---- */

static int slirp_arguments(const struct usernet_setup *setup, struct strv *argv)
{
	static const char words[] = "--configure --disable-host-loopback --enable-ipv6 "
				    "--enable-seccomp --ready-fd=3 --netns-type=path";
	const struct conf_net *conf = setup->link->conf;
	int r = strv_split_words(argv, words);

	if (r == 0)
		r = strv_addf(argv, "--mtu=%s", mtu_of(setup));
	if (r == 0 && setup->userns_fd >= 0)
		r = strv_addf(argv, "--userns-path=/proc/%d/fd/%d", (int)setup->monitor,
		              setup->userns_fd);
	if (r == 0 && conf->hwaddr)
		r = strv_addf(argv, "--macaddress=%s", conf->hwaddr);
	if (r == 0 && conf->publish.n)
		r = strv_add(argv, "--api-socket=/proc/self/fd/4/" USERNET_SOCKET);
	return r < 0 ? r
	             : add_all(argv, (const char *const[]){ "/proc/self/fd/0", setup->link->name },
	                       2);
}

void usernet_publish_request(const struct conf_publish *publish, struct text *text)
{
	char ip[INET6_ADDRSTRLEN] = "0.0.0.0";

	if (publish->family)
		(void)inet_ntop(publish->family, publish->addr, ip, sizeof(ip));
	text_addf(text,
	          "{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"%s\", "
	          "\"host_addr\": \"%s\", \"host_port\": %u, \"guest_port\": %u}}",
	          publish->udp ? "udp" : "tcp", ip, publish->host_port, publish->port);
}

/* ---- both ---- */

const struct usernet_tool *usernet_tool_at(size_t i)
{
	static const struct usernet_tool tools[] = {
		{ .name = "pasta",
		  .package = "passt",
		  .says_by_stdout = true,
		  .arguments = pasta_arguments },
		{ .name = "slirp4netns",
		  .package = "slirp4netns",
		  .has_socket = true,
		  .arguments = slirp_arguments },
	};

	return i < ARRAY_SIZE(tools) ? &tools[i] : NULL;
}

void usernet_resolver(const char *host, struct text *text)
{
	_cleanup_(text_done) struct text search = {};
	bool v4 = false, v6 = false;

	while (*host) {
		size_t len = strcspn(host, "\n");

		if (str_starts_with(host, "search ") || str_starts_with(host, "domain ")) {
			text_add_len(&search, host, len);
			text_add(&search, "\n");
		} else if (str_starts_with(host, "nameserver")) {
			bool colon = memchr(host, ':', len);

			v6 |= colon;
			v4 |= !colon;
		}
		host += len + (host[len] == '\n');
	}
	if (v4 || !v6)
		text_add(text, "nameserver " USERNET_IPV4_DNS "\n");
	if (v6)
		text_add(text, "nameserver " USERNET_IPV6_DNS "\n");
	if (search.len)
		text_add(text, search.data);
}

/* pasta puts the time in front of its lines. */
static const char *skip_time(const char *line)
{
	static const char digits[] = "0123456789";
	size_t n = strspn(line, digits);

	if (n == 0 || line[n] != '.')
		return line;
	n += 1 + strspn(line + n + 1, digits);
	return str_starts_with(line + n, ": ") ? line + n + 2 : line;
}

void usernet_say_output(const char *output, struct text *text)
{
	char line[512];

	while (*output) {
		size_t len = strcspn(output, "\n");
		const char *words = line;

		(void)snprintf(line, sizeof(line), "%.*s", (int)(len < 400 ? len : 400), output);
		words = skip_time(line);
		/* pasta's regret about a host without a log */
		if (*words && !strstr(words, "to syslog") && text->len < 400) {
			text_add(text, text->len ? "; " : "");
			text_add_printable(text, words);
		}
		output += len + (output[len] == '\n');
	}
}

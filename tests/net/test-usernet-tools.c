/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/usernet.h"

#include "base/cleanup.h"
#include "conf/read.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char *join(const struct strv *list)
{
	struct text text = {};
	char *joined;

	for (size_t i = 0; i < list->n; i++)
		text_addf(&text, "%s%s", i ? " " : "", list->items[i]);
	assert_int_equal(text_finish(&text, &joined), 0);
	return joined;
}

#define PASTA                                                                                      \
	"-f -q --config-net --no-netns-quit --no-map-gw --dhcp-dns -T none -U none "               \
	"-a 10.0.2.100 -n 24 -g 10.0.2.2 --dns-forward 10.0.2.3 -a fd00::64 -g fd00::2 "           \
	"--dns-forward fd00::3 --pid /proc/self/fd/1 --netns /proc/self/fd/0"
#define SLIRP                                                                                      \
	"--configure --disable-host-loopback --enable-ipv6 --enable-seccomp --ready-fd=3 "         \
	"--netns-type=path"

static void test_arguments(void **state)
{
	static const struct {
		const char *text;
		int userns_fd;
		bool is_root;
		const char *pasta, *slirp;
	} cases[] = {
		{ "", 9, false, PASTA " --userns /proc/77/fd/9 -I eth0 -m 65520 -t none -u none",
		  SLIRP " --mtu=65520 --userns-path=/proc/77/fd/9 /proc/self/fd/0 eth0" },
		{ "", -EBADF, true, PASTA " --runas 0 -I eth0 -m 65520 -t none -u none",
		  SLIRP " --mtu=65520 /proc/self/fd/0 eth0" },
		{ "lxc.net.0.mtu = 1400\nlxc.net.0.hwaddr = 00:16:3e:01:02:03\n", 9, false,
		  PASTA " --userns /proc/77/fd/9 -I eth0 -m 1400 --ns-mac-addr 00:16:3e:01:02:03 "
		        "-t none -u none",
		  SLIRP " --mtu=1400 --userns-path=/proc/77/fd/9 --macaddress=00:16:3e:01:02:03 "
		        "/proc/self/fd/0 eth0" },
		{ "lxc.net.0.publish = 8080:80\nlxc.net.0.publish = 127.0.0.1:53:5353/udp\n"
		  "lxc.net.0.publish = [::1]:22:2222/tcp\n",
		  9, false,
		  PASTA " --userns /proc/77/fd/9 -I eth0 -m 65520 -t 8080:80 -t ::1/22:2222 "
		        "-u 127.0.0.1/53:5353",
		  SLIRP " --mtu=65520 --userns-path=/proc/77/fd/9 "
		        "--api-socket=/proc/self/fd/4/usernet /proc/self/fd/0 eth0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *want[] = { cases[i].pasta, cases[i].slirp };
		_cleanup_(conf_done) struct conf conf;
		_cleanup_free_ char *text = NULL;
		struct net_link link = { .name = "eth0" };
		struct usernet_setup setup = { .link = &link,
			                       .monitor = 77,
			                       .userns_fd = cases[i].userns_fd,
			                       .is_root = cases[i].is_root };

		conf_init(&conf);
		assert_true(asprintf(&text, "lxc.net.0.type = user\n%s", cases[i].text) > 0);
		assert_int_equal(conf_read_text(&conf, "t", text, NULL), 0);
		link.conf = &conf.nets.items[0];
		for (size_t j = 0; j < ARRAY_SIZE(want); j++) {
			_cleanup_(strv_done) struct strv argv = {};
			_cleanup_free_ char *joined = NULL;

			assert_int_equal(usernet_tool_at(j)->arguments(&setup, &argv), 0);
			joined = join(&argv);
			assert_string_equal(joined, want[j]);
		}
	}
	assert_null(usernet_tool_at(2));
}

static void test_publish_request(void **state)
{
	static const struct {
		struct conf_publish publish;
		const char *want;
	} cases[] = {
		{ { .host_port = 8080, .port = 80 },
		  "{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"tcp\", "
		  "\"host_addr\": \"0.0.0.0\", \"host_port\": 8080, \"guest_port\": 80}}" },
		{ { .family = 2, .addr = { 127, 0, 0, 1 }, .host_port = 1, .port = 2, .udp = true },
		  "{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"udp\", "
		  "\"host_addr\": \"127.0.0.1\", \"host_port\": 1, \"guest_port\": 2}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_done) struct text text = {};

		usernet_publish_request(&cases[i].publish, &text);
		assert_string_equal(text.data, cases[i].want);
	}
}

static void test_output(void **state)
{
	static const struct {
		const char *output, *want;
	} cases[] = {
		{ "", NULL },
		{ "\n\n", NULL },
		{ "one\n", "one" },
		{ "one\n\ntwo", "one; two" },
		{ "1795332628.9802: Couldn't do it\n", "Couldn't do it" },
		{ "198.51.100.2: no\n", "198.51.100.2: no" },
		{ "80: Permission denied\n", "80: Permission denied" },
		{ "12 is not: a time\n", "12 is not: a time" },
		{ "Failed to send 45 bytes to syslog\nreal\n", "real" },
		{ "a\x1b[31m\n", "a\\x1b[31m" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_done) struct text text = {};

		usernet_say_output(cases[i].output, &text);
		if (cases[i].want)
			assert_string_equal(text.data, cases[i].want);
		else
			assert_int_equal(text.len, 0);
	}
}

static void test_resolver(void **state)
{
	static const struct {
		const char *host, *want;
	} cases[] = {
		{ "", "nameserver 10.0.2.3\n" },
		{ "nameserver 127.0.0.53\n", "nameserver 10.0.2.3\n" },
		{ "nameserver 2001:db8::1", "nameserver fd00::3\n" },
		{ "search a.test b.test\nnameserver ::1\nnameserver 192.0.2.1\noptions edns0\n",
		  "nameserver 10.0.2.3\nnameserver fd00::3\nsearch a.test b.test\n" },
		{ "domain a.test", "nameserver 10.0.2.3\ndomain a.test\n" },
		{ "# nameserver ::1\n", "nameserver 10.0.2.3\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(text_done) struct text text = {};

		usernet_resolver(cases[i].host, &text);
		assert_string_equal(text.data, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_publish_request),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_resolver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

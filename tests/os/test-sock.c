/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/sock.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static unsigned int count_fds(void)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n;
}

static void test_plain(void **state)
{
	char buf[8];
	int pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(sock_send(pair[0], "hello", 5, NULL, 0), 0);
	assert_int_equal(sock_send(pair[0], "x", 1, NULL, 0), 0);
	assert_int_equal(sock_recv(pair[1], buf, sizeof(buf), NULL, 0), 5); /* a message each */
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(sock_recv(pair[1], buf, sizeof(buf), NULL, 0), 1);

	assert_int_equal(sock_send(pair[0], "123456789", 9, NULL, 0), 0);
	assert_int_equal(sock_recv(pair[1], buf, sizeof(buf), NULL, 0), -EBADMSG);
	(void)close(pair[0]);
	assert_int_equal(sock_recv(pair[1], buf, sizeof(buf), NULL, 0), 0);
	assert_int_equal(sock_send(pair[1], "x", 1, NULL, 0), -EPIPE); /* and no SIGPIPE */
	(void)close(pair[1]);
}

static void test_descriptors(void **state)
{
	static const struct {
		size_t sent, room;
		ssize_t want;
	} cases[] = {
		{ 1, 0, -EBADMSG },
		{ 3, 2, -EBADMSG },
		{ SOCK_FDS_MAX, SOCK_FDS_MAX - 1, -EBADMSG },
		{ 0, 0, 1 },
		{ 0, 3, 1 },
		{ 1, 1, 1 },
		{ 2, 5, 1 },
		{ SOCK_FDS_MAX, SOCK_FDS_MAX, 1 },
	};
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int send_fds[SOCK_FDS_MAX + 1], pair[2];
	unsigned int before;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(send_fds); i++)
		send_fds[i] = null;
	assert_int_equal(sock_pair(pair), 0);
	before = count_fds();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fds[SOCK_FDS_MAX];
		char c;

		memset(fds, 0x55, sizeof(fds));
		assert_int_equal(sock_send(pair[0], "x", 1, send_fds, cases[i].sent), 0);
		assert_int_equal(sock_recv(pair[1], &c, 1, fds, cases[i].room), cases[i].want);
		for (size_t k = 0; k < cases[i].room; k++) {
			bool is_fd = cases[i].want > 0 && k < cases[i].sent;

			assert_int_equal(fds[k] >= 0, is_fd);
			if (is_fd)
				assert_int_equal(fcntl(fds[k], F_GETFD), FD_CLOEXEC);
			else
				assert_int_equal(fds[k], -EBADF);
			cleanup_close(&fds[k]);
		}
		assert_int_equal(count_fds(), before); /* what was refused was closed */
	}
	assert_int_equal(sock_send(pair[0], "x", 1, send_fds, SOCK_FDS_MAX + 1), -E2BIG);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* A sender that does not keep to SOCK_FDS_MAX, or cuts descriptors into two control messages. */
static void test_hostile_descriptors(void **state)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char control[CMSG_SPACE(sizeof(int) * 200)] __attribute__((aligned(8))) = {};
	struct iovec iov = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
		              .msg_iovlen = 1,
		              .msg_control = control,
		              .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fds[SOCK_FDS_MAX], many[200], pair[2];
	unsigned int before;
	char c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = null;
	*cmsg = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
		                  .cmsg_type = SCM_RIGHTS,
		                  .cmsg_len = CMSG_LEN(sizeof(many)) };
	memcpy(CMSG_DATA(cmsg), many, sizeof(many));
	assert_int_equal(sock_pair(pair), 0);
	before = count_fds();
	assert_int_equal(sendmsg(pair[0], &msg, 0), 1);
	assert_int_equal(sock_recv(pair[1], &c, 1, fds, ARRAY_SIZE(fds)), -EBADMSG);
	assert_int_equal(count_fds(), before);

	/* A message that is cut off takes its descriptors along. */
	assert_int_equal(sock_send(pair[0], "xy", 2, many, 2), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, fds, ARRAY_SIZE(fds)), -EBADMSG);
	assert_int_equal(count_fds(), before);
	/* The next one is not touched by that. */
	assert_int_equal(sock_send(pair[0], "z", 1, many, 1), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, fds, ARRAY_SIZE(fds)), 1);
	assert_true(fds[0] >= 0);
	(void)close(fds[0]);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void test_listen(void **state)
{
	char top[] = "/tmp/rlxc-test-sock.XXXXXX", deep[128], command[128], buf[4];
	_cleanup_close_ int dir = -EBADF, server = -EBADF, client = -EBADF, peer = -EBADF;
	_cleanup_close_ int at = -EBADF;
	char name[109];

	(void)state;
	assert_non_null(mkdtemp(top));
	at = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(deep, 'd', sizeof(deep) - 1); /* longer than sun_path */
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(mkdirat(at, deep, 0700), 0);
	dir = openat(at, deep, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(sock_connect_at(dir, "control"), -ENOENT);
	server = sock_listen_at(dir, "control", 4);
	assert_true(server >= 0);
	assert_int_equal(sock_listen_at(dir, "control", 4), -EADDRINUSE);
	assert_int_equal(accept4(server, NULL, NULL, SOCK_CLOEXEC), -1);
	assert_int_equal(errno, EAGAIN);
	client = sock_connect_at(dir, "control");
	assert_true(client >= 0);
	peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	assert_int_equal(sock_send(client, "hi", 2, NULL, 0), 0);
	assert_int_equal(sock_recv(peer, buf, sizeof(buf), NULL, 0), 2);

	cleanup_close(&server);
	assert_int_equal(sock_connect_at(dir, "control"), -ECONNREFUSED);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(sock_connect_at(dir, name), -ENAMETOOLONG);
	assert_int_equal(sock_listen_at(dir, name, 1), -ENAMETOOLONG);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", top);
	assert_int_equal(system(command), 0);
}

/* Abstract names belong to a network namespace, and everybody in it. */
static void test_connect(void **state)
{
	_cleanup_close_ int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int client = -EBADF;
	char name[110];
	int len;

	(void)state;
	len = snprintf(name, sizeof(name), "@rlxc-test-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
	assert_int_equal(sock_connect(name), -ECONNREFUSED);
	assert_int_equal(bind(server, (struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
	                 0);
	assert_int_equal(listen(server, 1), 0);
	client = sock_connect(name);
	assert_true(client >= 0);
	assert_int_equal(sock_connect("/no/such/socket"), -ENOENT);
	memset(name, '/', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(sock_connect(name), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_hostile_descriptors),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of the control socket, and who may stand at its ends. */
#include "container/control.h"

#include "base/cleanup.h"
#include "os/sock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void send_raw(int sock, const void *data, size_t len, size_t n_fds)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fds[8];

	assert_true(null >= 0 && n_fds <= 8);
	for (size_t i = 0; i < n_fds; i++)
		fds[i] = null;
	assert_int_equal(sock_send(sock, data, len, fds, n_fds), 0);
	(void)close(null);
}

static void test_bad_frames(void **state)
{
	static const struct {
		struct control_header header;
		size_t len; /* bytes sent, of the header and zeros */
		size_t n_fds;
		int want;
	} cases[] = {
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 15, 0, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 1, 0, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 17, 0, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 2 }, 17, 0, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, UINT32_MAX },
		  16,
		  0,
		  -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 64 }, 80, 0, -EBADMSG },
		{ { CONTROL_MAGIC + 1, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 16, 0, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION + 1, CONTROL_INFO, 0, 0 }, 16, 0, -EBADMSG },
		{ { CONTROL_MAGIC + 1, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 16, 1, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 16, 3, -EBADMSG },
		{ { CONTROL_MAGIC, CONTROL_VERSION, CONTROL_INFO, 0, 0 }, 0, 1, 0 },
	};
	int before = count_fds();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char message[128] = {}, data[64];
		struct control_header got = { .type = 77 };
		int pair[2], fds[2];

		memcpy(message, &cases[i].header, sizeof(cases[i].header));
		assert_int_equal(sock_pair(pair), 0);
		send_raw(pair[0], message, cases[i].len, cases[i].n_fds);
		assert_int_equal(control_recv(pair[1], &got, data, sizeof(data), fds, 2),
		                 cases[i].want);
		assert_int_equal(got.type, 77); /* untouched */
		(void)close(pair[0]);
		(void)close(pair[1]);
		assert_int_equal(count_fds(), before);
	}
}

static void test_round_trip(void **state)
{
	struct control_header header;
	int before = count_fds(), pair[2], fds[2];
	char data[8];

	(void)state;
	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(control_send(pair[0], CONTROL_ITEM, -5, "abcdefg", 7, &pair[0], 1), 0);
	assert_int_equal(control_recv(pair[1], &header, data, sizeof(data), fds, 2), 1);
	assert_int_equal(header.type, CONTROL_ITEM);
	assert_int_equal(header.value, -5);
	assert_int_equal(header.length, 7);
	assert_string_equal(data, "abcdefg"); /* and ended */
	assert_true(fds[0] >= 0 && fds[1] < 0);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	(void)close(fds[0]);
	assert_int_equal(control_send(pair[0], CONTROL_ITEM, 0, "abcdefgh", 8, NULL, 0), 0);
	assert_int_equal(control_recv(pair[1], &header, data, sizeof(data), fds, 2), -EBADMSG);
	assert_int_equal(control_send(pair[0], CONTROL_ITEM, 0, "", CONTROL_MAX, NULL, 0),
	                 -EMSGSIZE);
	(void)close(pair[0]);
	assert_int_equal(control_recv(pair[1], &header, data, sizeof(data), fds, 2), 0);
	(void)close(pair[1]);
	assert_int_equal(count_fds(), before);
}

/* Asks a peer that has answered already, with @type and a descriptor. */
static int call(int type, int value, const void *data, size_t len, struct err *err)
{
	char got[16];
	int pair[2], fds[1], r;

	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(
		control_send(pair[0], (enum control_type)type, value, data, len, &pair[0], 1), 0);
	r = control_call(pair[1], CONTROL_ITEM, 0, "key", got, sizeof(got), NULL, fds, 1, err);
	if (r >= 0)
		(void)close(fds[0]);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return r;
}

static void test_replies(void **state)
{
	struct err theirs = { .code = -EBUSY }, err = {};
	int before = count_fds();
	char plenty[17] = "";

	(void)state;
	assert_int_equal(call(CONTROL_ITEM, 3, "abc", 3, &err), 3);
	assert_int_equal(call(CONTROL_INFO, 3, "abc", 3, &err), -EBADMSG);
	assert_int_equal(call(CONTROL_ITEM, 3, plenty, sizeof(plenty), &err), -EBADMSG);
	assert_int_equal(call(CONTROL_ITEM, -EPERM, NULL, 0, &err), -EPERM);
	assert_true(strstr(err.msg, "refused"));
	memset(theirs.msg, 'm', sizeof(theirs.msg)); /* without an end */
	memset(theirs.hint, 'h', sizeof(theirs.hint));
	assert_int_equal(call(0, -EBUSY, &theirs, sizeof(theirs), &err), -EBUSY);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	assert_int_equal(count_fds(), before);
}

/* What was said before the other side hung up counts, whether it read our request or not. */
static void test_hung_up(void **state)
{
	struct err theirs = { .code = -EBUSY }, err = {};
	int pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(
		control_send(pair[0], CONTROL_INFO, -EBUSY, &theirs, sizeof(theirs), NULL, 0), 0);
	(void)close(pair[0]);
	assert_int_equal(control_call(pair[1], CONTROL_KILL, 0, NULL, NULL, 0, NULL, NULL, 0, &err),
	                 -EBUSY);
	(void)close(pair[1]);

	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(
		control_send(pair[0], CONTROL_INFO, -EBUSY, &theirs, sizeof(theirs), NULL, 0), 0);
	assert_int_equal(control_send(pair[1], CONTROL_KILL, 0, NULL, 0, NULL, 0), 0);
	(void)close(pair[0]);
	assert_int_equal(control_reply(pair[1], CONTROL_KILL, NULL, 0, NULL, NULL, 0, &err),
	                 -EBUSY);
	assert_int_equal(control_reply(pair[1], CONTROL_KILL, NULL, 0, NULL, NULL, 0, &err),
	                 -ESRCH);
	(void)close(pair[1]);
}

/* ---- the peer ---- */

static int listen_abstract(struct sockaddr_un *address)
{
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "test-control-%d",
	               (int)getpid());
	assert_true(sock >= 0);
	assert_int_equal(bind(sock, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(sock, 4), 0);
	return sock;
}

static void visit(const struct sockaddr_un *address, bool in_userns)
{
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char byte;

	if (in_userns && unshare(CLONE_NEWUSER) < 0)
		_exit(1);
	if (connect(sock, (const struct sockaddr *)address, sizeof(*address)) < 0)
		_exit(1);
	(void)!read(sock, &byte, 1); /* until we were looked at */
	_exit(0);
}

static bool is_ok(int listener, const struct sockaddr_un *address, bool in_userns, uid_t uid)
{
	pid_t pid = fork();
	int sock, status;
	bool ok;

	assert_true(pid >= 0);
	if (pid == 0)
		visit(address, in_userns);
	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(sock >= 0);
	ok = control_peer_ok(sock, uid);
	(void)close(sock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return ok;
}

static bool has_userns(void)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_peer(void **state)
{
	struct sockaddr_un address;
	_cleanup_close_ int listener = listen_abstract(&address);
	int before = count_fds();

	(void)state;
	assert_true(is_ok(listener, &address, false, geteuid()));
	if (geteuid() != 0)
		assert_false(is_ok(listener, &address, false, geteuid() + 1));
	/* The same user for the kernel: root of a container that maps our own id. */
	if (has_userns())
		assert_false(is_ok(listener, &address, true, geteuid()));
	assert_int_equal(count_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_frames), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_replies),    cmocka_unit_test(test_hung_up),
		cmocka_unit_test(test_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

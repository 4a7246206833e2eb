/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lxc-attach sends to the process that the monitor forks for it. */
#include "container/attach-internal.h"

#include "base/cleanup.h"
#include "os/sock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define LONG_BYTES 30000 /* some of them make more than one message */

static char long_word[LONG_BYTES + 1];

struct received {
	struct attach attach;
	struct rlxc_attach_options options;
	struct strv argv;
	int stdio[3];
};

static void received_done(struct received *got)
{
	strv_done(&got->argv);
	for (int i = 0; i < 3; i++)
		cleanup_close(&got->stdio[i]);
	attach_done(&got->attach);
}

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

static void start_sending(struct attach *attach)
{
	const char *const lines[] = { "A=1", "B=", long_word, long_word };

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(strv_add(&attach->environment, lines[i]), 0);
	attach->sync_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(attach->sync_fd >= 0);
}

static void test_all_arrives(void **state)
{
	static const struct {
		char *argv[4];
		const char *cwd;
		bool has_slave;
	} cases[] = {
		{ { "sh", "-c", "", NULL }, "/a b", true },
		{ { "sh", NULL }, NULL, false },
		{ { NULL }, "/", false },
		{ { NULL }, NULL, true },
		{ { long_word, long_word, NULL }, long_word, true },
	};
	int before = count_fds();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rlxc_attach_options options = { .uid = 5, .gid = -1 };
		struct attach attach = { ATTACH_NONE, .options = &options, .persona = 8 };
		struct received got = { .attach = { ATTACH_NONE,
			                            .facts = { .new_namespaces = 0x6 } } };
		int pair[2];

		options.argv = cases[i].argv[0] ? (char *const *)cases[i].argv : NULL;
		attach.elevate = RLXC_ELEVATE_CAP;
		attach.namespaces = 0x1; /* not what the monitor says: not heard */
		attach.wants_pty = cases[i].has_slave;
		attach.host_slave =
			cases[i].has_slave ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -EBADF;
		attach.cwd = cases[i].cwd ? strdup(cases[i].cwd) : NULL;
		start_sending(&attach);
		assert_int_equal(sock_pair(pair), 0);
		assert_int_equal(attach_spawn_send(pair[0], &attach, NULL), 0);
		assert_int_equal(attach_spawn_receive(pair[1], &got.attach, &got.options, &got.argv,
		                                      got.stdio),
		                 0);
		assert_int_equal(got.options.uid, 5);
		assert_int_equal(got.options.gid, -1);
		assert_int_equal(got.attach.persona, 8);
		assert_int_equal(got.attach.elevate, RLXC_ELEVATE_CAP);
		assert_int_equal(got.attach.namespaces, 0x6);
		assert_int_equal(got.attach.wants_pty, cases[i].has_slave);
		assert_int_equal(got.attach.host_slave >= 0, cases[i].has_slave);
		assert_int_equal(got.attach.environment.n, 4);
		assert_string_equal(got.attach.environment.items[1], "B=");
		assert_string_equal(got.attach.environment.items[2], long_word);
		assert_int_equal(!got.options.argv, !options.argv);
		for (size_t k = 0; options.argv && k <= got.argv.n; k++) {
			assert_int_equal(!got.options.argv[k], !options.argv[k]);
			if (options.argv[k])
				assert_string_equal(got.options.argv[k], options.argv[k]);
		}
		assert_int_equal(!got.attach.cwd, !cases[i].cwd);
		if (cases[i].cwd)
			assert_string_equal(got.attach.cwd, cases[i].cwd);
		received_done(&got);
		attach_done(&attach);
		(void)close(pair[0]);
		(void)close(pair[1]);
		assert_int_equal(count_fds(), before);
	}
}

/* The same messages, but for one thing. */
struct fault {
	size_t messages;   /* that are passed on; SIZE_MAX: all */
	size_t fds;        /* with the first */
	ssize_t cut;       /* bytes that the first lacks */
	ssize_t last_byte; /* of the last message, -1: as it is */
	int want;
};

static void pass_on(int from, int to, const struct fault *fault)
{
	static char data[64 * 1024];
	int fds[5];

	for (size_t i = 0; i < fault->messages; i++) {
		ssize_t n = sock_recv(from, data, sizeof(data), fds, 5);

		if (n <= 0)
			break;
		if (fault->last_byte >= 0 && i > 0 && n < 32 * 1024)
			data[n - 1] = (char)fault->last_byte;
		n -= i == 0 ? fault->cut : 0;
		assert_int_equal(sock_send(to, data, (size_t)n, fds, i == 0 ? fault->fds : 0), 0);
		for (size_t k = 0; k < 5; k++)
			cleanup_close(&fds[k]);
	}
}

static void test_faults(void **state)
{
	static const struct fault cases[] = {
		{ SIZE_MAX, 4, 0, -1, 0 },         { 0, 0, 0, -1, -EPIPE },
		{ 1, 4, 0, -1, -EPIPE },           { 2, 4, 0, -1, -EPIPE },
		{ SIZE_MAX, 3, 0, -1, -EBADMSG },  { SIZE_MAX, 0, 0, -1, -EBADMSG },
		{ SIZE_MAX, 4, 1, -1, -EBADMSG },  { SIZE_MAX, 4, 300, -1, -EBADMSG },
		{ SIZE_MAX, 4, 0, 'x', -EBADMSG },
	};
	int before = count_fds();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[] = { "true", NULL };
		struct rlxc_attach_options options = { .argv = argv };
		struct attach attach = { ATTACH_NONE, .options = &options };
		struct received got = { .attach = { ATTACH_NONE } };
		int pair[2], passed[2];

		start_sending(&attach);
		assert_int_equal(sock_pair(pair), 0);
		assert_int_equal(sock_pair(passed), 0);
		assert_int_equal(attach_spawn_send(pair[0], &attach, NULL), 0);
		(void)close(pair[0]);
		pass_on(pair[1], passed[0], &cases[i]);
		(void)close(pair[1]);
		(void)close(passed[0]);
		memset(got.stdio, -1, sizeof(got.stdio));
		assert_int_equal(attach_spawn_receive(passed[1], &got.attach, &got.options,
		                                      &got.argv, got.stdio),
		                 cases[i].want);
		received_done(&got);
		attach_done(&attach);
		(void)close(passed[1]);
		assert_int_equal(count_fds(), before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_arrives),
		cmocka_unit_test(test_faults),
	};

	memset(long_word, 'w', LONG_BYTES);
	long_word[1] = '=';
	return cmocka_run_group_tests(tests, NULL, NULL);
}

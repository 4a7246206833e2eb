/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The relay runs in a child, between a terminal or pipe that plays the user's side and a pty whose
 * slave plays the container. */
#include "term/term.h"

#include "base/cleanup.h"
#include "os/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <setjmp.h>
#include <cmocka.h>

#define CTRL_A 1

/* What the test holds; the child holds the other ends. */
struct scene {
	int in, out;       /* write here as the user; read here what is shown */
	int user_slave;    /* the user's terminal, -EBADF with pipes */
	int master, slave; /* the container's pty */
	int end;           /* eventfd */
	pid_t pid;
};

static void set_raw(int fd)
{
	struct term_saved ignored;

	assert_int_equal(term_raw(fd, &ignored), 0);
}

static void scene_set(struct scene *scene)
{
	*scene = (struct scene){ .user_slave = -EBADF };
	assert_int_equal(pty_open_host(&scene->master, &scene->slave, NULL), 0);
	set_raw(scene->slave);
	scene->end = eventfd(0, EFD_CLOEXEC);
	assert_true(scene->end >= 0);
}

static void run_child(struct scene *scene, const struct term_relay *relay)
{
	scene->pid = fork();
	assert_true(scene->pid >= 0);
	if (scene->pid > 0)
		return;
	alarm(20);
	cleanup_close(&scene->slave); /* its last opener is the test */
	if (scene->user_slave < 0) {
		cleanup_close(&scene->in);
		cleanup_close(&scene->out);
	}
	_exit(term_relay_run(relay, NULL) & 0xff);
}

/* The user's side as two pipes. */
static void start_with_pipes(struct scene *scene, int escape, int log_fd)
{
	int in[2], out[2];

	scene_set(scene);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	scene->in = in[1];
	scene->out = out[0];
	run_child(scene, &(struct term_relay){ .in_fd = in[0],
	                                       .out_fd = out[1],
	                                       .from_fd = scene->master,
	                                       .to_fd = scene->master,
	                                       .end_fd = scene->end,
	                                       .log_fd = log_fd,
	                                       .escape = escape });
	(void)close(in[0]);
	(void)close(out[1]);
}

/* The user's side as a terminal. */
static void start_with_terminal(struct scene *scene)
{
	scene_set(scene);
	assert_int_equal(pty_open_host(&scene->in, &scene->user_slave, NULL), 0);
	scene->out = scene->in;
	run_child(scene, &(struct term_relay){ .in_fd = scene->user_slave,
	                                       .out_fd = scene->user_slave,
	                                       .from_fd = scene->master,
	                                       .to_fd = scene->master,
	                                       .end_fd = scene->end,
	                                       .log_fd = -EBADF,
	                                       .escape = CTRL_A });
}

static int scene_wait(struct scene *scene)
{
	int status;

	assert_int_equal(waitpid(scene->pid, &status, 0), scene->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void scene_close(struct scene *scene)
{
	if (scene->out != scene->in)
		cleanup_close(&scene->out);
	cleanup_close(&scene->in);
	cleanup_close(&scene->user_slave);
	cleanup_close(&scene->master);
	cleanup_close(&scene->slave);
	cleanup_close(&scene->end);
}

/* Reads @len bytes, or what comes before the end of file or two seconds of silence. */
static size_t read_some(int fd, char *buf, size_t len)
{
	size_t n = 0;

	while (n < len) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		ssize_t part;

		if (poll(&poller, 1, 2000) <= 0)
			break;
		part = read(fd, buf + n, len - n);
		if (part <= 0)
			break;
		n += (size_t)part;
	}
	return n;
}

static void assert_reads(int fd, const char *want)
{
	char buf[256] = "";

	assert_int_equal(read_some(fd, buf, strlen(want)), strlen(want));
	assert_string_equal(buf, want);
}

static void escape_is_heard(void **state)
{
	static const struct {
		const char *typed[3]; /* one write each */
		int escape;
		const char *sent;
	} cases[] = {
		{ { "\001q" }, CTRL_A, "" },
		{ { "abc\001q" }, CTRL_A, "abc" },
		{ { "abc\001qdef" }, CTRL_A, "abc" },
		{ { "\001\001x\001q" }, CTRL_A, "\001x" },
		{ { "\001\001q\001q" }, CTRL_A, "\001q" },
		{ { "\001zq\001q" }, CTRL_A, "zq" },
		{ { "a\001", "q" }, CTRL_A, "a" },
		{ { "a\001", "\001", "b\001q" }, CTRL_A, "a\001b" },
		{ { "\001q\002q" }, 2, "\001q" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		start_with_pipes(&scene, cases[i].escape, -EBADF);
		for (size_t k = 0; k < 3 && cases[i].typed[k]; k++) {
			assert_int_equal(
				fd_write(scene.in, cases[i].typed[k], strlen(cases[i].typed[k])),
				0);
			(void)poll(NULL, 0, 5);
		}
		assert_reads(scene.slave, cases[i].sent);
		assert_int_equal(scene_wait(&scene), 1);
		scene_close(&scene);
	}
}

static void without_escape_all_is_sent(void **state)
{
	struct scene scene;

	(void)state;
	start_with_pipes(&scene, 0, -EBADF);
	assert_int_equal(write(scene.in, "\001q\001\001\0x", 6), 6);
	assert_reads(scene.slave, "\001q\001\001");
	cleanup_close(&scene.slave);
	assert_int_equal(scene_wait(&scene), 0);
	scene_close(&scene);
}

/* The escape is heard though the container reads nothing. */
static void escape_works_when_the_container_hangs(void **state)
{
	struct scene scene;
	char text[12000];

	(void)state;
	memset(text, 'x', sizeof(text));
	start_with_pipes(&scene, CTRL_A, -EBADF);
	assert_int_equal(fd_write(scene.in, text, sizeof(text)), 0);
	assert_int_equal(fd_write(scene.in, "\001q", 2), 0);
	assert_int_equal(scene_wait(&scene), 1);
	scene_close(&scene);
}

static void output_before_the_end_is_shown(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		char text[3000], got[sizeof(text) + 1] = "";
		struct scene scene;
		uint64_t one = 1;

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)('a' + i % 26);
		start_with_pipes(&scene, 0, -EBADF);
		assert_int_equal(fd_write(scene.slave, text, sizeof(text)), 0);
		if (way != 0)
			assert_int_equal(write(scene.end, &one, sizeof(one)), sizeof(one));
		if (way != 1)
			cleanup_close(&scene.slave);
		assert_int_equal(read_some(scene.out, got, sizeof(got)), sizeof(text));
		assert_memory_equal(got, text, sizeof(text));
		assert_int_equal(scene_wait(&scene), 0);
		scene_close(&scene);
	}
}

/* A process left behind that writes for ever does not keep us. */
static void endless_output_ends(void **state)
{
	struct scene scene;
	uint64_t one = 1;
	char buf[4096];
	pid_t writer;

	(void)state;
	start_with_pipes(&scene, 0, -EBADF);
	writer = fork();
	if (writer == 0) {
		alarm(20);
		while (write(scene.slave, "still here\n", 11) > 0)
			;
		_exit(0);
	}
	assert_int_equal(write(scene.end, &one, sizeof(one)), sizeof(one));
	while (read_some(scene.out, buf, sizeof(buf)) == sizeof(buf))
		;
	assert_int_equal(scene_wait(&scene), 0);
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	scene_close(&scene);
}

static void tell(void *arg)
{
	const uint64_t one = 1;

	(void)!write(*(int *)arg, &one, sizeof(one));
}

static void fill(int fd)
{
	char text[4096] = "";

	assert_int_equal(fd_set_nonblock(fd, true), 0);
	while (write(fd, text, sizeof(text)) > 0)
		;
	assert_int_equal(fd_set_nonblock(fd, false), 0);
}

/* A process closes its terminal before it has ended: that is heard although nobody takes what is
 * left of its output. */
static void end_is_told_while_output_is_held(void **state)
{
	int in[2], out[2], told = eventfd(0, EFD_CLOEXEC);
	struct pollfd poller = { .fd = told, .events = POLLIN };
	struct scene scene;
	char buf[4096];

	(void)state;
	scene_set(&scene);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fill(out[1]);
	scene.in = in[1];
	scene.out = out[0];
	run_child(&scene, &(struct term_relay){ .in_fd = in[0],
	                                        .out_fd = out[1],
	                                        .from_fd = scene.master,
	                                        .to_fd = scene.master,
	                                        .end_fd = scene.end,
	                                        .log_fd = -EBADF,
	                                        .ended = tell,
	                                        .arg = &told });
	(void)close(in[0]);
	(void)close(out[1]);
	assert_int_equal(fd_write(scene.slave, "last", 4), 0);
	cleanup_close(&scene.slave);
	(void)poll(NULL, 0, 50);
	tell(&scene.end);
	assert_int_equal(poll(&poller, 1, 2000), 1);
	while (read_some(scene.out, buf, sizeof(buf)) == sizeof(buf))
		;
	assert_int_equal(scene_wait(&scene), 0);
	(void)close(told);
	scene_close(&scene);
}

static void end_of_input_becomes_a_character(void **state)
{
	static const struct {
		const char *typed, *want;
	} cases[] = {
		{ "", "" },
		{ "one\n", "one\n" },
		{ "one\ntwo", "one\ntwo" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;
		struct termios mode;
		char buf[64] = "", byte;

		start_with_pipes(&scene, 0, -EBADF);
		assert_int_equal(tcgetattr(scene.slave, &mode), 0);
		mode.c_lflag |= ICANON;
		mode.c_cc[VEOF] = 5; /* as stty eof ^E */
		assert_int_equal(tcsetattr(scene.slave, TCSANOW, &mode), 0);
		assert_int_equal(fd_write(scene.in, cases[i].typed, strlen(cases[i].typed)), 0);
		cleanup_close(&scene.in);
		assert_int_equal(read_some(scene.slave, buf, strlen(cases[i].want)),
		                 strlen(cases[i].want));
		assert_string_equal(buf, cases[i].want);
		assert_int_equal(read(scene.slave, &byte, 1), 0);
		cleanup_close(&scene.slave);
		assert_int_equal(scene_wait(&scene), 0);
		scene_close(&scene);
	}
}

/* A socket has no such character: nothing is sent, the other side may go on talking. */
static void sockets_work_too(void **state)
{
	struct scene scene = { .user_slave = -EBADF, .slave = -EBADF };
	int in[2], out[2], sock[2];
	char buf[64] = "";

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock), 0);
	scene.in = in[1];
	scene.out = out[0];
	scene.master = sock[0];
	run_child(&scene, &(struct term_relay){ .in_fd = in[0],
	                                        .out_fd = out[1],
	                                        .from_fd = sock[1],
	                                        .to_fd = sock[1],
	                                        .end_fd = -EBADF,
	                                        .log_fd = -EBADF });
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(sock[1]);
	assert_int_equal(fd_write(scene.in, "ping", 4), 0);
	cleanup_close(&scene.in);
	assert_reads(scene.master, "ping");
	assert_int_equal(fd_write(scene.master, "pong", 4), 0);
	assert_int_equal(shutdown(scene.master, SHUT_WR), 0);
	assert_reads(scene.out, "pong");
	assert_int_equal(read(scene.master, buf, sizeof(buf)), 0);
	assert_int_equal(scene_wait(&scene), 0);
	scene.end = -EBADF;
	scene_close(&scene);
}

#define VOLUME (256U * 1024)

static char volume_byte(size_t i)
{
	return (char)(' ' + (i * 7 + i / 1000) % 90);
}

/* Both directions at once, each side slow in its own way: nothing is lost or out of order. */
static void volume_goes_through_in_order(void **state)
{
	struct scene scene;
	size_t typed = 0, seen = 0, said = 0, shown = 0;

	(void)state;
	start_with_pipes(&scene, 0, -EBADF);
	assert_int_equal(fd_set_nonblock(scene.in, true), 0);
	assert_int_equal(fd_set_nonblock(scene.slave, true), 0);
	while (seen < VOLUME || shown < VOLUME) {
		struct pollfd ready[] = {
			{ typed < VOLUME ? scene.in : -1, POLLOUT, 0 },
			{ scene.slave, (short)(POLLIN | (said < VOLUME ? POLLOUT : 0)), 0 },
			{ scene.out, POLLIN, 0 },
		};
		char buf[700];
		ssize_t n;

		assert_true(poll(ready, ARRAY_SIZE(ready), 5000) > 0);
		for (size_t i = 0; i < 600; i++)
			buf[i] = volume_byte(typed + i);
		n = ready[0].revents ? write(scene.in, buf, 600) : 0;
		typed += n > 0 ? (size_t)n : 0;
		for (size_t i = 0; i < 700; i++)
			buf[i] = volume_byte(said + i);
		n = ready[1].revents & POLLOUT ? write(scene.slave, buf, 700) : 0;
		said += n > 0 ? (size_t)n : 0;
		n = ready[1].revents & POLLIN ? read(scene.slave, buf, 333) : 0;
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], volume_byte(seen++));
		n = ready[2].revents ? read(scene.out, buf, 100) : 0;
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], volume_byte(shown++));
	}
	cleanup_close(&scene.slave);
	cleanup_close(&scene.out);
	assert_in_range(scene_wait(&scene), 0, 255);
	scene_close(&scene);
}

static void output_is_copied_to_the_log(void **state)
{
	FILE *file = tmpfile();
	struct scene scene;
	char buf[32] = "";

	(void)state;
	assert_non_null(file);
	start_with_pipes(&scene, 0, fileno(file));
	assert_int_equal(fd_write(scene.slave, "login: ", 7), 0);
	assert_reads(scene.out, "login: ");
	cleanup_close(&scene.slave);
	assert_int_equal(scene_wait(&scene), 0);
	assert_int_equal(pread(fileno(file), buf, sizeof(buf), 0), 7);
	assert_string_equal(buf, "login: ");
	(void)fclose(file);
	scene_close(&scene);
}

/* Nobody reads what we show: an error, not a signal. */
static void closed_output_is_an_error(void **state)
{
	struct scene scene;

	(void)state;
	start_with_pipes(&scene, 0, -EBADF);
	cleanup_close(&scene.out);
	assert_int_equal(fd_write(scene.slave, "x", 1), 0);
	assert_int_equal(scene_wait(&scene), -EPIPE & 0xff);
	scene_close(&scene);
}

static bool is_canonical(int fd)
{
	struct termios mode;

	assert_int_equal(tcgetattr(fd, &mode), 0);
	return mode.c_lflag & ICANON;
}

static void wait_for_raw(int fd)
{
	for (int i = 0; i < 400 && is_canonical(fd); i++)
		(void)poll(NULL, 0, 5);
	assert_false(is_canonical(fd));
}

static void terminal_is_restored(void **state)
{
	static const struct {
		int sig; /* 0: leave by the escape */
		int want;
	} cases[] = {
		{ 0, 1 },
		{ SIGTERM, -SIGTERM },
		{ SIGHUP, -SIGHUP },
		{ SIGINT, -SIGINT },
		{ SIGQUIT, -SIGQUIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		start_with_terminal(&scene);
		wait_for_raw(scene.user_slave);
		if (cases[i].sig)
			assert_int_equal(kill(scene.pid, cases[i].sig), 0);
		else
			assert_int_equal(fd_write(scene.in, "\001q", 2), 0);
		assert_int_equal(scene_wait(&scene), cases[i].want);
		assert_true(is_canonical(scene.user_slave));
		assert_int_equal(fcntl(scene.user_slave, F_GETFL) & O_NONBLOCK, 0);
		assert_int_equal(fcntl(scene.master, F_GETFL) & O_NONBLOCK, 0);
		scene_close(&scene);
	}
}

/* nohup(1) sets SIGHUP to be ignored. */
static void ignored_signals_stay_ignored(void **state)
{
	struct scene scene;
	void (*old)(int) = signal(SIGHUP, SIG_IGN);

	(void)state;
	start_with_terminal(&scene);
	(void)signal(SIGHUP, old);
	wait_for_raw(scene.user_slave);
	assert_int_equal(kill(scene.pid, SIGHUP), 0);
	assert_int_equal(fd_write(scene.in, "still\001q", 7), 0);
	assert_reads(scene.slave, "still");
	assert_int_equal(scene_wait(&scene), 1);
	scene_close(&scene);
}

static void wait_for_rows(int fd, unsigned short rows)
{
	struct winsize size = {};

	for (int i = 0; i < 400 && size.ws_row != rows; i++) {
		(void)poll(NULL, 0, 5);
		assert_int_equal(ioctl(fd, TIOCGWINSZ, &size), 0);
	}
	assert_int_equal(size.ws_row, rows);
}

static void size_is_followed(void **state)
{
	struct winsize size = { .ws_row = 33, .ws_col = 99 };
	struct scene scene;

	(void)state;
	start_with_terminal(&scene);
	wait_for_raw(scene.user_slave);
	assert_int_equal(ioctl(scene.user_slave, TIOCSWINSZ, &size), 0);
	assert_int_equal(kill(scene.pid, SIGWINCH), 0);
	wait_for_rows(scene.slave, 33);
	assert_int_equal(fd_write(scene.in, "\001q", 2), 0);
	assert_int_equal(scene_wait(&scene), 1);
	scene_close(&scene);
}

static void ptys_are_ptys(void **state)
{
	int master = -EBADF, slave = -EBADF, null = open("/dev/null", O_RDWR | O_CLOEXEC), other;
	struct stat st;

	(void)state;
	assert_int_equal(pty_number(null), -ENOTTY);
	assert_int_equal(pty_open_peer(null, &other, NULL), -ENOTTY);
	assert_int_equal(pty_open_host(&master, &slave, NULL), 0);
	assert_int_equal(fstat(slave, &st), 0);
	assert_true(pty_number(master) >= 0);
	assert_int_equal(pty_number(slave), -ENOTTY);
	assert_true(fcntl(master, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(slave, F_GETFD) & FD_CLOEXEC);
	(void)close(null);
	(void)close(master);
	(void)close(slave);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ptys_are_ptys),
		cmocka_unit_test(escape_is_heard),
		cmocka_unit_test(without_escape_all_is_sent),
		cmocka_unit_test(escape_works_when_the_container_hangs),
		cmocka_unit_test(output_before_the_end_is_shown),
		cmocka_unit_test(endless_output_ends),
		cmocka_unit_test(end_is_told_while_output_is_held),
		cmocka_unit_test(end_of_input_becomes_a_character),
		cmocka_unit_test(sockets_work_too),
		cmocka_unit_test(volume_goes_through_in_order),
		cmocka_unit_test(output_is_copied_to_the_log),
		cmocka_unit_test(closed_output_is_an_error),
		cmocka_unit_test(terminal_is_restored),
		cmocka_unit_test(ignored_signals_stay_ignored),
		cmocka_unit_test(size_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

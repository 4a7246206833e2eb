/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two flows, one poll loop: "up" from the caller's input to the container, "down" from the
 * container to the caller's output. Each has a buffer, and a side that takes no more bytes only
 * stops its own flow: the escape is still heard while the container does not read.
 *
 * - Nothing here may block but poll. The caller's output is often shared with other processes,
 *   which would see O_NONBLOCK too; so a terminal or FIFO is opened a second time. Where that is
 *   refused (a terminal of another user, after su) writes are short ones after POLLOUT.
 * - The read end of a pty master gives EIO once its last slave is closed: that is the end.
 * - end_fd says that the other side is over, while what it wrote may still lie in the kernel:
 *   it is read until nothing is left. The kernel flushes a pty before it answers "nothing".
 * - Signals come through a signalfd. Those that end a program restore the terminal first and are
 *   then raised again, with whatever effect they would have had. */
#include "term/term.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/proc.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES 16384
#define EOF_BYTES 2            /* kept free in the buffer: the end-of-file characters */
#define CAREFUL_BYTES 128      /* one write to a terminal that may block */
#define LEAVE_MS 200           /* patience with either side when the user leaves */
#define DRAIN_BYTES (1U << 20) /* more than any kernel buffer: from then on it is new output */
#define EOF_CHARACTER '\004'

enum slot { SLOT_SIGNAL, SLOT_END, SLOT_IN, SLOT_TO, SLOT_FROM, SLOT_OUT, N_SLOTS };

enum phase {
	PHASE_ON,
	PHASE_DRAINING, /* the other side is over: show what is left */
	PHASE_LEAVING,  /* the escape was typed: hand over what is left */
	PHASE_DONE,
};

struct flow {
	char data[BUFFER_BYTES];
	size_t start, len;
};

struct writer {
	int fd;
	int old_flags; /* to be set again, or -1 */
	bool is_own;   /* fd is a second open file of ours */
	size_t chunk;  /* most bytes of one write */
};

struct session {
	const struct term_relay *relay;
	struct term_saved terminal;
	struct writer to, out;
	sigset_t old_mask;
	bool mask_changed;
	int signal_fd;
	int log_fd;

	struct flow up, down;
	enum phase phase;
	bool in_over, from_over, to_gone;
	bool ended;     /* end_fd has said so */
	bool in_prefix; /* the escape prefix was the last byte */
	bool left;      /* by the escape, or the end of the input */
	char last_sent;
	size_t drained_bytes;
	int signal; /* to be raised again */
};

static size_t flow_space(struct flow *flow)
{
	if (flow->start) {
		memmove(flow->data, flow->data + flow->start, flow->len);
		flow->start = 0;
	}
	return sizeof(flow->data) - flow->len;
}

/* As many bytes as @writer takes now. */
static int flow_write(struct flow *flow, const struct writer *writer)
{
	while (flow->len) {
		size_t part = flow->len < writer->chunk ? flow->len : writer->chunk;
		ssize_t n = write(writer->fd, flow->data + flow->start, part);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return 0;
		flow->start += (size_t)n;
		flow->len -= (size_t)n;
		if (writer->chunk != SIZE_MAX)
			break; /* what comes next might wait: ask poll */
	}
	return 0;
}

static int open_again(int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void writer_init(struct writer *writer, int fd)
{
	struct stat st;

	*writer = (struct writer){ .fd = fd, .old_flags = -1, .chunk = SIZE_MAX };
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	/* A master opened again would be a new pty. */
	if (S_ISFIFO(st.st_mode) || (isatty(fd) && pty_number(fd) < 0)) {
		writer->fd = open_again(fd);
		writer->is_own = writer->fd >= 0;
		if (writer->is_own)
			return;
		writer->fd = fd;
		writer->chunk = S_ISFIFO(st.st_mode) ? PIPE_BUF : CAREFUL_BYTES;
		return;
	}
	if (!S_ISSOCK(st.st_mode) && !isatty(fd))
		return;
	writer->old_flags = fcntl(fd, F_GETFL);
	(void)fd_set_nonblock(fd, true);
}

static void writer_done(struct writer *writer)
{
	if (writer->is_own)
		cleanup_close(&writer->fd);
	else if (writer->old_flags >= 0)
		(void)fcntl(writer->fd, F_SETFL, writer->old_flags);
}

/* nohup(1) and the like: what was ignored stays so. */
static bool is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int signals_open(struct session *s)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2 };
	size_t n = s->relay->pass_to ? ARRAY_SIZE(ending) : ARRAY_SIZE(ending) - 2;
	sigset_t watched, blocked;

	(void)sigemptyset(&watched);
	(void)sigaddset(&watched, SIGWINCH);
	(void)sigaddset(&watched, SIGCONT);
	for (size_t i = 0; i < n; i++)
		if (!is_ignored(ending[i]))
			(void)sigaddset(&watched, ending[i]);
	blocked = watched;
	(void)sigaddset(&blocked, SIGPIPE); /* a write that fails says so */
	s->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return -errno;
	(void)pthread_sigmask(SIG_BLOCK, &blocked, &s->old_mask);
	s->mask_changed = true;
	return 0;
}

static void signals_close(struct session *s)
{
	static const struct timespec now = {};
	sigset_t broken;

	cleanup_close(&s->signal_fd);
	if (!s->mask_changed)
		return;
	(void)sigemptyset(&broken);
	(void)sigaddset(&broken, SIGPIPE);
	while (!sigismember(&s->old_mask, SIGPIPE) && sigtimedwait(&broken, NULL, &now) > 0)
		;
	(void)pthread_sigmask(SIG_SETMASK, &s->old_mask, NULL);
	s->mask_changed = false;
}

static void session_close(struct session *s)
{
	term_restore(&s->terminal);
	writer_done(&s->to);
	writer_done(&s->out);
	signals_close(s);
}

static void follow_size(const struct session *s)
{
	int from = isatty(s->relay->in_fd) ? s->relay->in_fd : s->relay->out_fd;

	term_copy_size(from, s->relay->to_fd);
}

static int session_open(struct session *s, struct err *err)
{
	int r;

	r = signals_open(s);
	if (r < 0)
		return err_set(err, r, "cannot watch signals");
	writer_init(&s->to, s->relay->to_fd);
	writer_init(&s->out, s->relay->out_fd);
	if (s->relay->in_fd >= 0 && isatty(s->relay->in_fd)) {
		r = term_raw(s->relay->in_fd, &s->terminal);
		if (r < 0)
			return err_set(err, r, "cannot set the terminal to raw mode");
	}
	follow_size(s);
	return 0;
}

/* With SIGHUP our terminal is gone, and there is nothing left to do here. One that has ended and is
 * not reaped yet takes signals without hearing them. */
static bool pass_on(const struct session *s, int sig)
{
	int pidfd = s->relay->pass_to;

	return pidfd && sig != SIGHUP && pidfd_wait_exit(pidfd, 0) < 0 &&
	       pidfd_kill(pidfd, sig) == 0;
}

static void handle_signal(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int sig = (int)info.ssi_signo;
		bool ends = sig != SIGWINCH && sig != SIGCONT;

		if (ends && pass_on(s, sig))
			continue;
		if (ends) {
			s->signal = sig;
			s->phase = PHASE_DONE;
			return;
		}
		/* While we were stopped the shell has used the terminal in its own mode. */
		if (sig == SIGCONT && s->terminal.fd >= 0) {
			struct term_saved again;

			(void)term_raw(s->terminal.fd, &again);
		}
		follow_size(s);
	}
}

static void push_up(struct session *s, char byte)
{
	s->up.data[s->up.start + s->up.len++] = byte;
	s->last_sent = byte;
}

/* Keeps of the @n bytes that were read behind the buffer's end what is for the container. */
static void filter_input(struct session *s, size_t n)
{
	const char *in = s->up.data + s->up.start + s->up.len;

	for (size_t i = 0; i < n; i++) {
		char byte = in[i]; /* never overtaken: what is pushed is not longer */

		if (s->in_prefix && byte == 'q') {
			s->left = true;
			s->phase = PHASE_LEAVING;
			return;
		}
		if (s->relay->escape && !s->in_prefix && byte == (char)s->relay->escape) {
			s->in_prefix = true;
			continue;
		}
		s->in_prefix = false;
		push_up(s, byte);
	}
}

/* A pty has no end of file of its own: its line discipline makes one of a character. Behind an
 * unfinished line the first one only delivers the line. */
static void push_eof(struct session *s)
{
	struct termios mode;
	char eof = EOF_CHARACTER;

	if (s->relay->to_fd < 0 || tcgetattr(s->relay->to_fd, &mode) < 0)
		return;
	if ((mode.c_lflag & ICANON) && mode.c_cc[VEOF] != _POSIX_VDISABLE)
		eof = (char)mode.c_cc[VEOF];
	if ((mode.c_lflag & ICANON) && s->last_sent != '\n' && s->last_sent != '\r')
		push_up(s, eof);
	push_up(s, eof);
}

static void write_up(struct session *s)
{
	if (!s->to_gone && s->to.fd >= 0 && flow_write(&s->up, &s->to) == 0)
		return;
	s->to_gone = true; /* its end shows in from_fd or end_fd; the escape still works */
	s->up.len = 0;
}

static void read_input(struct session *s)
{
	size_t space = flow_space(&s->up) - EOF_BYTES;
	ssize_t n = read(s->relay->in_fd, s->up.data + s->up.len, space);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		filter_input(s, (size_t)n);
	} else {
		s->in_over = true;
		/* A visitor leaves; an end of file would end the visited shell. */
		s->left = s->relay->escape;
		if (s->left)
			s->phase = PHASE_LEAVING;
		else
			push_eof(s);
	}
	if (s->to.chunk == SIZE_MAX)
		write_up(s);
}

static void write_log(struct session *s, const char *data, size_t len)
{
	int r;

	if (s->log_fd < 0)
		return;
	r = fd_write(s->log_fd, data, len);
	if (r == 0)
		return;
	log_warn("cannot write the copy of the terminal's output: %s, continuing without it",
	         strerror(-r));
	s->log_fd = -EBADF;
}

static int write_down(struct session *s, struct err *err)
{
	int r;

	r = flow_write(&s->down, &s->out);
	return r < 0 ? err_set(err, r, "cannot write the container's output") : 0;
}

static int read_output(struct session *s, struct err *err)
{
	size_t space = flow_space(&s->down);
	char *tail = s->down.data + s->down.len;
	ssize_t n = read(s->relay->from_fd, tail, space);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0 && errno != EIO && errno != ECONNRESET)
		return err_set(err, -errno, "cannot read the container's output");
	if (n <= 0) {
		s->from_over = true;
		if (s->phase == PHASE_ON)
			s->phase = PHASE_DRAINING;
		return 0;
	}
	write_log(s, tail, (size_t)n);
	s->down.len += (size_t)n;
	if (s->phase == PHASE_DRAINING)
		s->drained_bytes += (size_t)n;
	return s->out.chunk == SIZE_MAX ? write_down(s, err) : 0;
}

/* A descriptor without interest is left out altogether: POLLHUP cannot be masked. */
static void watch(struct pollfd *slot, int fd, short events, bool wanted)
{
	*slot = (struct pollfd){ .fd = wanted ? fd : -1, .events = events };
}

static void watch_all(struct session *s, struct pollfd slots[N_SLOTS])
{
	const struct term_relay *relay = s->relay;
	bool on = s->phase == PHASE_ON;
	bool may_read = !s->from_over && s->phase != PHASE_LEAVING &&
	                s->drained_bytes < DRAIN_BYTES && flow_space(&s->down) > 0;

	watch(&slots[SLOT_SIGNAL], s->signal_fd, POLLIN, true);
	/* Of a pty the end may come first, and what is left then wait for a held terminal. */
	watch(&slots[SLOT_END], relay->end_fd, POLLIN,
	      !s->ended && (on || s->phase == PHASE_DRAINING));
	watch(&slots[SLOT_IN], relay->in_fd, POLLIN,
	      on && !s->in_over && flow_space(&s->up) > EOF_BYTES);
	watch(&slots[SLOT_TO], s->to.fd, POLLOUT, s->phase != PHASE_DRAINING && s->up.len > 0);
	watch(&slots[SLOT_FROM], relay->from_fd, POLLIN, may_read);
	watch(&slots[SLOT_OUT], s->out.fd, POLLOUT, s->down.len > 0);
}

static int poll_timeout(const struct session *s)
{
	if (s->phase == PHASE_LEAVING)
		return LEAVE_MS;
	return s->phase == PHASE_DRAINING && s->down.len == 0 ? 0 : -1;
}

static void hear_end(struct session *s)
{
	s->ended = true;
	if (s->phase == PHASE_ON)
		s->phase = PHASE_DRAINING;
	if (s->relay->ended)
		s->relay->ended(s->relay->arg);
}

static int handle_slots(struct session *s, const struct pollfd slots[N_SLOTS], struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < N_SLOTS; i++)
		if (slots[i].revents & POLLNVAL)
			return err_set(err, -EBADF, "cannot watch the terminal");
	if (slots[SLOT_OUT].revents)
		r = write_down(s, err);
	if (slots[SLOT_TO].revents)
		write_up(s);
	if (r == 0 && slots[SLOT_FROM].revents)
		r = read_output(s, err);
	if (slots[SLOT_IN].revents && s->phase == PHASE_ON) /* later input is the caller's own */
		read_input(s);
	if (slots[SLOT_END].revents)
		hear_end(s);
	if (slots[SLOT_SIGNAL].revents)
		handle_signal(s);
	if (s->phase == PHASE_LEAVING && s->up.len == 0 && s->down.len == 0)
		s->phase = PHASE_DONE;
	if (s->phase == PHASE_DRAINING && s->from_over && s->down.len == 0)
		s->phase = PHASE_DONE;
	return r;
}

static int session_step(struct session *s, struct err *err)
{
	struct pollfd slots[N_SLOTS];
	int n;

	watch_all(s, slots);
	n = poll(slots, N_SLOTS, poll_timeout(s));
	if (n < 0)
		return errno == EINTR ? 0 : err_set(err, -errno, "cannot watch the terminal");
	if (n == 0)
		s->phase = PHASE_DONE; /* only leaving and an empty drain have a time-out */
	return n == 0 ? 0 : handle_slots(s, slots, err);
}

int term_relay_run(const struct term_relay *relay, struct err *err)
{
	struct session s = {
		.relay = relay,
		.terminal = { .fd = -EBADF },
		.to = { .fd = -EBADF, .old_flags = -1 },
		.out = { .fd = -EBADF, .old_flags = -1 },
		.signal_fd = -EBADF,
		.log_fd = relay->log_fd,
		.last_sent = '\n',
	};
	int r;

	r = session_open(&s, err);
	while (r == 0 && s.phase != PHASE_DONE)
		r = session_step(&s, err);
	session_close(&s);
	if (r == 0 && s.signal) {
		(void)raise(s.signal);
		return err_say(err, -EINTR, "interrupted by signal %d", s.signal);
	}
	return r < 0 ? r : s.left;
}

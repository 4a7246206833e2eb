/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RLXC_TERM_TERM_H
#define RLXC_TERM_TERM_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

/* Pseudo terminals, the console's log and ring, and the caller's own terminal. See pty(7). */

/* Opens a new pair from the multiplexer @ptmx_fd's file system (an fd of .../ptmx opened O_RDWR:
 * it becomes the master). The slave is made with TIOCGPTPEER, so no path of the container is
 * trusted. Both close-on-exec. */
int pty_open_peer(int master_fd, int *ret_slave, struct err *err);
/* Number N of /dev/pts/N. */
int pty_number(int master_fd);
/* A pair from the host's /dev/ptmx. */
int pty_open_host(int *ret_master, int *ret_slave, struct err *err);
/* Makes @slave_fd the controlling terminal (setsid has been called). */
int pty_make_controlling(int slave_fd);
/* Output passes unchanged: for a pair whose output goes to a terminal that is not in raw mode. */
void pty_plain_output(int slave_fd);

/* Ring of the last bytes of the console, in memory, and the log file on disk. Both optional. */
struct console_log;
/* @buffer_bytes: 0 for no ring, else rounded up to a power of two of at least a page.
 * @path: log file, NULL for none, opened with O_APPEND, O_NOFOLLOW, 0640; a regular file only.
 * @size_bytes: its limit, 0 for none, rounded likewise; @rotate: the full log becomes PATH.1,
 * else it is truncated. The ring's memory is touched only as far as it is written. */
int console_log_new(uint64_t buffer_bytes, const char *path, uint64_t size_bytes, bool rotate,
                    struct console_log **ret_log, struct err *err);
struct console_log *console_log_free(struct console_log *log);
/* Never fails: a log that cannot be written is dropped with one warning. */
void console_log_add(struct console_log *log, const char *data, size_t len);
/* Writes the content of the ring, oldest first, to the file @fd and goes back to its beginning.
 * -ENODATA: there is no ring. */
int console_log_copy(const struct console_log *log, int fd);
void console_log_clear(struct console_log *log);

/* The caller's terminal in raw mode. */
struct term_saved {
	int fd; /* -EBADF: not raw */
	struct termios saved;
};
int term_raw(int fd, struct term_saved *ret_saved);
void term_restore(struct term_saved *saved);
/* Copies the window size of terminal @from to @to; no terminal: nothing. */
void term_copy_size(int from, int to);

/* Moves bytes between the caller's terminal and a container's until it ends. */
struct term_relay {
	int in_fd;   /* the caller's input; -EBADF: none */
	int out_fd;  /* the caller's output */
	int from_fd; /* the container's side to read */
	int to_fd;   /* the container's side to write, may equal from_fd; also gets the size */
	int end_fd;  /* readable when the other side is over (pidfd, socket); -EBADF: none */
	int log_fd;  /* copy of what is read, -EBADF: none */
	int escape;  /* prefix byte, 0: no escape. prefix q: leave; prefix prefix: send it once */
	int pass_to; /* pidfd that gets signals TERM, INT, QUIT, USR1 and USR2; 0: none */
	void (*ended)(void *arg); /* called when end_fd is readable, before what is left is shown */
	void *arg;
};
/* Raw mode while it runs when in_fd is a terminal; SIGWINCH is followed. Returns 0 when the other
 * side ended, 1 when the user left by the escape. What the container wrote before end_fd became
 * readable is still shown. Signals INT, TERM, HUP, QUIT that are not passed on restore the terminal
 * first and are raised again; -EINTR when the caller survives that. The end of in_fd becomes the
 * end-of-file character of a pty, twice behind an unfinished line; to anything else nothing is
 * sent. With an escape it is leaving, without having typed it. */
int term_relay_run(const struct term_relay *relay, struct err *err);

#endif

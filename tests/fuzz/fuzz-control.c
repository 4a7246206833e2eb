/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the control socket, read as the monitor reads a request and as a command reads a
 * reply. Input: a byte (how many descriptors come with it, which type is waited for), the message.
 */
#include "container/control.h"

#include "base/cleanup.h"
#include "os/sock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int lowest_fd(void)
{
	int fd = dup(0);

	if (fd >= 0)
		(void)close(fd);
	return fd;
}

static void deliver(int pair[2], const uint8_t *data, size_t size, size_t n_fds)
{
	int fds[3];

	if (sock_pair(pair) < 0)
		abort();
	fds[0] = fds[1] = fds[2] = pair[0];
	if (sock_send(pair[0], data, size, fds, n_fds) < 0)
		abort();
	(void)close(pair[0]);
}

/* As in monitor-serve.c: one descriptor is taken, the payload is a short text. */
static void as_monitor(const uint8_t *data, size_t size, size_t n_fds)
{
	struct control_header header;
	char payload[64];
	int pair[2], fd, r;

	deliver(pair, data, size, n_fds);
	memset(payload, 'x', sizeof(payload));
	r = control_recv(pair[1], &header, payload, sizeof(payload), &fd, 1);
	if (r == 1 &&
	    (header.length >= sizeof(payload) || payload[header.length] != '\0' ||
	     header.length + sizeof(header) != size || n_fds > 1 || (fd >= 0) != (n_fds == 1)))
		abort();
	if (r != 1 && fd >= 0)
		abort();
	cleanup_close(&fd);
	(void)close(pair[1]);
}

static void as_command(const uint8_t *data, size_t size, size_t n_fds, enum control_type type)
{
	struct err err = {};
	char answer[128];
	int pair[2], fds[2], r;
	size_t len = 0;

	deliver(pair, data, size, n_fds);
	r = control_reply(pair[1], type, answer, sizeof(answer), &len, fds, 2, &err);
	if (r >= 0 && len > sizeof(answer))
		abort();
	if (r < 0 &&
	    (!memchr(err.msg, '\0', sizeof(err.msg)) || !memchr(err.hint, '\0', sizeof(err.hint))))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (r < 0 && fds[i] >= 0)
			abort(); /* a descriptor that nobody would close */
		cleanup_close(&fds[i]);
	}
	(void)close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int before = lowest_fd();

	if (size < 2 || size > CONTROL_MAX)
		return 0;
	as_monitor(data + 1, size - 1, data[0] & 3);
	as_command(data + 1, size - 1, data[0] & 3, (enum control_type)(data[0] >> 4));
	if (lowest_fd() != before)
		abort();
	return 0;
}

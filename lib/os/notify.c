/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "os/notify.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_ready(void)
{
	static const char state[] = "READY=1";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	_cleanup_close_ int fd = -EBADF;
	size_t len = path ? strlen(path) : 0;

	if (!len || len >= sizeof(addr.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(addr.sun_path, path, len);
	if (*path == '@')
		addr.sun_path[0] = '\0'; /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		             (const struct sockaddr *)&addr,
		             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)unsetenv("NOTIFY_SOCKET");
}

void notify_ready_fd(int fd)
{
	(void)!write(fd, "\n", 1); /* nobody there to hear it: no reason to end */
	(void)close(fd);
}
